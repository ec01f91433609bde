"""Which conversation a mention belongs to, and how each conversation is going, in O(1) and bounded memory."""

from array import array
from collections.abc import Mapping
from math import exp
from typing import Any, Protocol

from buzzwatch.model.instant import DAY, HOUR, MINUTE, Instant, Span
from buzzwatch.model.mention import Sighting
from buzzwatch.model.signal import Trend
from buzzwatch.model.thread import Day, Forecast, Milestone, Phase, ThreadView
from buzzwatch.threads.authors import Authors
from buzzwatch.threads.chain import Chain

_SLOW = 6 * HOUR
_ANSWERED = 30 * MINUTE
_SPEEDING_UP = 1.25
_ALIASES = 50_000  # of each generation
_CHUNK = 256
_NEVER = -(1 << 62)
_UNANSWERED = (_NEVER, 0.0)
_MOST = 1 << 62
_FIELDS = (
    "brand", "count", "milli", "reach", "fives", "tens", "hours", "sixes", "crest", "trough", "peak",
    "peak_before", "first_at", "last_at", "seen_at", "day_at", "day_from", "most", "guessed_tens",
    "guessed_hours", "guessed_from",
)  # fmt: skip


class Judge(Protocol):
    """Says how a conversation will go on; `detect.thread.Escalation` is one. `fives` and so on as there."""

    def forecast(self, tens: float, hours: float) -> Forecast:
        """Mentions still to come within a day."""

    def score(self, fives: float, sixes: float) -> float:
        """How worrying that is."""

    def trend(self, tens: float, hours: float, age: Span) -> Trend:
        """Where it is going."""

    def phase(self, trend: Trend, hours: float, crest: float, trough: float) -> Phase:
        """Where it stands in its life."""

    def milestone(self, tens: float, hours: float, age: Span, now: Instant) -> Milestone | None:
        """When it reaches the next round rate."""

    def rise(self, brand: str, before: float, after: float, now: Instant) -> None:
        """Learn that one conversation's highest score rose."""

    def learn(self, day: Day) -> None:
        """Learn how far a conversation has come by the end of a day of its."""

    def compare(self, tens: float, hours: float, came: int) -> None:
        """Learn what came in the day after a forecast."""

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
    said in the last five and ten minutes, hour and six hours fades exponentially: a mention costs the same whatever
    came before. A day begins with the first mention after the last one ended; what it brought is learnt 24 h later.
    """

    def __init__(self, judge: Judge, capacity: int = 200_000, idle: Span = 3 * DAY) -> None:
        self.capacity = capacity
        self.idle = idle
        self._judge = judge
        self._now = 0
        self._used = 0
        self._free: list[int] = []
        self._lives = Chain()  # from the least to the most recently seen
        self._days = Chain()  # whose day is open, from the first to the last opened
        self._index: dict[str, int | dict[int, int]] = {}  # thread to its slot, or to the slots of its brands
        self._brands: list[str] = []
        self._brand_of: dict[str, int] = {}
        self._threads: list[str] = []
        self._authors = Authors()
        self._answers: dict[int, tuple[Instant, float]] = {}  # the last official reply, and how lively it was then
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

    def brands_of(self, at: Instant, *ids: str | None) -> tuple[str, ...]:
        """Brands with a conversation under one of these ids, of threads or of replies in them; in stable order.

        Only those that were live at that instant of the authors' time: a backlog is judged as it would have been then.
        """
        found: set[int] = set()
        for known in ids:
            entry = self._index.get(self._root(known)) if known else None
            slots = (entry,) if isinstance(entry, int) else entry.values() if entry else ()
            found.update(self._brand[slot] for slot in slots if at - self._last_at[slot] <= self.idle)
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
        self._keep_days(slot, now)
        ahead = at - self._last_at[slot]
        slow = exp(-abs(ahead) / _SLOW) if ahead else 1.0
        square = slow * slow
        hour = square * square * square  # the same fading over a sixth of the time
        square = hour * hour
        ten = square * square * square
        five = ten * ten
        fives, tens, hours, sixes = self._fives[slot], self._tens[slot], self._hours[slot], self._sixes[slot]
        if ahead >= 0:
            fives, tens, hours, sixes = fives * five, tens * ten, hours * hour, sixes * slow
            five = ten = hour = slow = 1.0
            self._last_at[slot] = at
        elif at < self._first_at[slot]:
            self._first_at[slot] = at
        if not sighting.is_ours:
            self._trough[slot] = min(self._trough[slot], hours)
            fives, tens, hours, sixes = fives + five, tens + ten, hours + hour, sixes + slow
            self._join(slot, sighting)
            if hours > self._crest[slot]:
                self._crest[slot] = self._trough[slot] = hours
            score = self._judge.score(fives, sixes)
            if score > self._peak[slot]:
                self._judge.rise(sighting.brand, self._peak[slot], score, now)
                self._peak[slot] = score
        elif sighting.official and not sighting.is_root and at >= self._answers.get(slot, _UNANSWERED)[0]:
            self._answers[slot] = (at, tens)
        self._fives[slot], self._tens[slot], self._hours[slot], self._sixes[slot] = fives, tens, hours, sixes
        return slot

    def slot_of(self, brand: str, thread: str) -> int | None:
        """Where a live conversation is kept."""
        key = self._brand_of.get(brand)
        return None if key is None else self._find(thread, key)

    def score(self, slot: int, now: Instant) -> float:
        """How worrying a conversation is."""
        fives, _, _, sixes = self._fade(slot, now)
        return self._judge.score(fives, sixes)

    def mentions(self, slot: int) -> int:
        """How many a conversation has brought."""
        return self._count[slot]

    def outlook(self, slot: int, now: Instant) -> tuple[float, Forecast]:
        """How worrying a conversation is, and how many mentions it will bring in the next 24 h."""
        fives, tens, hours, sixes = self._fade(slot, now)
        return self._judge.score(fives, sixes), self._judge.forecast(tens, hours)

    def view(self, slot: int, now: Instant) -> ThreadView:
        """A conversation as rules read it. Its reach counts each known author once."""
        fives, tens, hours, sixes = self._fade(slot, now)
        age = now - self._first_at[slot]
        trend, likely = self._judge.trend(tens, hours, age), self._judge.forecast(tens, hours)
        count, reach = self._count[slot], self._reach[slot]
        answered_at, answered_tens = self._answers.get(slot, _UNANSWERED)
        answered = now - answered_at <= _ANSWERED and tens <= _SPEEDING_UP * answered_tens + 1
        return ThreadView(
            id=self._threads[slot],
            brand=self._brands[self._brand[slot]],
            mentions=count,
            authors=self._authors.count(slot),
            negative_share=self._milli[slot] / 1_000 / count if count else 0.0,
            reach=None if reach < 0 else reach,
            rate=6 * tens,
            forecast=likely.mentions,
            score=self._judge.score(fives, sixes),
            answered=answered,
            trend=trend,
            first_at=self._first_at[slot],
            last_at=self._last_at[slot],
            phase=self._judge.phase(trend, hours, self._crest[slot], min(hours, self._trough[slot])),
            likely=likely,
            milestone=self._judge.milestone(tens, hours, age, now) if trend is Trend.RISING else None,
        )

    def recent(self, slot: int, over: Span, now: Instant) -> float:
        """Mentions in about the trailing window: exact while the conversation is younger, else from what has faded."""
        if now - self._first_at[slot] <= over:
            return float(self._count[slot])
        _, tens, hours, sixes = self._fade(slot, now)
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
            "idle": self.idle,
            "now": self._now,
            "used": self._used,
            "free": self._free.copy(),
            "lives": self._lives.dump(self._used),
            "days": self._days.dump(self._used),
            "brands": self._brands.copy(),
            "threads": self._threads.copy(),
            "authors": self._authors.dump(),
            "answers": list(self._answers.items()),
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
        tracker._lives, tracker._days = Chain.load(dumped["lives"]), Chain.load(dumped["days"])
        tracker._free = list(dumped["free"])
        tracker._brands = list(dumped["brands"])
        tracker._brand_of = {brand: key for key, brand in enumerate(tracker._brands)}
        tracker._threads = list(dumped["threads"])
        tracker._authors = Authors.load(dumped["authors"])
        tracker._answers = {slot: (at, tens) for slot, (at, tens) in dumped["answers"]}
        tracker._young, tracker._old = dict(dumped["young"]), dict(dumped["old"])
        tracker._lay_out(dumped["fields"])
        free = set(tracker._free)
        for slot in range(tracker._used):
            if slot not in free:
                tracker._enter(tracker._threads[slot], tracker._brand[slot], slot)
        return tracker

    def _lay_out(self, fields: Mapping[str, bytes]) -> None:
        self._brand = array("i", fields["brand"])
        self._count = array("i", fields["count"])
        self._milli = array("q", fields["milli"])
        self._reach = array("q", fields["reach"])
        self._fives = array("f", fields["fives"])
        self._tens = array("f", fields["tens"])
        self._hours = array("f", fields["hours"])
        self._sixes = array("f", fields["sixes"])
        self._crest = array("f", fields["crest"])
        self._trough = array("f", fields["trough"])
        self._peak = array("d", fields["peak"])
        self._peak_before = array("d", fields["peak_before"])
        self._first_at = array("q", fields["first_at"])
        self._last_at = array("q", fields["last_at"])
        self._seen_at = array("q", fields["seen_at"])
        self._day_at = array("q", fields["day_at"])
        self._day_from = array("i", fields["day_from"])
        self._most = array("i", fields["most"])
        self._guessed_tens = array("f", fields["guessed_tens"])
        self._guessed_hours = array("f", fields["guessed_hours"])
        self._guessed_from = array("i", fields["guessed_from"])
        self._columns: list[array[Any]] = [getattr(self, f"_{name}") for name in _FIELDS]

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
            self._lives.remove(slot)
        self._seen_at[slot] = now
        self._lives.append(slot)
        for _ in range(2):  # two a mention: faster than they come
            if now - self._seen_at[self._lives.oldest] <= self.idle:
                break
            self._evict(self._lives.oldest)
        return slot

    def _find(self, thread: str, brand: int) -> int | None:
        entry = self._index.get(thread)
        if isinstance(entry, int):
            return entry if self._brand[entry] == brand else None
        return None if entry is None else entry.get(brand)

    def _open(self, brand: int, thread: str, at: Instant) -> int:
        if len(self) >= self.capacity:
            self._evict(self._lives.oldest)
        if self._free:
            slot = self._free.pop()
        else:
            slot = self._used
            if slot == len(self._brand):
                for column in self._columns:
                    column.frombytes(bytes(_CHUNK * column.itemsize))
                self._lives.make_room(_CHUNK)
                self._days.make_room(_CHUNK)
            self._used += 1
            self._threads.append("")
            self._authors.add_slot()
        self._threads[slot] = thread
        for column in self._columns:
            column[slot] = 0
        self._brand[slot] = brand
        self._reach[slot] = -1
        self._first_at[slot] = self._last_at[slot] = at
        self._day_at[slot] = _NEVER
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
        if self._day_at[slot] != _NEVER:
            self._close_day(slot)
        self._lives.remove(slot)
        thread = self._threads[slot]
        entry = self._index[thread]
        if isinstance(entry, int) or len(entry) == 1:
            del self._index[thread]
        else:
            del entry[self._brand[slot]]
        self._threads[slot] = ""
        self._authors.clear(slot)
        self._answers.pop(slot, None)
        self._free.append(slot)

    def _keep_days(self, slot: int, now: Instant) -> None:
        """Close the days that are over, and see that a conversation which is heard of has one open."""
        while self._days.oldest >= 0 and now - self._day_at[self._days.oldest] >= DAY:
            self._close_day(self._days.oldest)
        day_at = self._day_at[slot]
        if day_at == _NEVER:
            self._day_at[slot] = now
            self._day_from[slot] = self._count[slot]
            self._guessed_from[slot] = -1
            self._days.append(slot)
        elif self._guessed_from[slot] < 0 and now - day_at >= HOUR:
            self._guess(slot)

    def _guess(self, slot: int) -> None:
        """Keep what the forecast was an hour into the day: the numbers that the last mention left."""
        self._guessed_tens[slot], self._guessed_hours[slot] = self._tens[slot], self._hours[slot]
        self._guessed_from[slot] = self._count[slot]

    def _close_day(self, slot: int) -> None:
        """Let it be learnt what became of a conversation."""
        self._days.remove(slot)
        self._day_at[slot] = _NEVER
        count, before = self._count[slot], self._most[slot]
        most = max(before, count - self._day_from[slot])
        if not most:  # nobody but the brand itself has spoken
            return
        if self._guessed_from[slot] < 0:
            self._guess(slot)
        came = count - self._guessed_from[slot]
        self._judge.compare(self._guessed_tens[slot], self._guessed_hours[slot], came)
        score = self._peak[slot]
        self._judge.learn(Day(before, most, self._peak_before[slot], score))
        self._most[slot], self._peak_before[slot] = most, score

    def _fade(self, slot: int, now: Instant) -> tuple[float, float, float, float]:
        """Mentions of the last five and ten minutes, hour and six hours, as faded by now."""
        passed = now - self._last_at[slot]
        slow = exp(-passed / _SLOW) if passed > 0 else 1.0
        hour = slow**6
        ten = hour**6
        return self._fives[slot] * ten * ten, self._tens[slot] * ten, self._hours[slot] * hour, self._sixes[slot] * slow
