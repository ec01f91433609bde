"""Posts whose author was forgotten: what they go by, and where they stand among others."""

from zlib import crc32

FORGOTTEN = "forgotten:"
"""What the id of such a post begins with; then its turn in eight hexadecimal digits, then sixteen at random."""
_TURN = slice(len(FORGOTTEN), len(FORGOTTEN) + 8)


def turn_of(post: str) -> int:
    """A 32-bit number that orders posts which nothing else tells apart, the same once their author is forgotten."""
    if post.startswith(FORGOTTEN):
        try:
            return int(post[_TURN], 16)
        except ValueError:  # a source may call its posts anything
            pass
    return crc32(post.encode("utf-8", "replace"))


def by_turn(post: str) -> tuple[int, str]:
    """A key to sort posts by."""
    return turn_of(post), post


def forgotten_id(post: str, chance: str) -> str:
    """What a post goes by from now on; `chance` are sixteen random hexadecimal digits."""
    return f"{FORGOTTEN}{turn_of(post):08x}{chance}"
