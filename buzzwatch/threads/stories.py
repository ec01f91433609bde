"""Which mentions tell one story though none replies to another: copies, cut and edited ones too, in O(1).

Two texts are alike by the share of word pairs that they have in common (Jaccard). Each is known by the lowest hashes of
its pairs, which for a short text are all of them and of a long one a fair sample (bottom-k MinHash, Cohen & Kaplan
2007). Texts are compared when they have one of their twelve very lowest hashes in common: two that share 30 % of their
pairs have so in 98 of 100 cases.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from buzzwatch.model.instant import DAY, Instant
from buzzwatch.model.story import MOST_PAIRS, StoryKeys

ALIKE = 0.3
"""Share of word pairs in common from which on two texts are one story; independent ones hardly reach 0.2."""
FEWEST_SHARED = 3
COPIED = 0.4
"""From here on one is a copy of the other, and from `ALIKE` on where `MANY_SHARED` pairs are the same.

With less two short texts may owe what they share to the language: “I want to go to … tomorrow”.
"""
MANY_SHARED = 8
BEYOND_DOUBT = 0.6
IDLE = 3 * DAY
"""A text unheard of for so long begins a new story."""
RARE = 7 * DAY
"""A link or hashtag is rare that was not heard before for so long; as long as less was heard at all, none is."""
FRESH = 3 * DAY
"""For so long a rare link or hashtag stands for the story that it came up with."""

_LOOKED_UP = 12
_COMPARED = 4
"""Texts, those first that share most of the twelve: others may share a common turn of phrase."""
_ROOM = 32
"""Places for each text, at the least: the oldest one has lost a third of its twelve to others."""
_FEW_PLACES = 1 << 10
_PAIR = (1 << 32) - 1
_MOST_MARKS = 50_000  # of each generation


class Placed(Struct, frozen=True, gc=False):
    """Where a mention belongs.

    `story` is the id of the mention that told it first, `opening` what was given with that one. `copied`: its text is
    that of an earlier mention, give or take a few words; `copy` is then the key of the first text of this kind, else
    its own.
    """

    story: str
    opening: bytes
    copy: int
    copied: bool


class Stories:
    """The stories of all brands, by the mentions that tell them.

    The last `capacity` texts are kept. What is heard again when half of the others came later is kept again, so that a
    story lives as long as it is told.
    """

    def __init__(self, capacity: int = 50_000) -> None:
        self._texts = _Texts(capacity)
        self._marks = _Marks()

    def place(self, mention: str, keys: StoryKeys, at: Instant, copy: int = 0, opening: bytes = b"") -> Placed:
        """Where a mention belongs. `at`: when it was seen, never earlier. `opening` is kept if it begins a story.

        In this order: the same words; most of the words; the page that the other one is or points to; a rare link or
        hashtag. That two point to one page proves little: an airline's answers all day point to the same page of help.
        """
        texts, pairs = self._texts, keys.pairs
        row, copied = texts.find_twin(pairs, at) if pairs else (0, False)
        row = row or texts.find_page(keys, at)
        if row:
            texts.seen[row] = at
            story, opening = texts.stories[row], texts.openings[row]
            copy = texts.copies[row] if copied else copy
        else:
            story, opening = (keys.marks and self._marks.find(keys.marks, at)) or (mention, opening)
        if keys.marks:
            self._marks.add(keys.marks, story, opening, at)
        if (pairs or keys.address) and (not row or pairs != texts.pairs[row] or texts.is_old(row)):
            texts.add(keys, story, opening, copy, at)
        return Placed(story, opening, copy, copied)

    def dump(self) -> dict[str, Any]:
        """Everything, as builtins and bytes that share nothing with this object."""
        return {"texts": self._texts.dump(), "marks": self._marks.dump()}

    @classmethod
    def load(cls, dumped: Mapping[str, Any]) -> "Stories":
        """What `dump` gave, alive again."""
        stories = cls(0)
        stories._texts = _Texts.load(dumped["texts"])
        stories._marks = _Marks.load(dumped["marks"])
        return stories


class _Texts:
    """The last texts, each in a row, numbered from 1; when all are taken, the oldest row is given to the next text.

    A place holds the row of the last text that has a certain pair among its lowest ones: the number of the row in its
    lower bits, in the upper ones those of the pair that the number of the place does not tell. So a place says for
    certain whether its text has that pair.
    """

    __slots__ = (
        "_addresses", "_capacity", "_head", "_known", "_mask", "_places", "_same", "copies", "openings", "pairs",
        "seen", "stories",
    )  # fmt: skip

    def __init__(self, capacity: int) -> None:
        self._capacity = max(1, capacity)
        self._head = 0  # the row of the youngest
        self.pairs = [b""]
        self.stories = [""]
        self.openings = [b""]
        self.copies = array("I", [0])
        self.seen = array("q", [0])
        self._addresses = array("Q", [0])
        self._lay_out(_FEW_PLACES)

    def find_twin(self, pairs: bytes, at: Instant) -> tuple[int, bool]:
        """The row of a text that tells the same story, and whether this one is a copy of it; 0 for none."""
        row = self._same.get(pairs, 0)
        if row and at - self.seen[row] <= IDLE:
            return row, True
        mine = array("I", pairs)
        places, mask = self._places, self._mask
        rows = [place & mask for pair in mine[:_LOOKED_UP] if (place := places[pair & mask]) and place ^ pair <= mask]
        if not rows:
            return 0, False
        apart = list(dict.fromkeys(rows))
        if len(apart) > _COMPARED:
            apart = sorted(apart, key=rows.count, reverse=True)[:_COMPARED]
        return self._most_alike(mine, apart, at)

    def find_page(self, keys: StoryKeys, at: Instant) -> int:
        """The row of the post that this one is, or points to; 0 for none."""
        for address in (keys.address, *keys.marks):
            row = self._known.get(address, 0)
            if row and at - self.seen[row] <= IDLE:
                return row
        return 0

    def is_old(self, row: int) -> bool:
        """It will be given away before half of the others."""
        return (self._head - row) % self._capacity >= self._capacity // 2

    def add(self, keys: StoryKeys, story: str, opening: bytes, copy: int, at: Instant) -> None:
        """Keep a text; where it has something in common with earlier ones, it will be found instead of them."""
        row = self._head = self._head % self._capacity + 1
        if row < len(self.pairs):
            self._leave(row)
            self.pairs[row], self.stories[row], self.openings[row] = keys.pairs, story, opening
            self.copies[row], self.seen[row], self._addresses[row] = copy, at, keys.address
        else:
            self.pairs.append(keys.pairs)
            self.stories.append(story)
            self.openings.append(opening)
            self.copies.append(copy)
            self.seen.append(at)
            self._addresses.append(keys.address)
            if _ROOM * row > len(self._places):
                self._lay_out(2 * len(self._places))
                return
        self._enter(row)

    def dump(self) -> dict[str, Any]:
        """Everything."""
        return {
            "capacity": self._capacity,
            "head": self._head,
            "pairs": self.pairs.copy(),
            "stories": self.stories.copy(),
            "openings": self.openings.copy(),
            "copies": self.copies.tobytes(),
            "seen": self.seen.tobytes(),
            "addresses": self._addresses.tobytes(),
        }

    @classmethod
    def load(cls, dumped: Mapping[str, Any]) -> "_Texts":
        """What `dump` gave: what is not in it follows from it."""
        texts = cls(dumped["capacity"])
        texts._head = dumped["head"]
        texts.pairs, texts.stories = list(dumped["pairs"]), list(dumped["stories"])
        texts.openings = list(dumped["openings"])
        texts.copies, texts.seen = array("I", dumped["copies"]), array("q", dumped["seen"])
        texts._addresses = array("Q", dumped["addresses"])
        size = _FEW_PLACES
        while _ROOM * (len(texts.pairs) - 1) > size:
            size *= 2
        texts._lay_out(size)
        return texts

    def _most_alike(self, mine: "array[int]", rows: Iterable[int], at: Instant) -> tuple[int, bool]:
        """Of some rows the most alike, or one that is so beyond doubt."""
        distinct = frozenset(mine)
        found, most, copied = 0, 0.0, False
        for row in rows:
            theirs = array("I", self.pairs[row])
            shared = len(distinct.intersection(theirs))
            if shared >= FEWEST_SHARED and at - self.seen[row] <= IDLE:
                share = _share(mine, theirs, shared)
                if share >= ALIKE and share > most:
                    found, most, copied = row, share, share >= COPIED or shared >= MANY_SHARED
                    if share >= BEYOND_DOUBT:
                        break
        return found, copied

    def _rows(self) -> Iterator[int]:
        """From the oldest to the youngest."""
        yield from range(self._head + 1, len(self.pairs))
        yield from range(1, self._head + 1)

    def _lay_out(self, size: int) -> None:
        """Give every text its places anew, among so many: a power of two."""
        self._places = array("I", bytes(4 * size))
        self._mask = size - 1
        self._same: dict[bytes, int] = {}
        self._known: dict[int, int] = {}  # by address
        for row in self._rows():
            self._enter(row)

    def _enter(self, row: int) -> None:
        pairs, address = self.pairs[row], self._addresses[row]
        if address:
            self._known[address] = row
        if pairs:
            self._same[pairs] = row
            places, mask, upper = self._places, self._mask, _PAIR - self._mask
            for pair in array("I", pairs[: 4 * _LOOKED_UP]):
                places[pair & mask] = pair & upper | row

    def _leave(self, row: int) -> None:
        """Take a row out of wherever no later one took its place."""
        pairs, address = self.pairs[row], self._addresses[row]
        if self._known.get(address) == row:
            del self._known[address]
        if self._same.get(pairs) == row:
            del self._same[pairs]
        places, mask, upper = self._places, self._mask, _PAIR - self._mask
        for pair in array("I", pairs[: 4 * _LOOKED_UP]):
            if places[pair & mask] == pair & upper | row:
                places[pair & mask] = 0


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
        self._young: dict[int, tuple[str, bytes, Instant]] = {}
        self._old: dict[int, tuple[str, bytes, Instant]] = {}
        self._began: Instant | None = None
        self._wise = False

    def find(self, marks: Iterable[int], at: Instant) -> tuple[str, bytes] | None:
        """The story that the first of these stands for, and its opening."""
        for mark in marks:
            story, opening, since = self._young.get(mark) or self._old.get(mark) or _ORDINARY
            if story and at - since <= FRESH:
                return story, opening
        return None

    def add(self, marks: Iterable[int], story: str, opening: bytes, at: Instant) -> None:
        """Those never heard before stand for this story, where enough was heard to tell."""
        if self._began is None:
            self._began = at
        if at - self._began >= RARE or len(self._young) >= _MOST_MARKS:
            self._wise = at - self._began >= RARE
            self._old, self._young, self._began = self._young, {}, at
        news = (story, opening, at) if self._wise else _ORDINARY
        for mark in marks:
            self._young[mark] = self._young.get(mark) or self._old.get(mark) or news

    def dump(self) -> dict[str, Any]:
        """Everything."""
        return {"young": self._young.copy(), "old": self._old.copy(), "began": self._began, "wise": self._wise}

    @classmethod
    def load(cls, dumped: Mapping[str, Any]) -> "_Marks":
        """What `dump` gave."""
        marks = cls()
        marks._young = {mark: (story, opening, since) for mark, (story, opening, since) in dumped["young"].items()}
        marks._old = {mark: (story, opening, since) for mark, (story, opening, since) in dumped["old"].items()}
        marks._began, marks._wise = dumped["began"], dumped["wise"]
        return marks


_ORDINARY = ("", b"", 0)
