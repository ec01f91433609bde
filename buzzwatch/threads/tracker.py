"""Which conversation a mention belongs to, and how each conversation is going, in O(1) and bounded memory."""

from array import array
from collections.abc import Mapping
from math import exp
from typing import Any, Protocol

from buzzwatch.model.instant import DAY, HOUR, MINUTE, Instant, Span
from buzzwatch.model.mention import Sighting
from buzzwatch.model.signal import Trend
from buzzwatch.model.thread import ThreadView
from buzzwatch.threads.authors import Authors

_SLOW = 6 * HOUR
_ANSWERED = 30 * MINUTE
_SPEEDING_UP = 1.25
_ALIASES = 50_000  # of each generation
_CHUNK = 256
_NEVER = -(1 << 62)
_MOST = 1 << 62
_FIELDS = (
    "brand", "older", "newer", "count", "milli", "reach", "tens", "hours", "sixes", "peak", "first_at", "last_at",
    "seen_at", "answered_at", "answered_tens",
)  # fmt: skip


class Judge(Protocol):
    """Says how a conversation will go on; `detect.thread.Escalation` is one. `tens`, `hours` as there."""

    def forecast(self, tens: float, hours: float) -> float:
        """Mentions still to come within a day."""

    def score(self, tens: float, hours: float) -> float:
        """How worrying that is."""

    def trend(self, tens: float, hours: float, age: Span) -> Trend:
        """Where it is going."""

    def rise(self, brand: str, before: float, after: float, now: Instant) -> None:
        """Learn that one conversation's highest score rose."""

    def ceiling(self, brand: str, rate: float, now: Instant) -> float:
        """The score that `rate` ordinary conversations a day reach."""

    def dump(self) -> dict[str, Any]:
        """Everything, as builtins."""

    def restore(self, dumped: Mapping[str, Any]) -> None:
        """Become what `dump` gave."""


