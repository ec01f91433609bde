"""Everything that is known of one brand's traffic: count each mention, look at each decision, then ask."""

from collections.abc import Mapping
from datetime import tzinfo
from itertools import accumulate
from math import log, sqrt
from typing import Any

from buzzwatch.detect import negativity, volume
from buzzwatch.detect.baseline import Baseline, Gaps
from buzzwatch.detect.budget import LINE, Tail
from buzzwatch.detect.negativity import Temper
from buzzwatch.detect.samples import Candidate, Samples
from buzzwatch.detect.surge import HOLD, ORDINARY, Surge
from buzzwatch.detect.volume import Spread
from buzzwatch.detect.windows import SPAN, WIDTHS, Windows
from buzzwatch.model.instant import EVERY_WINDOW, HOUR, LONGEST_WINDOW, MINUTE, WINDOWS, Instant, Span
from buzzwatch.model.mention import Sighting
from buzzwatch.model.signal import Detector, Onset, Signal, Trend

_COUNT = len(WINDOWS)
_INDEX = {over: index for index, over in enumerate(WINDOWS)}
_RECENT, _BEFORE = WINDOWS.index(15 * MINUTE), WINDOWS.index(30 * MINUTE)
_TURN = 1.5  # standard deviations between the last quarter of an hour and the one before
_ALL = 2 * _COUNT  # the place of all windows together
_ANGRIEST = _ALL + 1  # the place of the angriest of the windows up to an hour
_ANGERED = WINDOWS.index(HOUR) + 1
_APART = (*(max(over, HOUR) for over in WINDOWS * 2), HOLD, HOUR)  # of peaks, by place
_LULL = 10.0  # log likelihood: silence this clear ends the way back to a beginning
_STEP = 1.5  # a rise is looked for as at least so many times the usual


