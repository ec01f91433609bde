"""What is normal for a brand: an hour-of-week profile times a slow level, and its usual share of negative mentions."""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from functools import lru_cache
from math import sqrt
from typing import Any

from msgspec.structs import astuple

from buzzwatch.detect import negativity, volume
from buzzwatch.detect.shift import Shift
from buzzwatch.detect.volume import Spread
from buzzwatch.detect.windows import Bucket
from buzzwatch.model.instant import HOUR, MINUTE, Instant

Gaps = Sequence[tuple[Instant, Instant]]

WEEK = 168
_LEARNING = 72.0  # hours learnt until the brand's own past speaks
_LEVEL_KEEP = 0.5 ** (1 / 240)  # an hour; half-life ten days
_SHARE_KEEP = 0.5 ** (1 / 720)  # an hour; half-life thirty days
_BIN_KEEP = 0.9  # a week
_PRIOR_COUNT, _PRIOR_HOURS = 0.5, 0.25  # a new brand: two mentions an hour, believed for a quarter of an hour
_PRIOR_SHARE, _PRIOR_FRESH = 0.25, 20.0
_PRIOR_DISPERSION, _PRIOR_SAMPLES = 1.3, 24.0
_LEAST_MEAN = 1 / 3  # mentions in ten minutes, for an hour to say anything of bursts
_BURST_CAP = 5.0
_DAY_NOISE = 0.04  # squared relative day-to-day noise, after profile and level
_DAY_PULL, _BIN_PULL = 1.5, 8.0  # evidence that holds an hour of day at 1, and an hour of week at its hour of day
_LINE = 4.0  # an hour that scores above it is held back
_HELD = 48  # hours
_CALM = 24  # hours without an extreme one end a spell
_AFTER_SPELL = 24.0  # hours that the old level still weighs once a new one is accepted
_WINSOR = 3.0  # standard deviations
_LEAST_EXPOSURE = 30  # minutes of an hour
_FEW = 0.2  # mentions an hour, under which whole empty weeks are learnt at once, and twice as many is no other level


@lru_cache(maxsize=8_192)
def hour_of_week(zone: tzinfo, hour: int) -> int:
    """Which of the 168 local hours of the week an hour of the epoch begins in; Monday's first is 0."""
    moment = datetime.fromtimestamp(hour * 3_600, zone)
    return moment.weekday() * 24 + moment.hour


