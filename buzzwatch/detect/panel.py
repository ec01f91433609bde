"""The comparators that the rules of one brand name: what they learn from, and what they say."""

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any

from buzzwatch.detect.budget import LINE, Tail
from buzzwatch.detect.comparator import LEAST_FITTED, Fitted, Sample, fit, sample
from buzzwatch.detect.windows import SPAN, Bucket
from buzzwatch.model.instant import HOUR, LONGEST_WINDOW, MINUTE, Instant, Span
from buzzwatch.model.signal import Comparator, Comparison, Detector

Gaps = Sequence[tuple[Instant, Instant]]

STEP = 5
"""Minutes of a bucket."""
_SPAN = STEP * MINUTE
_DAY = 24 * 60 // STEP
_HALF_DAY = SPAN // STEP
_LEARNT = 14 * _DAY
"""Buckets that a comparator learns from."""
_KEPT = _LEARNT + _DAY
_EVERY = 6
"""A comparator is shown the windows that end at each half-hour."""
_DEAF = -1
_MOST = 2**31 - 1


class Past:
    """Mentions (negativity: thousandths of negative ones) of each bucket of a brand's last two weeks, or `_DEAF`.

    17 kB. `first` is the bucket of the first count, from the epoch; the last count may still grow.
    """

    __slots__ = ("counts", "first")

    def __init__(self, first: int, counts: "array[int] | None" = None) -> None:
        self.first = first
        self.counts = array("i") if counts is None else counts

    def reach(self, bucket: int) -> None:
        """Hold buckets up to this one, and none of more than two weeks and two days before."""
        if bucket - self.first > _KEPT + _DAY:
            floor = bucket - _KEPT
            self.counts = self.counts[floor - self.first :]
            self.first = floor
        missing = bucket + 1 - self.first - len(self.counts)
        if missing > 0:
            self.counts.extend(array("i", bytes(4 * missing)))

    def add(self, bucket: int, amount: int) -> None:
        """Count in a bucket that is held; one from before is passed over."""
        place = bucket - self.first
        if place >= 0:
            self.counts[place] = min(_MOST, self.counts[place] + amount)

    def strike(self, first: int, end: int) -> None:
        """Remember that nobody listened in these buckets, the last one excluded."""
        for place in range(max(0, first - self.first), end - self.first):
            self.counts[place] = _DEAF

    def samples(self, until: int, width: int, unit: int) -> list[Sample]:
        """The windows of `width` buckets before `until`, the oldest first; none that was deaf.

        Nor one of which twelve hours were deaf for more than half: there is nothing to compare with.
        """
        begin = max(self.first, until - _LEARNT)
        if until < begin + _HALF_DAY:
            return []
        known = self.counts[begin - self.first : until - self.first]
        sums = [0, *accumulate(max(0, count) for count in known)]
        deaf = [0, *accumulate(count == _DEAF for count in known)]
        found = []
        for end in range(_HALF_DAY + (-(begin + _HALF_DAY)) % _EVERY, len(sums), _EVERY):
            since = end - _HALF_DAY
            heard = _HALF_DAY - deaf[end] + deaf[since]
            if 2 * heard >= _HALF_DAY and deaf[end] == deaf[end - width]:
                count, day_count = (sums[end] - sums[end - width]) / unit, (sums[end] - sums[since]) / unit
                found.append(sample(count, day_count, width / heard))
        return found


