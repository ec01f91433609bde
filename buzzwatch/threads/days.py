"""What conversations bring on their days, and what had been foreseen: it is learnt when a day is over."""

from array import array
from collections.abc import Mapping
from typing import Any

from buzzwatch.model.instant import DAY, HOUR, Instant
from buzzwatch.threads.chain import Chain

FAR: Instant = 1 << 62
"""An instant that never comes."""

_FIELDS = ("begun_at", "counted", "most", "heat", "expected", "counted_then")


class Days:
    """The open day of each conversation, by slot, and its largest one so far.

    A day begins with a mention and is over 24 h later; the next mention begins another.
    """

    __slots__ = (
        "_begun_at", "_chain", "_columns", "_counted", "_counted_then", "_expected", "_heat", "_most", "over_at",
    )  # fmt: skip

    def __init__(self) -> None:
        self._chain = Chain()  # the slots whose day is open, from the first to the last begun
        self.over_at: Instant = FAR
        """When the first open day is over."""
        self._lay_out(dict.fromkeys(_FIELDS, b""))

    def make_room(self, slots: int) -> None:
        """For so many more slots."""
        self._chain.make_room(slots)
        for column in self._columns:
            column.frombytes(bytes(slots * column.itemsize))

    def clear(self, slot: int) -> None:
        """Forget the days of a slot; none is open."""
        self._most[slot] = 0
        self._heat[slot] = 0.0

    def begin(self, slot: int, count: int, now: Instant) -> None:
        """A day of a conversation begins, with so many mentions before it."""
        self._begun_at[slot] = now or 1  # 0: none is open
        self._counted[slot] = count
        self._counted_then[slot] = -1
        self._chain.append(slot)
        if self._chain.oldest == slot:
            self.over_at = now + DAY

    def knows(self, slot: int) -> bool:
        """What was expected of its day was noted."""
        return self._counted_then[slot] >= 0

    def asks_at(self, slot: int) -> Instant | None:
        """When it wants to know what is expected: an hour after its day began, FAR if it knows; None: it has no day."""
        begun_at = self._begun_at[slot]
        if not begun_at:
            return None
        return begun_at + HOUR if self._counted_then[slot] < 0 else FAR

    def note(self, slot: int, expected: float, count: int) -> None:
        """So many mentions were expected of the 24 h to come when there were so many."""
        self._expected[slot], self._counted_then[slot] = expected, count

    @property
    def first(self) -> int:
        """The slot whose day is over first."""
        return self._chain.oldest

    def end(self, slot: int, count: int, heat: float) -> tuple[int, int, float]:
        """Its day is over, with so many mentions by now and its greatest heat.

        What its largest day had brought before and has brought now, and what the greatest heat was before.
        """
        self._chain.remove(slot)
        self._begun_at[slot] = 0
        oldest = self._chain.oldest
        self.over_at = FAR if oldest < 0 else self._begun_at[oldest] + DAY
        before, heat_before = self._most[slot], self._heat[slot]
        most = max(before, count - self._counted[slot])
        self._most[slot], self._heat[slot] = most, heat
        return before, most, heat_before

    def foreseen(self, slot: int, count: int) -> tuple[float, int]:
        """What was expected an hour into the day, and what came by the time of so many mentions."""
        return self._expected[slot], count - self._counted_then[slot]

    def dump(self, used: int) -> dict[str, Any]:
        """As builtins and bytes that share nothing with this object; only the first `used` slots ever had a day."""
        return {
            "chain": self._chain.dump(used),
            "over_at": self.over_at,
            "fields": {name: memoryview(getattr(self, f"_{name}"))[:used].tobytes() for name in _FIELDS},
        }

    @classmethod
    def load(cls, dumped: Mapping[str, Any]) -> "Days":
        """What `dump` gave, alive again."""
        days = cls()
        days._chain, days.over_at = Chain.load(dumped["chain"]), dumped["over_at"]
        days._lay_out(dumped["fields"])
        return days

    def _lay_out(self, fields: Mapping[str, bytes]) -> None:
        self._begun_at = array("q", fields["begun_at"])
        self._counted = array("i", fields["counted"])
        self._most = array("i", fields["most"])
        self._heat = array("f", fields["heat"])
        self._expected = array("f", fields["expected"])
        self._counted_then = array("i", fields["counted_then"])
        self._columns: list[array[Any]] = [getattr(self, f"_{name}") for name in _FIELDS]