class Baseline:
    """Learns whole hours in their order, each once, after they left the longest window.

    Level: decayed mentions over decayed profile hours. Profile: per bin, a mean of observed over expected, weighted by
    evidence and shrunk toward its hour of day, itself shrunk toward 1. Counts are winsorised. An extreme hour is held
    back; 48 hours after the first of a spell the new level is accepted, fast; so is one that is twice or half as high
    for days (`shift`). Hours of the local week follow the zone: the one that spring skips is never met, the one that
    autumn doubles is learnt twice.
    """

    __slots__ = (
        "_calm", "_count", "_dispersion", "_evidence", "_fresh", "_negative", "_pending", "_ratios", "_samples",
        "_shape", "_shift", "_spell", "_sum", "_weight", "learnt", "until", "zone",
    )  # fmt: skip

    def __init__(self, zone: tzinfo, born_at: Instant) -> None:
        self.zone = zone
        self.until = born_at // MINUTE
        """The first minute that is not learnt yet."""
        self._pending: list[Bucket] = []  # of an hour that is not over yet
        self.learnt = 0.0
        """Hours."""
        self._sum = 0.0
        self._weight = 0.0
        self._evidence = array("d", bytes(8 * WEEK))
        self._ratios = array("d", bytes(8 * WEEK))
        self._shape = array("d", [1.0] * WEEK)
        self._dispersion = _PRIOR_DISPERSION * _PRIOR_SAMPLES
        self._samples = _PRIOR_SAMPLES
        self._count = 0.0
        self._fresh = 0.0
        self._negative = 0.0
        self._spell = 0  # hours since the first extreme one, 0 outside
        self._calm = 0  # hours since the last extreme one
        self._shift = Shift()

    @property
    def learning(self) -> bool:
        """The brand's own past is too short."""
        return self.learnt < _LEARNING

    def shape(self, hour: int) -> float:
        """The profile at an hour of the epoch, about 1 on average."""
        return self._shape[hour_of_week(self.zone, hour)]

    def level(self, seen: float = 0.0, hours: float = 0.0) -> float:
        """Mentions in an hour of profile 1; what was `seen` in so many profile hours not learnt yet may help."""
        return (_PRIOR_COUNT + self._sum + seen) / (_PRIOR_HOURS + self._weight + hours)

    def spread(self, hour: int, seen: float = 0.0, hours: float = 0.0) -> Spread:
        """How counts scatter about their expectation, and how sure that one is at an hour of the epoch."""
        dispersion = self._burstiness
        heard = sum(self._evidence[hour_of_week(self.zone, hour) % 24 :: 24])
        doubt = sqrt(self._level_doubt(seen, hours) + 1 / (_DAY_PULL + heard))
        return Spread(dispersion, _DAY_NOISE * dispersion, doubt)

    @property
    def share(self) -> float:
        """The usual share of negative mentions among those with a fresh text."""
        return (_PRIOR_SHARE * _PRIOR_FRESH + self._negative) / (_PRIOR_FRESH + self._fresh)

    @property
    def anger(self) -> float:
        """The usual number of negative mentions, copies once, for one mention of any kind."""
        return (_PRIOR_SHARE * _PRIOR_FRESH + self._negative) / (_PRIOR_FRESH + self._count)

    def lift(self, level: float) -> None:
        """Believe that at least so many mentions an hour are usual, whatever was learnt last."""
        wanted = level * (_PRIOR_HOURS + self._weight) - _PRIOR_COUNT
        if wanted > self._sum:
            self._sum = wanted
            self._shift = Shift()

    def learn(self, left: Sequence[Bucket], until: int, gaps: Gaps, seen: float = 0.0, hours: float = 0.0) -> None:
        """Learn the whole hours before the minute `until`.

        `left` are the buckets with mentions since the last call, ascending; `gaps` deaf times (from, until). `seen` and
        `hours` as in `level`: they stand in while the brand is young.
        """
        self._pending.extend(left)
        hour, last = self.until // 60, until // 60
        if hour >= last:
            return
        if not self.learning:
            seen = hours = 0.0
        gaps = [gap for gap in gaps if gap[1] > hour * HOUR and gap[0] < last * HOUR]
        pending, at = self._pending, 0
        while hour < last:
            following = pending[at].minute // 60 if at < len(pending) else last
            plain = min(following, last, _deaf_from(hour, gaps))
            if plain > hour and self.until <= hour * 60:
                hour = self._learn_empty(hour, plain, seen, hours)
                continue
            end = at
            while end < len(pending) and pending[end].minute // 60 <= hour:
                end += 1
            self._learn_hour(hour, pending[at:end], gaps, seen, hours)
            at = end
            hour += 1
        self._pending = pending[at:]
        self.until = last * 60

    def dump(self) -> dict[str, Any]:
        """Everything, as builtins and bytes that share nothing with this object."""
        return {
            "minute": self.until,
            "pending": [astuple(bucket) for bucket in self._pending],
            "numbers": self._numbers(),
            "evidence": self._evidence.tobytes(),
            "ratios": self._ratios.tobytes(),
            "shift": self._shift.dump(),
        }

    @classmethod
    def load(cls, dumped: Mapping[str, Any], zone: tzinfo) -> "Baseline":
        """What `dump` gave, alive again."""
        baseline = cls(zone, 0)
        baseline.until = dumped["minute"]
        baseline._pending = [Bucket(*bucket) for bucket in dumped["pending"]]
        baseline._set(dumped["numbers"], array("d", dumped["evidence"]), array("d", dumped["ratios"]))
        baseline._shift = Shift.load(dumped["shift"])
        return baseline

    def habits(self) -> dict[str, Any]:
        """What was learnt, without dates, as numbers and lists of numbers."""
        return {"numbers": self._numbers(), "evidence": self._evidence.tolist(), "ratios": self._ratios.tolist()}

    def adopt(self, habits: Mapping[str, Any]) -> None:
        """Believe from now on what another baseline had learnt. ValueError if it is not one of this kind."""
        evidence, ratios = array("d", habits["evidence"]), array("d", habits["ratios"])
        if len(evidence) != WEEK or len(ratios) != WEEK:
            raise ValueError(f"a profile of {len(evidence)} and {len(ratios)} hours: {WEEK} are needed; learn it again")
        self._set(habits["numbers"], evidence, ratios)
        self._shift = Shift()

    def _numbers(self) -> list[float]:
        return [
            self.learnt, self._sum, self._weight, self._dispersion, self._samples, self._count, self._fresh,
            self._negative, self._spell, self._calm,
        ]  # fmt: skip

    def _set(self, numbers: Sequence[float], evidence: "array[float]", ratios: "array[float]") -> None:
        self.learnt, self._sum, self._weight, self._dispersion, self._samples = numbers[:5]
        self._count, self._fresh, self._negative = numbers[5:8]
        self._spell, self._calm = int(numbers[8]), int(numbers[9])
        self._evidence, self._ratios = evidence, ratios
        for hour_of_day in range(24):
            self._reshape(hour_of_day)

    def _learn_hour(self, hour: int, buckets: Sequence[Bucket], gaps: Gaps, seen: float, hours: float) -> None:
        exposure = self._exposure(hour, gaps)
        if exposure < _LEAST_EXPOSURE:
            return
        heard = [bucket for bucket in buckets if not _deaf(bucket.minute, gaps)] if gaps else buckets
        scale = 60 / exposure
        count = sum(bucket.mentions for bucket in heard) * scale
        fresh = sum(bucket.fresh for bucket in heard) * scale
        negative = sum(bucket.milli for bucket in heard) / 1_000 * scale
        place = hour_of_week(self.zone, hour)
        level, spread = self.level(seen, hours), self.spread(hour, seen, hours)
        expected = level * self._shape[place]
        self.learnt += exposure / 60
        if exposure == 60:  # noqa: PLR2004 - a whole hour
            self._note_bursts(buckets)
        if self.learning:
            self._note(place, count, level, self._level_doubt(seen, hours))
            self._note_share(count, fresh, negative)
            return
        if self._move(count, expected, self._shape[place], spread):
            level, spread = self.level(), self.spread(hour)
            expected = level * self._shape[place]
        extreme = volume.score(count, expected, spread) > _LINE or (
            negativity.score(negative, int(fresh), expected * self.anger, self.share, spread) > _LINE
        )
        self._keep_spell(1, extreme=extreme)
        if extreme and self._spell <= _HELD:
            return
        if extreme:
            self._loosen()
        else:
            variance = spread.dispersion * expected + (spread.noise + spread.doubt**2) * expected * expected
            cap = expected + _WINSOR * sqrt(variance + 1)
            if count > cap:
                fresh, negative, count = fresh * cap / count, negative * cap / count, cap
        self._note(place, count, level, self._level_doubt(seen, hours))
        self._note_share(count, fresh, negative)

    def _learn_empty(self, hour: int, until: int, seen: float, hours: float) -> int:
        """Learn hours without mentions, a week at most, or all whole weeks where few are usual; the next hour."""
        if self.level() < _FEW and until - hour >= WEEK:
            return self._learn_empty_weeks(hour, (until - hour) // WEEK)
        level, doubt, count = self.level(seen, hours), self._level_doubt(seen, hours), min(WEEK, until - hour)
        spread, touched = self.spread(hour, seen, hours), set()
        for each in range(hour, hour + count):
            place = hour_of_week(self.zone, each)
            touched.add(place % 24)
            expected = self.level() * self._shape[place]
            if not self.learning and self._move(0.0, expected, self._shape[place], spread):
                level, doubt = self.level(), self._level_doubt(seen, hours)
            self._sum *= _LEVEL_KEEP
            self._weight = self._weight * _LEVEL_KEEP + self._shape[place]
            self._evidence[place] = self._evidence[place] * _BIN_KEEP + self._evidence_of(place, level, doubt)
            self._ratios[place] *= _BIN_KEEP
        self._pass_empty(count, sorted(touched))
        return hour + count

    def _learn_empty_weeks(self, hour: int, weeks: int) -> int:
        """What hour by hour would teach: every sum fades, the level and with it the evidence week by week."""
        slower, kept = _LEVEL_KEEP**WEEK, _BIN_KEEP**weeks
        lost = slower**weeks
        level, doubt, week = self.level(), self._level_doubt(0, 0), 0.0
        for each in range(hour, hour + WEEK):
            place = hour_of_week(self.zone, each)
            week = week * _LEVEL_KEEP + self._shape[place]
            believed = self._evidence_of(place, level, doubt) * (kept - lost) / (_BIN_KEEP - slower)
            self._evidence[place] = self._evidence[place] * kept + believed
            self._ratios[place] *= kept
        self._sum *= lost
        self._weight = self._weight * lost + week * (1 - lost) / (1 - slower)
        self._pass_empty(weeks * WEEK, range(24))
        return hour + weeks * WEEK

    def _pass_empty(self, hours: int, touched: Iterable[int]) -> None:
        for hour_of_day in touched:
            self._reshape(hour_of_day)
        self._fade_share(hours)
        self.learnt += hours
        self._keep_spell(hours, extreme=False)

    @property
    def _burstiness(self) -> float:
        return max(1.0, self._dispersion / self._samples)

    def _level_doubt(self, seen: float, hours: float) -> float:
        """Relative variance of the level."""
        known, days = _PRIOR_COUNT + self._sum + seen, (_PRIOR_HOURS + self._weight + hours) / 24
        return _DAY_NOISE / days + self._burstiness / known

    def _evidence_of(self, place: int, level: float, doubt: float) -> float:
        """What one hour's ratio of observed to expected is worth: one over its variance."""
        return 1 / (self._burstiness * (1 / (level * self._shape[place]) + _DAY_NOISE) + doubt)

    def _note(self, place: int, count: float, level: float, doubt: float) -> None:
        evidence = self._evidence_of(place, level, doubt)
        mean = sum(self._shape) / WEEK  # held at 1: else profile and level could drift apart, their product the same
        self._sum = self._sum * _LEVEL_KEEP + count
        self._weight = self._weight * _LEVEL_KEEP + self._shape[place]
        self._evidence[place] = self._evidence[place] * _BIN_KEEP + evidence
        self._ratios[place] = self._ratios[place] * _BIN_KEEP + evidence * count / (level * mean)
        self._reshape(place % 24)

    def _note_bursts(self, buckets: Sequence[Bucket]) -> None:
        """Variance over mean of the ten-minute counts within an hour: 1 by chance alone, whatever the profile."""
        parts = [0] * 6
        for bucket in buckets:
            parts[bucket.minute % 60 // 10] += bucket.mentions
        mean = sum(parts) / 6
        if mean < _LEAST_MEAN:
            return
        sample = sum((part - mean) ** 2 for part in parts) / 5 / mean
        sample = min(sample, _BURST_CAP * self._dispersion / self._samples)
        self._dispersion = self._dispersion * _SHARE_KEEP + sample
        self._samples = self._samples * _SHARE_KEEP + 1

    def _note_share(self, count: float, fresh: float, negative: float) -> None:
        self._fade_share(1)
        self._count += count
        self._fresh += fresh
        self._negative += negative

    def _fade_share(self, hours: int) -> None:
        kept = _SHARE_KEEP**hours
        self._count *= kept
        self._fresh *= kept
        self._negative *= kept

    def _keep_spell(self, hours: int, *, extreme: bool) -> None:
        if not self._spell and not extreme:
            return
        self._spell += hours
        self._calm = 0 if extreme else self._calm + hours
        if self._calm >= _CALM:
            self._spell = self._calm = 0

    def _move(self, count: float, expected: float, shape: float, spread: Spread) -> bool:
        """Take the level of the last days for the normal one if it is another for good."""
        if expected < _FEW * shape:
            return False  # nothing could be told from so few, and there are many such hours
        moved = self._shift.hear(count, expected, shape, spread)
        if moved is not None:
            self._sum, self._weight = moved
        return moved is not None

    def _loosen(self) -> None:
        """Let the past weigh a day only, so that a new level is learnt within days."""
        kept = min(1.0, _AFTER_SPELL / self._weight) if self._weight else 1.0
        self._sum *= kept
        self._weight *= kept
        share = min(1.0, _PRIOR_FRESH / self._fresh) if self._fresh else 1.0
        self._count *= share
        self._fresh *= share
        self._negative *= share

    def _reshape(self, hour_of_day: int) -> None:
        days = range(hour_of_day, WEEK, 24)
        evidence = sum(self._evidence[place] for place in days)
        daily = (sum(self._ratios[place] for place in days) + _DAY_PULL) / (evidence + _DAY_PULL)
        for place in days:
            self._shape[place] = (self._ratios[place] + _BIN_PULL * daily) / (self._evidence[place] + _BIN_PULL)

    def _exposure(self, hour: int, gaps: Gaps) -> int:
        """Minutes of an hour in which we lived and heard."""
        first, end = max(hour * 60, self.until), hour * 60 + 60
        if not gaps:
            return end - first
        if any(since <= first * MINUTE and until >= end * MINUTE for since, until in gaps):
            return 0
        return sum(not _deaf(minute, gaps) for minute in range(first, end))


def _deaf(minute: int, gaps: Gaps) -> bool:
    """Some of the minute lies in a gap."""
    start = minute * MINUTE
    return any(since < start + MINUTE and until > start for since, until in gaps)


def _deaf_from(hour: int, gaps: Gaps) -> int:
    """The first hour, from this one on, that a gap touches; a far one if there is none."""
    return min((max(hour, since // HOUR) for since, until in gaps if until > hour * HOUR), default=1 << 62)
