"""Which conversation a mention belongs to, and how each conversation is going, in O(1) and bounded memory."""

from array import array
from collections.abc import Mapping
from math import exp
from typing import Any

from buzzwatch.model.instant import DAY, HOUR, MINUTE, Instant, Span
from buzzwatch.model.mention import OURS, Sighting
from buzzwatch.model.signal import Trend
from buzzwatch.model.thread import Forecast, ThreadView
from buzzwatch.threads.authors import Authors
from buzzwatch.threads.days import FAR, Days
from buzzwatch.threads.judge import Judge
from buzzwatch.threads.slots import NONE, Slots

_SLOW = 6 * HOUR
_ANSWERED = 30 * MINUTE
_SPEEDING_UP = 1.25
_ALIASES = 50_000  # of each generation
_ATTENTION = 10 * MINUTE
_SAMPLE = 8
_GOLDEN = 0.618034  # a step by this part of a circle comes near to no place where it was before
_MORE = 13 / 12
_NEVER = -(1 << 62)
_CHUNK = 256
_UNANSWERED = (_NEVER, 0.0)
_ONE = 1 << 37  # a mention, in a column that holds the thousandths of its negativity as well
_LARGEST = (1 << 32) - 2
_FIELDS = (
    "voices", "reach", "fives", "tens", "hours", "sixes", "heat", "told", "crest", "trough", "first_at", "last_at",
    "attend_at",
)  # fmt: skip


