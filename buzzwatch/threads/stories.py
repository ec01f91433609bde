"""Which mentions tell one story though none replies to another: copies, cut and edited ones too, in O(1).

Two texts are alike by the share of word pairs that they have in common (Jaccard). Each is known by the lowest hashes of
its pairs, which for a short text are all of them and of a long one a fair sample (bottom-k MinHash, Cohen & Kaplan
2007). Texts are compared when they have one of their twelve very lowest hashes in common: two that share 30 % of their
pairs have so in 98 of 100 cases.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from typing import Any

from buzzwatch.model.instant import DAY, Instant
from buzzwatch.model.story import MOST_PAIRS, StoryKeys

ALIKE = 0.3
"""Share of word pairs in common from which on two texts are one story; independent ones hardly reach 0.2."""
BEYOND_DOUBT = 0.6
FEWEST_SHARED = 3
IDLE = 3 * DAY
"""A text unheard of for so long begins a new story."""
RARE = 7 * DAY
"""A link or hashtag is rare that was not heard before for so long; as long as less was heard at all, none is."""
FRESH = 3 * DAY
"""For so long a rare link or hashtag stands for the story that it came up with."""

_LOOKED_UP = 12
_ROOM = 32
"""Places for each text, at the least: the oldest one has lost a third of its twelve to others."""
_FEW_PLACES = 1 << 17
_MOST_MARKS = 50_000  # of each generation


class Stories:
    """The stories of all brands, by the mentions that tell them.

    Texts are kept in two generations of half the `capacity` each: when the young one is full, the old one goes. What is
    heard again is kept again, so that a story lives as long as it is told.
    """

    def __init__(self, capacity: int = 100_000) -> None:
        self.capacity = capacity
        self._young, self._old = _Texts(), _Texts()
        self._marks = _Marks()

    def place(self, mention: str, keys: StoryKeys, at: Instant) -> str:
        """The story of a mention: the id of the first one that told it. `at`: when it was seen, never earlier.

        In this order: the same words; the page that the other one is or points to; most of the words; a rare link or
        hashtag. That two point to one page proves little: an airline's answers all day point to the same page of help.
        """
        pairs = keys.pairs
        mine = array("I", pairs)
        distinct = frozenset(mine)
        texts = self._young
        text = texts.find(keys, mine, distinct, at)
        if not text:
            texts = self._old
            text = texts.find(keys, mine, distinct, at) if texts else 0
        if text:
            texts.seen[text] = at
            story = texts.stories[text]
        else:
            story = (keys.marks and self._marks.find(keys.marks, at)) or mention
        if keys.marks:
            self._marks.add(keys.marks, story, at)
        if (pairs or keys.address) and (texts is self._old or pairs != texts.pairs[text]):
            if 2 * len(self._young) >= self.capacity:
                self._old, self._young = self._young, _Texts()
            self._young.add(pairs, keys.address, story, at)
        return story

    def dump(self) -> dict[str, Any]:
        """Everything, as builtins and bytes that share nothing with this object."""
        return {
            "capacity": self.capacity,
            "old": self._old.dump(),
            "young": self._young.dump(),
            "marks": self._marks.dump(),
        }

    @classmethod
    def load(cls, dumped: Mapping[str, Any]) -> "Stories":
        """What `dump` gave, alive again."""
        stories = cls(dumped["capacity"])
        stories._old = _Texts.load(dumped["old"])
        stories._young = _Texts.load(dumped["young"])
        stories._marks = _Marks.load(dumped["marks"])
        return stories


class _Texts:
    """One generation of texts, numbered from 1 in the order in which they came."""

    __slots__ = ("_addresses", "_known", "_mask", "_places", "_same", "pairs", "seen", "stories")

    def __init__(self) -> None:
        self.pairs = [b""]
        self.stories = [""]
        self.seen = array("q", [0])
        self._addresses = array("Q", [0])
        self._same: dict[bytes, int] = {}
        self._known: dict[int, int] = {}  # by address
        self._lay_out(_FEW_PLACES)

    def __len__(self) -> int:
        return len(self.pairs) - 1

    def find(self, keys: StoryKeys, mine: "array[int]", distinct: frozenset[int], at: Instant) -> int:
        """The text that tells the same story; 0 for none. `mine` are the pairs, `distinct` as well."""
        text = self._same.get(keys.pairs, 0)
        if not text and self._known:
            text = self._known.get(keys.address, 0)
            for mark in keys.marks:
                text = text or self._known.get(mark, 0)
        text = text or (self._alike(mine, distinct) if mine else 0)
        return text if at - self.seen[text] <= IDLE else 0

    def add(self, pairs: bytes, address: int, story: str, at: Instant) -> None:
        """Keep a text; where it has something in common with earlier ones, it will be found instead of them."""
        text = len(self.pairs)
        self.pairs.append(pairs)
        self.stories.append(story)
        self.seen.append(at)
        self._addresses.append(address)
        if _ROOM * text > len(self._places):
            self._lay_out(2 * len(self._places))
        else:
            self._enter(text)

    def dump(self) -> dict[str, Any]:
        """Everything."""
        return {
            "pairs": self.pairs.copy(),
            "stories": self.stories.copy(),
            "seen": self.seen.tobytes(),
            "addresses": self._addresses.tobytes(),
        }

    @classmethod
    def load(cls, dumped: Mapping[str, Any]) -> "_Texts":
        """What `dump` gave: what is not in it follows from it."""
        texts = cls()
        addresses, seen = array("Q", dumped["addresses"]), array("q", dumped["seen"])
        for each in zip(dumped["pairs"][1:], addresses[1:], dumped["stories"][1:], seen[1:], strict=True):
            texts.add(*each)
        return texts

    def _lay_out(self, size: int) -> None:
        """Give every text its places anew, among so many: a power of two."""
        self._places = array("I", bytes(4 * size))
        self._mask = size - 1
        for text in range(1, len(self.pairs)):
            self._enter(text)

    def _enter(self, text: int) -> None:
        pairs, address = self.pairs[text], self._addresses[text]
        if address:
            self._known[address] = text
        if pairs:
            self._same[pairs] = text
            places, mask = self._places, self._mask
            for pair in array("I", pairs[: 4 * _LOOKED_UP]):
                places[pair & mask] = text

    def _alike(self, mine: "array[int]", distinct: frozenset[int]) -> int:
        """The most alike, or one that is so beyond doubt, of the texts that share one of the lowest hashes."""
        found, most = 0, ALIKE
        for text in set(map(self._places.__getitem__, map(self._mask.__and__, mine[:_LOOKED_UP]))):
            if text:
                theirs = array("I", self.pairs[text])
                shared = len(distinct.intersection(theirs))
                if shared >= FEWEST_SHARED:
                    share = _share(mine, theirs, shared)
                    if share >= most:
                        found, most = text, share
                        if share >= BEYOND_DOUBT:
                            break
        return found


def _share(mine: "array[int]", theirs: "array[int]", shared: int) -> float:
    """Of their pairs in common; what both show of themselves reaches up to the lower end of the two samples."""
    if len(mine) < MOST_PAIRS and len(theirs) < MOST_PAIRS:
        return shared / (len(mine) + len(theirs) - shared)
    end = min(sample[-1] for sample in (mine, theirs) if len(sample) == MOST_PAIRS)
    return shared / (bisect_right(mine, end) + bisect_right(theirs, end) - shared)


class _Marks:
    """Links and hashtags, in two generations of at least `RARE` each."""

    __slots__ = ("_began", "_old", "_wise", "_young")

    def __init__(self) -> None:
        self._young: dict[int, tuple[str, Instant]] = {}
        self._old: dict[int, tuple[str, Instant]] = {}
        self._began: Instant | None = None
        self._wise = False

    def find(self, marks: Iterable[int], at: Instant) -> str:
        """The story that the first of these stands for; empty for none."""
        for mark in marks:
            story, since = self._young.get(mark) or self._old.get(mark) or _ORDINARY
            if story and at - since <= FRESH:
                return story
        return ""

    def add(self, marks: Iterable[int], story: str, at: Instant) -> None:
        """Those never heard before stand for this story, where enough was heard to tell."""
        if self._began is None:
            self._began = at
        if at - self._began >= RARE or len(self._young) >= _MOST_MARKS:
            self._wise = at - self._began >= RARE
            self._old, self._young, self._began = self._young, {}, at
        news = (story, at) if self._wise else _ORDINARY
        for mark in marks:
            self._young[mark] = self._young.get(mark) or self._old.get(mark) or news

    def dump(self) -> dict[str, Any]:
        """Everything."""
        return {"young": self._young.copy(), "old": self._old.copy(), "began": self._began, "wise": self._wise}

    @classmethod
    def load(cls, dumped: Mapping[str, Any]) -> "_Marks":
        """What `dump` gave."""
        marks = cls()
        marks._young = {mark: (story, since) for mark, (story, since) in dumped["young"].items()}
        marks._old = {mark: (story, since) for mark, (story, since) in dumped["old"].items()}
        marks._began, marks._wise = dumped["began"], dumped["wise"]
        return marks


_ORDINARY = ("", 0)
