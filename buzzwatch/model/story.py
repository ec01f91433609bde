"""What tells look-alike mentions: numbers only, so that they can still be compared once their texts are erased."""

from msgspec import Struct

MOST_PAIRS = 24


class StoryKeys(Struct, frozen=True, gc=False, array_like=True):
    """What one mention may share with others of its story; the same in every process.

    `pairs`: the lowest 32-bit hashes of its neighbouring words, ascending, as the bytes of an `array("I")`; fewer than
    `MOST_PAIRS` are all of them, none means that its words are too few to tell a copy. The others are 64-bit keys: of
    its own `address`, 0 where it has none, and as `marks` of the addresses that it points to and of its hashtags.
    """

    pairs: bytes = b""
    address: int = 0
    marks: tuple[int, ...] = ()