class Tracker:
    """The live conversations of all brands.

    One conversation of one brand is a slot: an index into flat arrays. When all `capacity` are taken, a new one takes
    the slot of the least recent of eight; one unheard of for `idle` is dropped. What was said in the last five and ten
    minutes, hour and six hours fades exponentially: a mention costs the same whatever came before. Its heat is the
    product of the fastest and the slowest of these memories.

    What need not be done at each mention is done when a conversation asks for attention: at the first mention in ten
    minutes, when its day is over, and an hour into it.
    """

    __slots__ = (
        "_answers", "_attend_at", "_authors", "_brand_of", "_brands", "_columns", "_crest", "_days", "_first_at",
        "_fives", "_hand", "_heat", "_hours", "_judge", "_last_at", "_now", "_old", "_reach", "_sixes", "_slots",
        "_tens", "_told", "_trough", "_voices", "_young", "capacity", "idle",
    )  # fmt: skip

    def __init__(self, judge: Judge, capacity: int = 200_000, idle: Span = 3 * DAY) -> None:
        self.capacity = capacity
        self.idle = idle
        self._judge = judge
        self._now = 0
        self._slots = Slots(capacity)
        self._hand = -1  # the slot that was looked at last
        self._days = Days()
        self._brands: list[str] = []
        self._brand_of: dict[str, int] = {}
        self._authors = Authors()
        self._answers: dict[int, tuple[Instant, float]] = {}  # the last official reply, and how lively it was then
        self._young: dict[str, str] = {}  # reply to thread, two generations
        self._old: dict[str, str] = {}
        self._lay_out(dict.fromkeys(_FIELDS, b""))

    def __len__(self) -> int:
        return len(self._slots)

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
            if known:
                slots = self._slots.find_all(self._root(known))
                found.update(self._slots.brands[slot] for slot in slots if at - self._last_at[slot] <= self.idle)
        return tuple(self._brands[brand] for brand in sorted(found))

    def count(self, sighting: Sighting) -> int:  # noqa: C901, PLR0915 - two more calls cost it a tenth of its speed
        """Let a mention join its conversation; the slot of it.

        The brand's own posts open and answer conversations without counting in them. A mention that comes late counts
        as much as it would by now, had it come in time.
        """
        now, at = sighting.seen_at, sighting.posted_at
        if at > now:  # noqa: PLR1730 - each mention comes by here, and a call costs more
            at = now
        self._now = now
        if now >= self._days.over_at:
            self._end_days(now)
        slot = self._slots.find(sighting.thread, self._brand_of.get(sighting.brand, NONE))
        if slot < 0 or now - self._attend_at[slot] > self.idle:
            slot = self._open(sighting.brand, sighting.thread, slot, at, now)
        if sighting.parent and sighting.mention != sighting.thread:
            self._alias(sighting.mention, self._slots.threads[slot])
        fives = self._fives[slot]
        tens = self._tens[slot]
        hours = self._hours[slot]
        sixes = self._sixes[slot]
        five = ten = hour = slow = 1.0
        ahead = at - self._last_at[slot]
        if ahead > 0:
            fade = exp(-ahead / _SLOW)
            sixes *= fade
            fade *= fade
            fade *= fade * fade  # the same over a sixth of the time
            hours *= fade
            fade *= fade
            fade *= fade * fade
            tens *= fade
            fives *= fade * fade
            self._last_at[slot] = at
        elif ahead < 0:
            five, ten, hour, slow = _fadings(-ahead)
            self._first_at[slot] = min(at, self._first_at[slot])
        if now >= self._attend_at[slot]:
            self._attend(slot, hours, now)
        if sighting.official or sighting.voice == OURS:
            self._hear_ours(slot, sighting, at, tens)
        else:
            fives += five
            tens += ten
            hours += hour
            sixes += slow
            self._voices[slot] += _ONE + int(sighting.negativity * 1_000 + 0.5)
            heat = (2 + fives) * (1 + sixes)
            if heat > self._heat[slot]:
                self._heat[slot] = heat
                if heat > self._told[slot] * _MORE:
                    self._tell(slot, now)
            fresh = self._authors.admit(slot, sighting.author) if sighting.author else True
            if fresh and sighting.followers is not None:
                self._reach_out(slot, sighting.followers)
        self._fives[slot] = fives
        self._tens[slot] = tens
        self._hours[slot] = hours
        self._sixes[slot] = sixes
        return slot

    def slot_of(self, brand: str, thread: str) -> int | None:
        """Where a live conversation is kept."""
        key = self._brand_of.get(brand)
        slot = NONE if key is None else self._slots.find(thread, key)
        return None if slot == NONE else slot

    def score(self, slot: int, now: Instant) -> float:
        """How worrying a conversation is."""
        fives, _, _, sixes = self._fade(slot, now)
        return self._judge.score((2 + fives) * (1 + sixes))

    def mentions(self, slot: int) -> int:
        """How many a conversation has brought."""
        return self._voices[slot] // _ONE

    def outlook(self, slot: int, now: Instant) -> tuple[float, Forecast]:
        """How worrying a conversation is, and how many mentions it will bring in the next 24 h."""
        fives, tens, hours, sixes = self._fade(slot, now)
        judge, first_day = self._judge, now - self._first_at[slot] < DAY
        expected = judge.expect(tens, hours)
        return judge.score((2 + fives) * (1 + sixes)), judge.forecast(expected, first_day=first_day)

    def view(self, slot: int, now: Instant) -> ThreadView:
        """A conversation as rules read it. Its reach counts each known author once."""
        fives, tens, hours, sixes = self._fade(slot, now)
        judge, first_at = self._judge, self._first_at[slot]
        trend = judge.trend(tens, hours, now - first_at)
        likely = judge.forecast(judge.expect(tens, hours), first_day=now - first_at < DAY)
        count, milli = divmod(self._voices[slot], _ONE)
        left = self._hours[slot]
        crest, trough = max(left, self._crest[slot]), hours if left > self._crest[slot] else self._trough[slot]
        answered_at, answered_tens = self._answers.get(slot, _UNANSWERED)
        return ThreadView(
            id=self._slots.threads[slot],
            brand=self._brands[self._slots.brands[slot]],
            mentions=count,
            authors=self._authors.count(slot),
            negative_share=milli / 1_000 / count if count else 0.0,
            reach=self._reach[slot] - 1 if self._reach[slot] else None,
            rate=6 * tens,
            forecast=likely.mentions,
            score=judge.score((2 + fives) * (1 + sixes)),
            answered=now - answered_at <= _ANSWERED and tens <= _SPEEDING_UP * answered_tens + 1,
            trend=trend,
            first_at=first_at,
            last_at=self._last_at[slot],
            phase=judge.phase(trend, hours, crest, min(hours, trough)),
            likely=likely,
            milestone=judge.milestone(tens, hours, now - first_at, now) if trend is Trend.RISING else None,
        )

    def recent(self, slot: int, over: Span, now: Instant) -> float:
        """Mentions in about the trailing window: exact while the conversation is younger, else from what has faded."""
        count = float(self.mentions(slot))
        if now - self._first_at[slot] <= over:
            return count
        _, tens, hours, sixes = self._fade(slot, now)
        if over <= HOUR:
            part = max(0.0, (over - HOUR // 6) / (HOUR - HOUR // 6))
            recent = min(1.0, over / (HOUR / 6)) * tens * (1 - part) + hours * part
        else:
            part = min(1.0, (over - HOUR) / (_SLOW - HOUR))
            recent = hours * (1 - part) + sixes * part * max(1.0, over / _SLOW)
        return min(count, recent)

    def thread_ceiling(self, brand: str, rate: float) -> float:
        """The score that `rate` conversations of this brand a day reach in ordinary traffic."""
        return self._judge.ceiling(brand, rate, self._now)

    def dump(self) -> dict[str, Any]:
        """Everything, as builtins and bytes that share nothing with this object."""
        return {
            "idle": self.idle,
            "now": self._now,
            "slots": self._slots.dump(),
            "hand": self._hand,
            "days": self._days.dump(self._slots.used),
            "brands": self._brands.copy(),
            "authors": self._authors.dump(self._slots.used),
            "answers": list(self._answers.items()),
            "young": self._young.copy(),
            "old": self._old.copy(),
            "fields": {name: memoryview(getattr(self, f"_{name}"))[: self._slots.used].tobytes() for name in _FIELDS},
            "judge": self._judge.dump(),
        }

    @classmethod
    def load(cls, dumped: Mapping[str, Any], judge: Judge) -> "Tracker":
        """What `dump` gave, alive again; `judge` becomes what it was."""
        slots = Slots.load(dumped["slots"])
        tracker = cls(judge, slots.capacity, dumped["idle"])
        judge.restore(dumped["judge"])
        tracker._now, tracker._slots = dumped["now"], slots
        tracker._hand, tracker._days = dumped["hand"], Days.load(dumped["days"])
        tracker._brands = list(dumped["brands"])
        tracker._brand_of = {brand: key for key, brand in enumerate(tracker._brands)}
        tracker._authors = Authors.load(dumped["authors"])
        tracker._answers = {slot: (at, tens) for slot, (at, tens) in dumped["answers"]}
        tracker._young, tracker._old = dict(dumped["young"]), dict(dumped["old"])
        tracker._lay_out(dumped["fields"])
        return tracker

    def _lay_out(self, fields: Mapping[str, bytes]) -> None:
        self._voices = array("Q", fields["voices"])  # mentions times _ONE, plus the thousandths of their negativity
        self._reach = array("I", fields["reach"])  # known followers and one, 0 if none are known
        self._fives = array("f", fields["fives"])
        self._tens = array("f", fields["tens"])
        self._hours = array("f", fields["hours"])
        self._sixes = array("f", fields["sixes"])
        self._heat = array("f", fields["heat"])  # the greatest so far
        self._told = array("f", fields["told"])  # of it
        self._crest = array("f", fields["crest"])
        self._trough = array("f", fields["trough"])
        self._first_at = array("q", fields["first_at"])
        self._last_at = array("q", fields["last_at"])
        self._attend_at = array("q", fields["attend_at"])
        self._columns: list[array[Any]] = [getattr(self, f"_{name}") for name in _FIELDS]

    def _root(self, known: str) -> str:
        return self._young.get(known) or self._old.get(known) or known

    def _alias(self, reply: str, thread: str) -> None:
        if len(self._young) >= _ALIASES and reply not in self._young:
            self._old, self._young = self._young, {}
        self._young[reply] = thread

    def _hear_ours(self, slot: int, sighting: Sighting, at: Instant, tens: float) -> None:
        """Note an official answer; what else the brand's own people say counts for nothing."""
        if sighting.official and not sighting.is_root and at >= self._answers.get(slot, _UNANSWERED)[0]:
            self._answers[slot] = (at, tens)

    def _reach_out(self, slot: int, followers: int) -> None:
        """Add the followers of one more author."""
        known = max(0, self._reach[slot] - 1)
        self._reach[slot] = 1 + min(_LARGEST, known + max(0, followers))

    def _attend(self, slot: int, hours: float, now: Instant) -> None:
        """What is done for a conversation every ten minutes; `hours` is what its last hour has faded to."""
        left = self._hours[slot]
        if left > self._crest[slot]:
            self._crest[slot], self._trough[slot] = left, hours
        elif hours < self._trough[slot]:
            self._trough[slot] = hours
        asks_at = self._days.asks_at(slot)
        if asks_at is None:
            self._days.begin(slot, self._voices[slot] // _ONE, now)
            asks_at = now + HOUR
        elif now >= asks_at:
            self._guess(slot)
            asks_at = FAR
        self._attend_at[slot] = min(asks_at, now + _ATTENTION)

    def _open(self, brand: str, thread: str, slot: int, at: Instant, now: Instant) -> int:
        """A slot for a new conversation; the one that it had has been idle for too long, if it is not NONE."""
        if slot >= 0:
            self._evict(slot)
        self._sweep(now)
        if len(self._slots) >= self.capacity:
            self._evict(self._least_recent())
        key = self._brand_of.get(brand)
        if key is None:
            key = self._brand_of[brand] = len(self._brands)
            self._brands.append(brand)
        slot = self._slots.take(thread, key)
        if slot == len(self._voices):
            self._make_room()
        self._voices[slot] = self._reach[slot] = self._attend_at[slot] = 0
        self._fives[slot] = self._tens[slot] = self._hours[slot] = self._sixes[slot] = 0.0
        self._heat[slot] = self._crest[slot] = self._trough[slot] = 0.0
        self._told[slot] = self._judge.calm
        self._first_at[slot] = self._last_at[slot] = at
        return slot

    def _sweep(self, now: Instant) -> None:
        """Look at two slots, and drop who is idle: faster than they come."""
        used, attend_at, hand = self._slots.used, self._attend_at, self._hand
        for _ in range(2):
            hand += 1
            if hand >= used:
                hand = -1
            elif now - attend_at[hand] > self.idle:
                self._evict(hand)
        self._hand = hand

    def _least_recent(self) -> int:
        """The one of a few slots from all over the place whose last mention is the oldest; all are taken."""
        step, capacity = int(self.capacity * _GOLDEN) + 1, self.capacity
        slots = [place % capacity for place in range(self._hand + 1, self._hand + 1 + _SAMPLE * step, step)]
        return min(slots, key=self._last_at.__getitem__)

    def _tell(self, slot: int, now: Instant) -> None:
        """Let the judge know how hot a conversation has become; again when it is hotter by a twelfth."""
        heat = self._heat[slot]
        self._judge.rise(self._brands[self._slots.brands[slot]], self._told[slot], heat, now)
        self._told[slot] = heat

    def _make_room(self) -> None:
        for column in self._columns:
            column.frombytes(bytes(_CHUNK * column.itemsize))
        self._days.make_room(_CHUNK)
        self._authors.make_room(_CHUNK)

    def _evict(self, slot: int) -> None:
        if self._days.asks_at(slot) is not None:
            self._end_day(slot)
        self._days.clear(slot)
        self._authors.clear(slot)
        self._answers.pop(slot, None)
        self._attend_at[slot] = FAR
        self._slots.release(slot)

    def _end_days(self, now: Instant) -> None:
        """All that are over; a conversation of which one was, and that is heard of now, asks for attention."""
        while now >= self._days.over_at:
            slot = self._days.first
            self._end_day(slot)
            self._attend_at[slot] = min(self._attend_at[slot], now)

    def _guess(self, slot: int) -> None:
        """Keep what the forecast was an hour into the day: of the numbers that the last mention left."""
        expected = self._judge.expect(self._tens[slot], self._hours[slot])
        self._days.note(slot, expected, self._voices[slot] // _ONE)

    def _end_day(self, slot: int) -> None:
        """Let it be learnt what became of a conversation."""
        days, judge, count, heat = self._days, self._judge, self._voices[slot] // _ONE, self._heat[slot]
        if heat > self._told[slot]:
            self._tell(slot, self._now)
        if not days.knows(slot):
            self._guess(slot)
        expected, came = days.foreseen(slot, count)
        before, most, heat_before = days.end(slot, count, heat)
        if most:  # somebody other than the brand itself has spoken
            judge.compare(expected, came, first_day=not before)
            judge.learn(before, most, heat_before, heat)

    def _fade(self, slot: int, now: Instant) -> tuple[float, float, float, float]:
        """Mentions of the last five and ten minutes, hour and six hours, as faded by now."""
        fives, tens, hours, sixes = self._fives[slot], self._tens[slot], self._hours[slot], self._sixes[slot]
        passed = now - self._last_at[slot]
        if passed <= 0:
            return fives, tens, hours, sixes
        five, ten, hour, slow = _fadings(passed)
        return fives * five, tens * ten, hours * hour, sixes * slow


def _fadings(passed: Span) -> tuple[float, float, float, float]:
    """What is left of five and ten minutes, an hour and six hours."""
    slow = exp(-passed / _SLOW)
    hour = slow**6
    ten = hour**6
    return ten * ten, ten, hour, slow