class Panel:
    """Scores what rules ask comparators, by what left the longest window.

    Once a day, at `hour` (UTC; spread over brands so that they do not all do it at once), every comparator is fitted
    anew to the last two weeks, and does not change until the next day: it is a function of the counts kept here, and a
    restart fits the same. What is fitted is therefore not dumped. A comparator says 0 until a day of windows is known,
    a day and a half after the brand or the rule, and while more than half of the last twelve hours was deaf.
    """

    __slots__ = ("_closed", "_fitted", "_fitted_at", "_hour", "_pasts", "_scores", "_tails")

    def __init__(self, minute: int, hour: int) -> None:
        self._hour = hour
        self._closed = -(-minute // STEP)  # buckets before it are whole and known
        self._pasts: dict[Detector, Past] = {}
        self._scores: dict[Comparison, float] = {}
        self._tails: dict[Comparison, Tail] = {}
        self._fitted: dict[Comparison, Fitted] = {}
        self._fitted_at: int | None = None

    def follow(self, comparisons: Iterable[Comparison]) -> None:
        """Score these from now on, and no others; those scored already go on as they are."""
        self._scores = {each: self._scores.get(each, 0.0) for each in comparisons}
        self._tails = {each: tail for each, tail in self._tails.items() if each in self._scores}
        needed = dict.fromkeys(each.detector for each in self._scores)
        self._pasts = {each: self._pasts.get(each) or Past(self._closed) for each in needed}
        self._fitted, self._fitted_at = {}, None

    def learn(self, left: Sequence[Bucket], until: int, gaps: Gaps) -> None:
        """Take the minutes before `until`: `left` are those with mentions since the last call, ascending."""
        closed = max(self._closed, until // STEP)
        for detector, past in self._pasts.items():
            past.reach(closed)
            for bucket in left:
                past.add(bucket.minute // STEP, bucket.milli if detector is Detector.NEGATIVITY else bucket.mentions)
            for since, end in gaps:
                past.strike(max(self._closed, since // _SPAN), min(closed, -(-end // _SPAN)))
        self._closed = closed

    def judge(self, count: Callable[[Detector, Span], float], now: Instant, gaps: Gaps, *, heard: bool = True) -> None:
        """Score what is followed; `count` gives what is in a window now, which teaches only if anything was `heard`."""
        self._fit(now)
        listened = SPAN - _deaf_minutes(now, gaps)
        for comparison in self._scores:
            _, detector, over = comparison
            score, fitted = 0.0, self._fitted.get(comparison)
            if fitted is not None and 2 * listened >= SPAN:
                part = over / MINUTE / listened
                score = fitted.score(sample(count(detector, over), count(detector, LONGEST_WINDOW), part))
            self._scores[comparison] = score
            tail = self._tails.get(comparison)
            if heard and tail is not None and (score > LINE or tail.top):
                tail.observe(score, now, max(over, HOUR))

    def score(self, comparison: Comparison) -> float:
        """As of the last time it was judged; 0 where no rule asks."""
        return self._scores.get(comparison, 0.0)

    def ceiling(self, comparison: Comparison, rate: float, now: Instant) -> float:
        """The score that ordinary traffic of this brand reaches `rate` times a day."""
        return (self._tails.get(comparison) or Tail(now)).ceiling(rate, now)

    def set_back(self, minute: int, now: Instant) -> "Panel":
        """One that goes on from a minute, by a clock that had run ahead; what was learnt is kept, its dates are not."""
        panel = Panel(minute, self._hour)
        for detector, past in self._pasts.items():
            known = past.counts[: self._closed - past.first]
            panel._pasts[detector] = Past(panel._closed - len(known), known)
        panel._scores = dict.fromkeys(self._scores, 0.0)
        for comparison, tail in self._tails.items():
            panel._tails[comparison] = Tail(now)
            panel._tails[comparison].adopt(tail.habits())
        return panel

    def dump(self) -> dict[str, Any]:
        """Everything but what is fitted, as builtins and bytes that share nothing with this object."""
        return {
            "hour": self._hour,
            "closed": self._closed,
            "pasts": [(detector.value, past.first, past.counts.tobytes()) for detector, past in self._pasts.items()],
            "scores": [(each.by.value, each.detector.value, each.over, s) for each, s in self._scores.items()],
            "tails": [(each.by.value, each.detector.value, each.over, t.dump()) for each, t in self._tails.items()],
        }

    @classmethod
    def load(cls, dumped: Mapping[str, Any]) -> "Panel":
        """What `dump` gave, alive again."""
        panel = cls(dumped["closed"] * STEP, dumped["hour"])
        panel._pasts = {Detector(name): Past(first, array("i", counts)) for name, first, counts in dumped["pasts"]}
        panel._scores = {_comparison(by, about, over): score for by, about, over, score in dumped["scores"]}
        panel._tails = {_comparison(by, about, over): Tail.load(tail) for by, about, over, tail in dumped["tails"]}
        return panel

    def _fit(self, now: Instant) -> None:
        """Fit everything to what was known at the last whole day, if that was not done yet."""
        until = self._closed - (self._closed - self._hour * HOUR // _SPAN) % _DAY
        if until == self._fitted_at:
            return
        self._fitted, self._fitted_at = {}, until
        known: dict[tuple[Detector, Span], list[Sample]] = {}
        for comparison in self._scores:
            by, detector, over = comparison
            if (detector, over) not in known:
                unit = 1_000 if detector is Detector.NEGATIVITY else 1
                known[detector, over] = self._pasts[detector].samples(until, over // _SPAN, unit)
            if len(known[detector, over]) >= LEAST_FITTED:
                self._fitted[comparison] = fit(by, known[detector, over])
                self._tails.setdefault(comparison, Tail(now))


def _comparison(by: str, detector: str, over: Span) -> Comparison:
    return Comparison(Comparator(by), Detector(detector), over)


def _deaf_minutes(now: Instant, gaps: Gaps) -> int:
    """Of the last twelve hours."""
    deaf, at = 0, now - LONGEST_WINDOW
    for since, until in sorted(gaps):
        since, until = max(since, at), min(until, now)  # noqa: PLW2901 - the part of it that was not counted yet
        if until > since:
            deaf, at = deaf + until - since, until
    return deaf // MINUTE