class Tracker:
    """The live conversations of all brands.

    One conversation of one brand is a slot: an index into flat arrays, linked from the least to the most recently seen.
    A new one takes the slot of the oldest when all `capacity` are taken; one unheard of for `idle` is dropped. What was
    said in the last ten minutes, hour and six hours fades exponentially: a mention costs the same whatever came before.
    """

    def __init__(self, judge: Judge, capacity: int = 200_000, idle: Span = 3 * DAY) -> None:
        self.capacity = capacity
        self._idle = idle
        self._judge = judge
        self._now = 0
        self._used = 0
        self._free: list[int] = []
        self._oldest = self._newest = -1
        self._index: dict[str, int | dict[int, int]] = {}  # thread to its slot, or to the slots of its brands
        self._brands: list[str] = []
        self._brand_of: dict[str, int] = {}
        self._threads: list[str] = []
        self._authors = Authors()
        self._young: dict[str, str] = {}  # reply to thread, two generations
        self._old: dict[str, str] = {}
        self._lay_out(dict.fromkeys(_FIELDS, b""))

    def __len__(self) -> int:
        return self._used - len(self._free)

    def key_of(self, mention: str, parent: str | None, thread: str | None) -> str:
        """The conversation that a mention belongs to: as told, else its parent's, else its own."""
        if thread:
            return thread
        return self._root(parent) if parent else mention

    def brands_of(self, *ids: str | None) -> tuple[str, ...]:
        """Brands with a live conversation under one of these ids, of threads or of replies in them; in stable order."""
        found: set[int] = set()
        for known in ids:
            if not known:
                continue
            entry = self._index.get(self._root(known))
            if isinstance(entry, int):
                found.add(self._brand[entry])
            elif entry is not None:
                found.update(entry)
        return tuple(self._brands[brand] for brand in sorted(found))

    def count(self, sighting: Sighting) -> int:
        """Let a mention join its conversation; the slot of it.

        The brand's own posts open and answer conversations without counting in them. A mention that comes late counts
        as much as it would by now, had it come in time.
        """
        now = sighting.seen_at
        at = min(sighting.posted_at, now)
        self._now = now
        slot = self._touch(sighting.brand, sighting.thread, at, now)
        if sighting.parent and sighting.mention != sighting.thread:
            self._alias(sighting.mention, self._threads[slot])
        tens, hours, sixes = self._tens[slot], self._hours[slot], self._sixes[slot]
        ahead = at - self._last_at[slot]
        slow = exp(-abs(ahead) / _SLOW) if ahead else 1.0
        middle = _sixth(slow)
        fast = _sixth(middle)
        if ahead >= 0:
            tens, hours, sixes = tens * fast, hours * middle, sixes * slow
            fast = middle = slow = 1.0
            self._last_at[slot] = at
        elif at < self._first_at[slot]:
            self._first_at[slot] = at
        if not sighting.official:
            tens, hours, sixes = tens + fast, hours + middle, sixes + slow
            self._join(slot, sighting)
            score = self._judge.score(tens, hours)
            if score > self._peak[slot]:
                self._judge.rise(sighting.brand, self._peak[slot], score, now)
                self._peak[slot] = score
        elif sighting.mention != sighting.thread and at >= self._answered_at[slot]:
            self._answered_at[slot] = at
            self._answered_tens[slot] = tens
        self._tens[slot], self._hours[slot], self._sixes[slot] = tens, hours, sixes
        return slot

    def slot_of(self, brand: str, thread: str) -> int | None:
        """Where a live conversation is kept."""
        key = self._brand_of.get(brand)
        return None if key is None else self._find(thread, key)

    def score(self, slot: int, now: Instant) -> float:
        """How worrying a conversation is."""
        tens, hours, _ = self._fade(slot, now)
        return self._judge.score(tens, hours)

    def view(self, slot: int, now: Instant) -> ThreadView:
        """A conversation as rules read it. Its reach counts each known author once."""
        tens, hours, _ = self._fade(slot, now)
        count, reach = self._count[slot], self._reach[slot]
        answered = now - self._answered_at[slot] <= _ANSWERED and tens <= _SPEEDING_UP * self._answered_tens[slot] + 1
        return ThreadView(
            id=self._threads[slot],
            brand=self._brands[self._brand[slot]],
            mentions=count,
            authors=self._authors.count(slot),
            negative_share=self._milli[slot] / 1_000 / count if count else 0.0,
            reach=None if reach < 0 else reach,
            rate=6 * tens,
            forecast=self._judge.forecast(tens, hours),
            score=self._judge.score(tens, hours),
            answered=answered,
            trend=self._judge.trend(tens, hours, now - self._first_at[slot]),
            first_at=self._first_at[slot],
            last_at=self._last_at[slot],
        )

    def recent(self, slot: int, over: Span, now: Instant) -> float:
        """Mentions in about the trailing window: exact while the conversation is younger, else from what has faded."""
        if now - self._first_at[slot] <= over:
            return float(self._count[slot])
        tens, hours, sixes = self._fade(slot, now)
        if over <= HOUR:
            part = max(0.0, (over - HOUR // 6) / (HOUR - HOUR // 6))
            recent = min(1.0, over / (HOUR / 6)) * tens * (1 - part) + hours * part
        else:
            part = min(1.0, (over - HOUR) / (_SLOW - HOUR))
            recent = hours * (1 - part) + sixes * part * max(1.0, over / _SLOW)
        return min(float(self._count[slot]), recent)

    def thread_ceiling(self, brand: str, rate: float) -> float:
        """The score that `rate` conversations of this brand a day reach in ordinary traffic."""
        return self._judge.ceiling(brand, rate, self._now)

    def dump(self) -> dict[str, Any]:
        """Everything, as builtins and bytes that share nothing with this object."""
        return {
            "capacity": self.capacity,
            "idle": self._idle,
            "now": self._now,
            "used": self._used,
            "free": self._free.copy(),
            "oldest": self._oldest,
            "newest": self._newest,
            "brands": self._brands.copy(),
            "threads": self._threads.copy(),
            "authors": self._authors.dump(),
            "young": self._young.copy(),
            "old": self._old.copy(),
            "fields": {name: memoryview(getattr(self, f"_{name}"))[: self._used].tobytes() for name in _FIELDS},
            "judge": self._judge.dump(),
        }

    @classmethod
    def load(cls, dumped: Mapping[str, Any], judge: Judge) -> "Tracker":
        """What `dump` gave, alive again; `judge` becomes what it was."""
        tracker = cls(judge, dumped["capacity"], dumped["idle"])
        judge.restore(dumped["judge"])
        tracker._now, tracker._used = dumped["now"], dumped["used"]
        tracker._oldest, tracker._newest = dumped["oldest"], dumped["newest"]
        tracker._free = list(dumped["free"])
        tracker._brands = list(dumped["brands"])
        tracker._brand_of = {brand: key for key, brand in enumerate(tracker._brands)}
        tracker._threads = list(dumped["threads"])
        tracker._authors = Authors.load(dumped["authors"])
        tracker._young, tracker._old = dict(dumped["young"]), dict(dumped["old"])
        tracker._lay_out(dumped["fields"])
        free = set(tracker._free)
        for slot in range(tracker._used):
            if slot not in free:
                tracker._enter(tracker._threads[slot], tracker._brand[slot], slot)
        return tracker

    def _lay_out(self, fields: Mapping[str, bytes]) -> None:
        self._brand = array("i", fields["brand"])
        self._older = array("i", fields["older"])
        self._newer = array("i", fields["newer"])
        self._count = array("q", fields["count"])
        self._milli = array("q", fields["milli"])
        self._reach = array("q", fields["reach"])
        self._tens = array("d", fields["tens"])
        self._hours = array("d", fields["hours"])
        self._sixes = array("d", fields["sixes"])
        self._peak = array("d", fields["peak"])
        self._first_at = array("q", fields["first_at"])
        self._last_at = array("q", fields["last_at"])
        self._seen_at = array("q", fields["seen_at"])
        self._answered_at = array("q", fields["answered_at"])
        self._answered_tens = array("d", fields["answered_tens"])

    def _root(self, known: str) -> str:
        return self._young.get(known) or self._old.get(known) or known

    def _alias(self, reply: str, thread: str) -> None:
        if len(self._young) >= _ALIASES and reply not in self._young:
            self._old, self._young = self._young, {}
        self._young[reply] = thread

    def _join(self, slot: int, sighting: Sighting) -> None:
        """Count one voice, who is not the brand's own."""
        self._count[slot] += 1
        self._milli[slot] += int(sighting.negativity * 1_000 + 0.5)
        author = sighting.author
        fresh = self._authors.admit(slot, author) if author else True
        if fresh and sighting.followers is not None:
            self._reach[slot] = min(_MOST, max(0, self._reach[slot]) + sighting.followers)

    def _touch(self, brand: str, thread: str, at: Instant, now: Instant) -> int:
        """The slot of a conversation, made the most recently seen one; its place is right to the minute."""
        key = self._brand_of.get(brand)
        if key is None:
            key = self._brand_of[brand] = len(self._brands)
            self._brands.append(brand)
        slot = self._find(thread, key)
        if slot is None:
            slot = self._open(key, thread, at)
        elif now - self._seen_at[slot] < MINUTE:
            return slot
        else:
            self._unlink(slot)
        self._seen_at[slot] = now
        self._link(slot)
        for _ in range(2):  # two a mention: faster than they come
            if now - self._seen_at[self._oldest] <= self._idle:
                break
            self._evict(self._oldest)
        return slot

    def _find(self, thread: str, brand: int) -> int | None:
        entry = self._index.get(thread)
        if isinstance(entry, int):
            return entry if self._brand[entry] == brand else None
        return None if entry is None else entry.get(brand)

    def _open(self, brand: int, thread: str, at: Instant) -> int:
        if len(self) >= self.capacity:
            self._evict(self._oldest)
        if self._free:
            slot = self._free.pop()
        else:
            slot = self._used
            if slot == len(self._brand):
                for name in _FIELDS:
                    field = getattr(self, f"_{name}")
                    field.frombytes(bytes(_CHUNK * field.itemsize))
            self._used += 1
            self._threads.append("")
            self._authors.add_slot()
        self._threads[slot] = thread
        self._brand[slot] = brand
        self._count[slot] = self._milli[slot] = 0
        self._reach[slot] = -1
        self._tens[slot] = self._hours[slot] = self._sixes[slot] = self._peak[slot] = self._answered_tens[slot] = 0.0
        self._first_at[slot] = self._last_at[slot] = at
        self._answered_at[slot] = _NEVER
        self._enter(thread, brand, slot)
        return slot

    def _enter(self, thread: str, brand: int, slot: int) -> None:
        entry = self._index.get(thread)
        if entry is None:
            self._index[thread] = slot
        elif isinstance(entry, int):
            self._index[thread] = {self._brand[entry]: entry, brand: slot}
        else:
            entry[brand] = slot

    def _evict(self, slot: int) -> None:
        self._unlink(slot)
        thread = self._threads[slot]
        entry = self._index[thread]
        if isinstance(entry, int) or len(entry) == 1:
            del self._index[thread]
        else:
            del entry[self._brand[slot]]
        self._threads[slot] = ""
        self._authors.clear(slot)
        self._free.append(slot)

    def _link(self, slot: int) -> None:
        self._older[slot], self._newer[slot] = self._newest, -1
        if self._newest >= 0:
            self._newer[self._newest] = slot
        else:
            self._oldest = slot
        self._newest = slot

    def _unlink(self, slot: int) -> None:
        older, newer = self._older[slot], self._newer[slot]
        if older >= 0:
            self._newer[older] = newer
        else:
            self._oldest = newer
        if newer >= 0:
            self._older[newer] = older
        else:
            self._newest = older

    def _fade(self, slot: int, now: Instant) -> tuple[float, float, float]:
        """Mentions of the last ten minutes, hour and six hours, as faded by now."""
        passed = now - self._last_at[slot]
        slow = exp(-passed / _SLOW) if passed > 0 else 1.0
        middle = _sixth(slow)
        return self._tens[slot] * _sixth(middle), self._hours[slot] * middle, self._sixes[slot] * slow


def _sixth(weight: float) -> float:
    """The same fading over a sixth of the time constant."""
    square = weight * weight
    return square * square * square
