"""Trailing windows of one brand: buckets of one minute over the last twelve hours, exact and in any order."""

from array import array
from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import astuple

from buzzwatch.model.instant import LONGEST_WINDOW, MINUTE, WINDOWS

SPAN = LONGEST_WINDOW // MINUTE
"""Minutes of the longest window."""
RING = SPAN + 1
"""Buckets kept: a mention of exactly twelve hours ago still finds its own."""
WIDTHS: tuple[int, ...] = tuple(over // MINUTE for over in WINDOWS)
"""Minutes of each standard window, the open one included."""

_LOG_LIMIT = 2_048
_COPIES = 1_024
_NEGATIVE = 1 << 32
_AUTHOR = _NEGATIVE - 1
_LAP = 1 << 31  # minutes beside keys are kept modulo this: some 4,000 years, so that no date breaks them
_HALF = 500


class Bucket(Struct, frozen=True, gc=False):
    """What one minute holds.

    `fresh` are mentions whose text was not seen before; `milli` is their summed negativity in thousandths, so that no
    order of adding changes it.
    """

    minute: int
    mentions: int
    fresh: int
    milli: int


class Windows:
    """Counts of one brand over every window of `model.instant.WINDOWS`, up to and with the open minute.

    A window of W minutes is the open minute and the W - 1 before it: it never claims more than it says. Minutes count
    from the epoch. Memory: 17 kB, and 16 kB more for a brand with thousands of mentions a day.
    """

    __slots__ = (
        "_at", "_copies", "_copy_millis", "_copy_minutes", "_count", "_fresh", "_log", "_milli", "_past", "_total",
        "head", "left",
    )  # fmt: skip

    def __init__(self, minute: int) -> None:
        self.head = minute
        """The open minute."""
        self.left: list[Bucket] = []
        """Minutes that left the ring with mentions in them, ascending, until somebody learns them."""
        self._count = _zeros()
        self._fresh = _zeros()
        self._milli = _zeros()
        self._past = ([0] * len(WIDTHS), [0] * len(WIDTHS), [0] * len(WIDTHS))  # windows without the open minute
        self._total = 0
        self._log = array("Q")  # minute, negative?, author: the last mentions, for distinct authors
        self._at = 0
        self._copies = array("I", bytes(4 * _COPIES))  # direct-mapped: a key is forgotten when another takes its place
        self._copy_minutes = array("I", bytes(4 * _COPIES))
        self._copy_millis = array("H", bytes(2 * _COPIES))

    def count(self, minute: int, milli: int, author: int, copy: int) -> bool:
        """Count one mention in a minute of the ring; `author` and `copy` are 32-bit keys, 0 unknown.

        True if its text is fresh: a copy within twelve hours counts for volume and for authors, not for negativity. Of
        those with one text the earliest counts, in its minute the angriest, in whatever order they come.
        """
        if author:
            self._note_author((minute % _LAP << 33) | (_NEGATIVE if milli >= _HALF else 0) | author)
        fresh = self._is_fresh(minute, milli, copy)
        slot = minute % RING
        self._count[slot] += 1
        self._total += 1
        if fresh:
            self._fresh[slot] += 1
            self._milli[slot] += milli
        age = self.head - minute
        if age:
            counts, freshes, millis = self._past
            for index, width in enumerate(WIDTHS):
                if age < width:
                    counts[index] += 1
                    if fresh:
                        freshes[index] += 1
                        millis[index] += milli
        return fresh

    def spread(self, first: int, minutes: int, mentions: int) -> None:
        """Count mentions without author or text evenly over so many minutes, the last of which is opened.

        The earlier ones get one more where it does not come out even. For volume alone; 720 minutes at most, and none
        before a minute that was spread over already.
        """
        self.roll(first + minutes - 1)
        each, more = divmod(mentions, minutes)
        count = self._count
        for minute in range(first, first + more):
            count[minute % RING] += each + 1
        for minute in range(first + more, first + minutes):
            count[minute % RING] += each
        self._total += mentions
        past = self.head - first  # minutes of them before the open one
        before = past * each + min(past, more) if past < minutes else mentions
        counts = self._past[0]
        for index, width in enumerate(WIDTHS):
            outside = past - width + 1
            counts[index] += before
            if outside > 0:
                counts[index] -= outside * each + min(outside, more) if outside < minutes else mentions

    def roll(self, minute: int) -> None:
        """Make `minute` the open one; whole minutes that leave the ring are handed to `left`."""
        steps = minute - self.head
        if steps <= 0:
            return
        if self._total:
            self._move(steps)
        self.head = minute

    def open(self) -> tuple[int, int, int]:
        """Count, fresh and milli of the open minute."""
        slot = self.head % RING
        return self._count[slot], self._fresh[slot], self._milli[slot]

    def past(self) -> tuple[list[int], list[int], list[int]]:
        """Counts, freshes and millis of each window without its open minute; not to be changed."""
        return self._past

    def bucket(self, minute: int) -> Bucket:
        """One minute of the ring."""
        slot = minute % RING
        return Bucket(minute, self._count[slot], self._fresh[slot], self._milli[slot])

    def backwards(self, *, angry: bool) -> "array[int]":
        """Mentions (`angry`: milli) of each minute of the ring, the open one first."""
        ring, slot = self._milli if angry else self._count, self.head % RING
        return ring[slot::-1] + ring[:slot:-1]

    def between(self, first: int, last: int) -> tuple[int, int, int]:
        """Mentions, fresh and milli of the minutes from first to last, both included, as far as the ring holds them."""
        first, last = max(first, self.head - SPAN), min(last, self.head)
        return _sum(self._count, first, last), _sum(self._fresh, first, last), _sum(self._milli, first, last)

    def total(self) -> int:
        """Mentions in the ring."""
        return self._total

    def authors(self, width: int, *, angry: bool) -> int:
        """Distinct known authors in the trailing `width` minutes, among the last 2,048 mentions."""
        floor = (self.head - width + 1) % _LAP << 33
        if angry:
            return len({entry & _AUTHOR for entry in self._log if entry >= floor and entry & _NEGATIVE})
        return len({entry & _AUTHOR for entry in self._log if entry >= floor})

    def dump(self) -> dict[str, Any]:
        """Everything, as builtins and bytes that share nothing with this object."""
        return {
            "head": self.head,
            "left": [astuple(bucket) for bucket in self.left],
            "count": self._count.tobytes(),
            "fresh": self._fresh.tobytes(),
            "milli": self._milli.tobytes(),
            "log": self._log.tobytes(),
            "at": self._at,
            "copies": self._copies.tobytes(),
            "copy_minutes": self._copy_minutes.tobytes(),
            "copy_millis": self._copy_millis.tobytes(),
        }

    @classmethod
    def load(cls, dumped: Mapping[str, Any]) -> "Windows":
        """What `dump` gave, alive again."""
        windows = cls(dumped["head"])
        windows.left = [Bucket(*bucket) for bucket in dumped["left"]]
        for name in ("count", "fresh", "milli"):
            setattr(windows, f"_{name}", array("i", dumped[name]))
        windows._log = array("Q", dumped["log"])
        windows._at = dumped["at"]
        windows._copies = array("I", dumped["copies"])
        windows._copy_minutes = array("I", dumped["copy_minutes"])
        windows._copy_millis = array("H", dumped["copy_millis"])
        windows._total = sum(windows._count)
        rings = (windows._count, windows._fresh, windows._milli)
        windows._past = tuple(
            [_sum(ring, windows.head - width + 1, windows.head - 1) for width in WIDTHS] for ring in rings
        )  # type: ignore[assignment]  # three rings give three lists
        return windows

    def _note_author(self, entry: int) -> None:
        if len(self._log) < _LOG_LIMIT:
            self._log.append(entry)
        else:
            self._log[self._at] = entry
            self._at = (self._at + 1) % _LOG_LIMIT

    def _is_fresh(self, minute: int, milli: int, copy: int) -> bool:
        if not copy:
            return True
        place, lapped = copy % _COPIES, minute % _LAP
        later = self._copy_minutes[place] - lapped
        known = self._copies[place] == copy and abs(later) <= SPAN
        if known:
            if (later, milli) <= (0, self._copy_millis[place]):
                return False
            self._refresh(minute + later, -1, -self._copy_millis[place])
            self._refresh(minute, 1, milli)
        self._copies[place] = copy
        self._copy_minutes[place] = lapped
        self._copy_millis[place] = milli
        return not known

    def _refresh(self, minute: int, fresh: int, milli: int) -> None:
        """Change what a minute of the ring holds."""
        self._fresh[minute % RING] += fresh
        self._milli[minute % RING] += milli
        for index, width in enumerate(WIDTHS):
            if 0 < self.head - minute < width:
                self._past[1][index] += fresh
                self._past[2][index] += milli

    def _move(self, steps: int) -> None:
        """Let the open minute be one before, and take from each window what leaves it.

        A minute without mentions holds nothing else either, so that the other two rings are seldom asked.
        """
        count, fresh, milli = self._count, self._fresh, self._milli
        counts, freshes, millis = self._past
        head = self.head
        opened = head % RING
        inside, new, anger = count[opened], fresh[opened], milli[opened]
        for index, width in enumerate(WIDTHS):
            if steps >= width:
                counts[index] = freshes[index] = millis[index] = 0
                continue
            first = opened - width + 1  # below 0 it counts from the end of the ring, which is where it is
            if inside:
                counts[index] += inside
                freshes[index] += new
                millis[index] += anger
            for slot in (first,) if steps == 1 else range(first, first + steps):
                if gone := count[slot]:
                    counts[index] -= gone
                    freshes[index] -= fresh[slot]
                    millis[index] -= milli[slot]
        self._leave(range(head - SPAN, min(head, head - SPAN - 1 + steps) + 1))

    def _leave(self, minutes: range) -> None:
        """Hand over the oldest minutes of the ring, and make room for new ones."""
        count, fresh, milli = self._count, self._fresh, self._milli
        for minute in minutes:
            slot = minute % RING
            seen = count[slot]
            if seen:
                self.left.append(Bucket(minute, seen, fresh[slot], milli[slot]))
                self._total -= seen
                count[slot] = fresh[slot] = milli[slot] = 0


def _zeros() -> "array[int]":
    return array("i", bytes(4 * RING))


def _sum(ring: "array[int]", first: int, last: int) -> int:
    """Of the minutes from first to last, both included; fewer than RING of them."""
    if last < first:
        return 0
    start, end = first % RING, last % RING
    return sum(ring[start : end + 1]) if start <= end else sum(ring[start:]) + sum(ring[: end + 1])