class Pulse:
    """The windows, the normal, and the tails of one brand.

    `count` what is seen, `look` at every tick at which the brand is dirty or due, then ask: answers are as of the last
    look. Instants never go backwards. What was posted before `born_at` enters nothing. A window of a new brand is not
    scored before the brand has lived twice as long, and an hour at least: there is nothing to compare with.
    """

    __slots__ = (
        "_angriest", "_baseline", "_born", "_expected", "_heard", "_hour", "_last_at", "_level", "_loudest", "_minute",
        "_profile", "_rate", "_ready", "_samples", "_scores", "_shapes", "_spread", "_surge", "_tails", "_tempers",
        "_until", "_windows",
    )  # fmt: skip

    def __init__(self, zone: tzinfo, born_at: Instant) -> None:
        self._born = born_at // MINUTE
        self._windows = Windows(self._born)
        self._baseline = Baseline(zone, born_at)
        self._samples = Samples()
        self._tails = [Tail(born_at) for _ in range(_ALL)]  # volume's, then negativity's
        self._tails += [Tail(born_at, ORDINARY), Tail(born_at)]
        self._scores = [0.0] * (_ANGRIEST + 1)
        self._surge = Surge(born_at)
        self._tempers = [Temper(born_at) for _ in range(_COUNT + 1)]  # of each window, and of the angriest
        self._heard = False  # anything, since the last look
        self._loudest = WINDOWS[0]  # the window that rose most at the last onset
        self._angriest = WINDOWS[0]  # the angriest when any was last angry
        self._last_at: Instant | None = None
        self._until = born_at  # the last look
        self._frame(self._born // 60)
        self._settle(self._born)
        self._expect(self._born)

    @property
    def zone(self) -> tzinfo:
        """Whose hours and days these are."""
        return self._baseline.zone

    @property
    def last_at(self) -> Instant | None:
        """When the last mention was counted, the brand's own posts among them; None before the first."""
        return self._last_at

    def count(self, sighting: Sighting) -> None:
        """Count a mention in the minute it was posted in; O(1). Late ones and our own people's are no traffic."""
        seen, at = sighting.seen_at, sighting.posted_at
        if at > seen:
            at = seen
        elif seen - at > LONGEST_WINDOW:
            return
        if self._last_at is None or at > self._last_at:
            self._last_at = at
        minute = at // MINUTE
        if sighting.is_ours or minute < self._born:
            return
        windows = self._windows
        opened = seen // MINUTE
        if opened > windows.head:
            windows.roll(opened)
        self._heard = True
        milli = int(sighting.negativity * 1_000 + 0.5)
        if windows.count(minute, milli, sighting.author, sighting.copy):
            followers = sighting.followers
            self._samples.add(
                Candidate(
                    milli,
                    -1 if followers is None else followers,
                    minute,
                    sighting.mention,
                    sighting.thread,
                    sighting.author,
                )
            )

    def spread(self, first: int, minutes: int, mentions: int) -> None:
        """Count mentions of which nothing else is known evenly over so many minutes, the earlier ones one more."""
        each, more = divmod(mentions, minutes)
        for minute in range(first, first + minutes):
            self._windows.roll(minute)
            self._windows.add(each + (minute - first < more))
        if mentions:
            self._last_at, self._heard = (first + min(mentions, minutes) - 1) * MINUTE, True

    def look(self, now: Instant, gaps: Gaps = ()) -> None:
        """Learn the hours that left the longest window, then score every window as of `now`.

        `gaps` are the deaf times (from, until) of this brand's sources that reach into what is not learnt yet.
        """
        windows, minute = self._windows, now // MINUTE
        if minute != self._minute:
            self._turn(minute, gaps)
        self._until = now
        counts, freshes, millis = windows.past()
        count, fresh, milli = windows.open()
        elapsed = self._rate * (now - minute * MINUTE)
        spread, share = self._spread, self._baseline.share
        generous = 1 + spread.doubt
        anger = self._baseline.anger
        rises: list[tuple[float, Span]] = []
        angriest = 0.0
        ordinary = 1 + sqrt(spread.doubt**2 + spread.noise / spread.dispersion)  # one day's own noise is conceded
        for index in range(self._ready):
            expected = self._expected[index] + elapsed
            observed, negative = counts[index] + count, (millis[index] + milli) / 1_000
            loud = 0.0
            if observed > expected * generous:
                loud = volume.score(observed, expected, spread)
                rises.append((volume.rise(observed, expected * ordinary), WINDOWS[index]))
            self._note(index, loud, now)
            expected *= anger
            angry = 0.0
            if negative > expected * generous:
                angry = negativity.score(negative, freshes[index] + fresh, expected, share, spread)
                if index < _ANGERED and angry > angriest:
                    angriest, self._angriest = angry, WINDOWS[index]
            self._note_anger(index + _COUNT, self._tempers[index], angry, now)
        self._note_anger(_ANGRIEST, self._tempers[_COUNT], angriest, now)
        if self._heard:  # only a mention can be an onset
            self._heard = False
            self._surge.hear(sum(rise for rise, _ in rises), now)
            if self._surge.onset_at == now:
                self._loudest = max(rises)[1]
            self._note(_ALL, self._surge.score, now)

    def signal(self, detector: Detector, over: Span) -> Signal:
        """Volume or negativity over a standard window or over EVERY_WINDOW. KeyError for any other.

        All windows together are shown by the one that rose most; of negativity, the angriest up to an hour.
        """
        place = _place(detector, over)
        if over == EVERY_WINDOW:
            over = self._loudest if place == _ALL else self._angriest
        index = _INDEX[over]
        expected = self._expected[index] + self._rate * (self._until % MINUTE)
        if detector is Detector.VOLUME:
            return Signal(
                detector,
                over,
                float(self.mentions(over)),
                expected,
                self._scores[place],
                learning=self._baseline.learning,
            )
        return Signal(
            detector,
            over,
            self._negative(index),
            expected * self._baseline.anger,
            self._scores[place],
            self.share(over),
            self._baseline.share,
            self._baseline.learning,
        )

    def mentions(self, over: Span) -> int:
        """Mentions in a standard window."""
        return self._windows.past()[0][_INDEX[over]] + self._windows.open()[0]

    def share(self, over: Span) -> float | None:
        """Negative share of a standard window, 0..1, copies once; None without mentions."""
        index = _INDEX[over]
        fresh = self._windows.past()[1][index] + self._windows.open()[1]
        return self._negative(index) / fresh if fresh else None

    def authors(self, detector: Detector, over: Span) -> int:
        """Distinct known authors in a standard window; for negativity those of negative mentions."""
        return self._windows.authors(over // MINUTE, angry=detector is Detector.NEGATIVITY)

    def ceiling(self, detector: Detector, over: Span, rate: float) -> float:
        """The score that ordinary traffic of this brand reaches `rate` times a day; `over` as in `signal`."""
        return self._tails[_place(detector, over)].ceiling(rate, self._until)

    @property
    def onset_at_last_look(self) -> bool:
        """Whether all windows together were louder then than for a day before."""
        return self._surge.onset_at == self._until

    def usual(self, over: Span) -> float:
        """Mentions usual in the last whole minutes, the open one among them; twelve hours at most."""
        since = max(self._born, self._minute + 1 - over // MINUTE)
        return self._level * (self._usual_until(self._minute + 1) - self._usual_until(since))

    def trend(self, detector: Detector) -> Trend:
        """The last quarter of an hour against the one before."""
        index = 0 if detector is Detector.VOLUME else 2
        sums, opened = self._windows.past()[index], self._windows.open()[index]
        unit = 1 if index == 0 else 1_000
        recent = (sums[_RECENT] + opened) / unit
        before = (sums[_BEFORE] + opened) / unit - recent
        turn = (recent - before) / sqrt(recent + before + 1)
        return Trend.RISING if turn > _TURN else Trend.FADING if turn < -_TURN else Trend.STEADY

    def onset(self, detector: Detector, over: Span, thread: str | None = None) -> Onset:
        """When the excess of a window began, at most twelve hours back, and mentions that show it.

        The minute from which on the traffic speaks most clearly for the window's present rate against the usual one (a
        change point by likelihood, as in CUSUM). With a `thread` the mentions shown are its own.
        """
        signal = self.signal(detector, over)
        angry = detector is Detector.NEGATIVITY
        times = max(_STEP, signal.observed / max(signal.expected, 1e-6))
        gain = log(times) / (1_000 if angry else 1)
        cost = (times - 1) * self._level / 60 * (self._baseline.anger if angry else 1)
        began, best, total = self._minute, 0.0, 0.0
        minutes = range(self._minute, max(self._born, self._minute - SPAN) - 1, -1)
        for minute, seen in zip(minutes, self._windows.backwards(angry=angry), strict=False):
            total += seen * gain - cost * self._shapes[minute // 60 - self._hour]
            if seen and total > best:
                began, best = minute, total
            elif total < best - _LULL:
                break  # what came before so clear a lull is another story
        since = began if thread is None else self._minute - SPAN
        return Onset(began * MINUTE, self._samples.pick(since, self._minute, angry=angry, thread=thread))

    def history(self, detector: Detector, width: int = 15) -> list[tuple[Instant, float, float]]:
        """Bars of `width` minutes over the longest window, oldest first: (begin, observed, usual)."""
        angry = detector is Detector.NEGATIVITY
        usual = self._baseline.anger if angry else 1.0
        bars = []
        for first in range(self._minute + 1 - SPAN, self._minute + 1, width):
            buckets = [self._windows.bucket(minute) for minute in range(first, first + width)]
            seen = sum((bucket.milli / 1_000 if angry else bucket.mentions) for bucket in buckets)
            hours = self._usual_until(first + width) - self._usual_until(first)
            bars.append((first * MINUTE, float(seen), self._level * hours * usual))
        return bars

    def habits(self) -> dict[str, Any]:
        """What was learnt, without dates and mentions; numbers and lists of numbers."""
        return {
            "baseline": self._baseline.habits(),
            "surge": self._surge.habits(),
            "tempers": [temper.habits() for temper in self._tempers],
            "tails": [tail.habits() for tail in self._tails],
        }

    def adopt(self, habits: Mapping[str, Any]) -> None:
        """Believe from now on what another pulse had learnt. ValueError if it does not fit."""
        if len(habits["tails"]) != len(self._tails):
            raise ValueError(f"{len(habits['tails'])} tails: {len(self._tails)} are needed; learn it again")
        self._baseline.adopt(habits["baseline"])
        self._surge.adopt(habits["surge"])
        for temper, learnt in zip(self._tempers, habits["tempers"], strict=True):
            temper.adopt(learnt)
        for tail, learnt in zip(self._tails, habits["tails"], strict=True):
            tail.adopt(learnt)
        self._frame(self._minute // 60)
        self._settle(self._minute)
        self._expect(self._minute)

    def set_back(self, now: Instant, ahead: Span) -> "Pulse":
        """One born now, by a clock that ran so far ahead: it keeps what was learnt, and since when all is silent."""
        pulse = Pulse(self.zone, now)
        pulse.adopt(self.habits())
        pulse._last_at = None if self._last_at is None else self._last_at - ahead
        return pulse

    def dump(self) -> dict[str, Any]:
        """Everything, as builtins and bytes that share nothing with this object."""
        return {
            "born": self._born,
            "last_at": self._last_at,
            "until": self._until,
            "minute": self._minute,
            "level": self._level,
            "spread": tuple(self._spread),
            "scores": self._scores.copy(),
            "heard": self._heard,
            "loudest": self._loudest,
            "surge": self._surge.dump(),
            "angriest": self._angriest,
            "tempers": [temper.dump() for temper in self._tempers],
            "tails": [tail.dump() for tail in self._tails],
            "windows": self._windows.dump(),
            "baseline": self._baseline.dump(),
            "samples": self._samples.dump(),
        }

    @classmethod
    def load(cls, dumped: Mapping[str, Any], zone: tzinfo) -> "Pulse":
        """What `dump` gave, alive again."""
        pulse = cls(zone, dumped["born"] * MINUTE)
        pulse._windows = Windows.load(dumped["windows"])
        pulse._baseline = Baseline.load(dumped["baseline"], zone)
        pulse._samples = Samples.load(dumped["samples"])
        pulse._tails = [Tail.load(tail) for tail in dumped["tails"][:_ALL]]
        pulse._tails += [Tail.load(dumped["tails"][_ALL], ORDINARY), Tail.load(dumped["tails"][_ANGRIEST])]
        pulse._angriest, pulse._tempers = dumped["angriest"], [Temper.load(temper) for temper in dumped["tempers"]]
        pulse._surge, pulse._heard, pulse._loudest = Surge.load(dumped["surge"]), dumped["heard"], dumped["loudest"]
        pulse._spread = Spread(*dumped["spread"])
        pulse._scores = list(dumped["scores"])
        pulse._last_at, pulse._until, pulse._level = dumped["last_at"], dumped["until"], dumped["level"]
        pulse._frame(dumped["minute"] // 60)
        pulse._expect(dumped["minute"])
        return pulse

    def _note(self, place: int, score: float, now: Instant) -> None:
        self._scores[place] = score
        tail = self._tails[place]
        if score > LINE or tail.open:
            tail.observe(score, now, _APART[place])

    def _note_anger(self, place: int, temper: Temper, angry: float, now: Instant) -> None:
        """Note a score of negativity in the brand's own unit."""
        if angry and self._heard:
            temper.hear(angry, now)
        self._note(place, temper.weigh(angry) if angry else 0.0, now)

    def _turn(self, minute: int, gaps: Gaps) -> None:
        """Open a minute: learn what became old enough, and work out what is usual now."""
        self._windows.roll(minute)
        if minute // 60 != self._minute // 60:
            self._frame(minute // 60)
            self._baseline.learn(self._windows.left, minute - SPAN, gaps, *self._help(minute))
            self._windows.left.clear()
            self._frame(minute // 60)
            self._settle(minute)
        elif self._baseline.learning:
            self._settle(minute)
        self._expect(minute)

    def _frame(self, hour: int) -> None:
        """Lay out the profile of the twelve hours before an hour, and of that one."""
        self._hour = hour - SPAN // 60
        self._shapes = [self._baseline.shape(self._hour + step) for step in range(SPAN // 60 + 1)]
        self._profile = [0.0, *accumulate(self._shapes)]

    def _settle(self, minute: int) -> None:
        """Fix level and spread."""
        known = self._help(minute)
        self._level, self._spread = self._baseline.level(*known), self._baseline.spread(minute // 60, *known)

    def _help(self, minute: int) -> tuple[float, float]:
        """Mentions and profile hours that the baseline has not learnt yet, as long as it needs them."""
        if not self._baseline.learning:
            return 0.0, 0.0
        since = max(self._born, minute - SPAN)
        return float(self._windows.total()), self._usual_until(minute + 1) - self._usual_until(since)

    def _expect(self, minute: int) -> None:
        """Work out the usual count of each window, without the open minute."""
        self._minute = minute
        self._rate = self._level * self._shapes[minute // 60 - self._hour] / HOUR
        until = self._usual_until(minute)
        firsts = (max(self._born, minute - width + 1) for width in WIDTHS)
        self._expected = [self._level * (until - self._usual_until(first)) for first in firsts]
        lived = minute - self._born if self._baseline.learning else 1 << 62
        self._ready = sum(lived >= max(2 * width, 60) for width in WIDTHS)

    def _usual_until(self, minute: int) -> float:
        """Profile hours from the first framed hour to a minute."""
        index, part = divmod(minute - self._hour * 60, 60)
        return self._profile[index] + (part / 60 * self._shapes[index] if part else 0.0)

    def _negative(self, index: int) -> float:
        return (self._windows.past()[2][index] + self._windows.open()[2]) / 1_000


def _place(detector: Detector, over: Span) -> int:
    if over == EVERY_WINDOW:
        return _ALL if detector is Detector.VOLUME else _ANGRIEST
    return _INDEX[over] + (_COUNT if detector is Detector.NEGATIVITY else 0)
