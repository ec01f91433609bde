"""Everything that is known of one brand's traffic: count each mention, look at each decision, then ask."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import tzinfo
from math import log, sqrt
from operator import mul
from typing import Any

from msgspec.structs import replace

from buzzwatch.detect import negativity, volume
from buzzwatch.detect.band import Band, band
from buzzwatch.detect.baseline import Baseline, Gaps
from buzzwatch.detect.budget import LINE, Tail
from buzzwatch.detect.calendar import Calendar
from buzzwatch.detect.growth import MOST_MINUTES, beginning, doubling
from buzzwatch.detect.panel import Panel
from buzzwatch.detect.samples import Candidate, Samples
from buzzwatch.detect.surge import HOLD, ORDINARY, Surge
from buzzwatch.detect.unit import Unit
from buzzwatch.detect.usual import Sources, Usual
from buzzwatch.detect.volume import Spread
from buzzwatch.detect.windows import SPAN, Windows
from buzzwatch.model.campaign import Campaign
from buzzwatch.model.instant import EVERY_WINDOW, HOUR, LONGEST_WINDOW, MINUTE, WINDOWS, Instant, Span
from buzzwatch.model.mention import Sighting
from buzzwatch.model.signal import Comparator, Comparison, Detector, Onset, Signal, Trend

_COUNT = len(WINDOWS)
_INDEX = {over: index for index, over in enumerate(WINDOWS)}
_RECENT, _BEFORE = WINDOWS.index(15 * MINUTE), WINDOWS.index(30 * MINUTE)
_TURN = 1.5  # standard deviations between the last quarter of an hour and the one before
_ALL = 2 * _COUNT  # the place of all windows together
_ANGRIEST = _ALL + 1  # the place of the angriest of the windows up to an hour
_ANGERED = WINDOWS.index(HOUR) + 1
_APART = (*(max(over, HOUR) for over in WINDOWS * 2), HOLD, HOUR)  # of peaks, by place
_STEP = 1.5  # a rise is looked for as at least so many times the usual


class Pulse:
    """The windows, the normal, and the tails of one brand.

    `count` what is seen, `look` at every tick at which the brand is dirty or due, then ask: answers are as of the last
    look. Instants never go backwards. What was posted before `born_at` enters nothing. A window of a new brand is not
    scored before the brand has lived twice as long, and an hour at least: there is nothing to compare with.

    `campaigns`, in order and without overlap, multiply what is usual while they last; what falls into one is not
    learnt: its factor is somebody's guess.
    """

    __slots__ = (
        "_angriest", "_baseline", "_born", "_calendar", "_heard", "_last_at", "_loudest", "_panel", "_samples",
        "_scores", "_surge", "_tails", "_tempers", "_until", "_usual", "_windows",
    )  # fmt: skip

    def __init__(self, zone: tzinfo, born_at: Instant, campaigns: Sequence[Campaign] = ()) -> None:
        self._calendar = Calendar(campaigns)
        self._born = born_at // MINUTE
        self._windows = Windows(self._born)
        self._baseline = Baseline(zone, born_at)
        self._samples = Samples()
        self._tails = [Tail(born_at) for _ in range(_ALL)]  # volume's, then negativity's
        self._tails += [Tail(born_at, ORDINARY), Tail(born_at)]
        self._scores = [0.0] * (_ANGRIEST + 1)
        self._surge = Surge(born_at)
        self._panel: Panel | None = None
        self._tempers = [Unit(born_at, negativity.BELIEF) for _ in range(_COUNT + 1)]  # by window, then the angriest
        self._heard = False  # anything, since the last look
        self._loudest = WINDOWS[0]  # the window that rose most at the last onset
        self._angriest = WINDOWS[0]  # the angriest when any was last angry
        self._last_at: Instant | None = None
        self._until = born_at  # the last look
        self._usual = Usual(Sources(self._born, self._windows, self._baseline, self._calendar))

    @property
    def zone(self) -> tzinfo:
        """Whose hours and days these are."""
        return self._baseline.zone

    @property
    def campaigns(self) -> tuple[Campaign, ...]:
        """All of the calendar."""
        return self._calendar.campaigns

    @property
    def looked_at(self) -> Instant:
        """The last look, of which every answer is."""
        return self._until

    @property
    def last_at(self) -> Instant | None:
        """When the last mention was counted, the brand's own posts among them; None before the first."""
        return self._last_at

    def compare(self, comparisons: Sequence[Comparison], hour: int) -> None:
        """Have comparators score these from now on, and learn anew each day at an hour; none: what they knew goes."""
        if not comparisons:
            self._panel = None
            return
        if self._panel is None:
            self._panel = Panel(max(self._born, self._windows.head - SPAN), hour)
        self._panel.follow(comparisons)

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
        self._windows.spread(first, minutes, mentions)
        if mentions:
            self._last_at, self._heard = (first + min(mentions, minutes) - 1) * MINUTE, True

    def look(self, now: Instant, gaps: Gaps = ()) -> None:
        """Learn the hours that left the longest window, then score every window as of `now`.

        `gaps` are the deaf times (from, until) of this brand's sources that reach into what is not learnt yet. A look
        at which nothing is new teaches nothing: what is normal must not depend on how often somebody asks.
        """
        windows, minute, heard = self._windows, now // MINUTE, self._heard
        if minute != self._usual.minute or (heard and self._baseline.learning):
            self._turn(minute, gaps)
        self._until = now
        counts, freshes, millis = windows.past()
        count, fresh, milli = windows.open()
        usual = self._usual
        elapsed = usual.rate * (now - minute * MINUTE)
        spread, share, anger = usual.spread, usual.share, usual.anger
        expectations, damp, scores, tails = usual.counts, usual.damp, self._scores, self._tails
        generous = 1 + spread.doubt
        rises: list[tuple[float, Span]] = []
        angriest = 0.0
        ordinary = 1 + sqrt(spread.doubt**2 + spread.noise / spread.dispersion)  # one day's own noise is conceded
        for index in range(usual.ready):
            expected = expectations[index] + elapsed
            observed, negative = counts[index] + count, millis[index] + milli
            loud = angry = 0.0
            if observed > expected * generous:
                loud = volume.score(observed, expected, spread)
                rises.append((volume.rise(observed, expected * ordinary) * damp[index], WINDOWS[index]))
            scores[index] = loud
            if heard and (loud > LINE or tails[index].top):
                tails[index].observe(loud, now, _APART[index])
            expected *= anger
            if negative and negative / 1_000 > expected * generous:
                angry = negativity.score(negative / 1_000, freshes[index] + fresh, expected, share, spread)
                if index < _ANGERED and angry > angriest:
                    angriest, self._angriest = angry, WINDOWS[index]
            if angry or tails[index + _COUNT].top:
                self._note_anger(index + _COUNT, angry, now)
            else:  # as there, for less
                scores[index + _COUNT] = 0.0
        self._note_anger(_ANGRIEST, angriest, now)
        if heard:  # only a mention can be an onset
            self._heard = False
            self._note_surge(rises, now)
        if self._panel is not None:
            self._panel.judge(self.amount, now, gaps, heard=heard)

    def signal(self, detector: Detector, over: Span, by: Comparator | None = None) -> Signal:
        """Volume or negativity over a standard window or over EVERY_WINDOW. KeyError for any other.

        All windows together are shown by the one that rose most; of negativity, the angriest up to an hour. A
        comparator gives the score alone.
        """
        if by is not None:
            score = self._panel.score(Comparison(by, detector, over)) if self._panel else 0.0
            return replace(self.signal(detector, over), score=score, by=by)
        place = _place(detector, over)
        if over == EVERY_WINDOW:
            over = self._loudest if place == _ALL else self._angriest
        index = _INDEX[over]
        expected = self._usual.counts[index] + self._usual.rate * (self._until % MINUTE)
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

    def score(self, detector: Detector, over: Span) -> float:
        """That of the signal."""
        return self._scores[_place(detector, over)]

    def amount(self, detector: Detector, over: Span) -> float:
        """Mentions, or negative mentions, in a standard window."""
        return self.mentions(over) if detector is Detector.VOLUME else self._negative(_INDEX[over])

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

    def ceiling(self, detector: Detector, over: Span, rate: float, by: Comparator | None = None) -> float:
        """The score that ordinary traffic of this brand reaches `rate` times a day; the rest as in `signal`."""
        if by is not None and self._panel is not None:
            return self._panel.ceiling(Comparison(by, detector, over), rate, self._until)
        return self._tails[_place(detector, over)].ceiling(rate, self._until)

    @property
    def onset_at_last_look(self) -> bool:
        """Whether all windows together were louder then than for a day before."""
        return self._surge.onset_at == self._until

    def usual(self, over: Span) -> float:
        """Mentions usual in the last whole minutes, the open one among them; twelve hours at most."""
        until = self._usual.minute + 1
        return self._usual.between(max(self._born, until - over // MINUTE), until)

    def campaign(self, over: Span) -> Campaign | None:
        """The one that reaches into a trailing window, the last of several."""
        since = (self._usual.minute + 1) * MINUTE - over
        return next(reversed(self._calendar.between(since, self._until + 1)), None)

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
        usual, until = self._usual, self._usual.minute
        cost = (times - 1) * usual.level / 60 * (self._baseline.anger if angry else 1)
        minutes = range(until, max(self._born, until - SPAN) - 1, -1)
        costs: Iterable[float] = (cost * usual.shape(minute) for minute in minutes)
        if usual.swell:
            costs = map(mul, costs, map(usual.swell.factor, minutes))
        age = beginning(self._windows.backwards(angry=angry), gain, costs)
        began = until - age
        since = began if thread is None else until - SPAN
        return Onset(began * MINUTE, self._samples.pick(since, until, angry=angry, thread=thread))

    def doubling(self, detector: Detector, over: Span) -> Span | None:
        """The time in which the excess of a window doubles by its last whole minutes; None: it does not clearly grow.

        The minute in which it began is left out, as the open one: both are partly empty.
        """
        began = self.onset(detector, over).began_at // MINUTE
        minutes = min(self._usual.minute - began - 1, MOST_MINUTES)
        seen = self._windows.backwards(angry=detector is Detector.NEGATIVITY)[minutes:0:-1] if minutes > 0 else ()
        unit = 1_000 if detector is Detector.NEGATIVITY else 1
        return doubling([count / unit for count in seen])

    def show(self, among: Callable[[str], bool], *, angry: bool) -> tuple[str, ...]:
        """Mentions of the longest window that are worth showing, of those whose ids are `among`."""
        minute = self._usual.minute
        return self._samples.pick(minute - SPAN, minute, angry=angry, thread=None, among=among)

    def history(self, detector: Detector, width: int = 15) -> list[tuple[Instant, float, float]]:
        """Bars of `width` minutes over the longest window, oldest first: (begin, observed, usual)."""
        angry = detector is Detector.NEGATIVITY
        part, until = self._baseline.anger if angry else 1.0, self._usual.minute + 1
        bars = []
        for first in range(until - SPAN, until, width):
            buckets = [self._windows.bucket(minute) for minute in range(first, first + width)]
            seen = sum((bucket.milli / 1_000 if angry else bucket.mentions) for bucket in buckets)
            bars.append((first * MINUTE, float(seen), self._usual.between(first, first + width) * part))
        return bars

    @property
    def born_at(self) -> Instant:
        """What was posted before it entered nothing."""
        return self._born * MINUTE

    @property
    def held_since(self) -> Instant:
        """From when on `heard` knows the minutes."""
        return (self._windows.head - SPAN) * MINUTE

    @property
    def stamp(self) -> tuple[int, int]:
        """Another one once anything more was counted."""
        return self._windows.head, self._windows.total()

    def heard(self, first: int, last: int) -> tuple[int, int, float]:
        """Mentions, those with a fresh text, and negative ones among these, of minutes (both included) of the ring."""
        mentions, fresh, milli = self._windows.between(first, last)
        return mentions, fresh, milli / 1_000

    def band(self, first: int, last: int) -> Band:
        """How many mentions are usual from the minute `first` to before `last`; see `band`."""
        return band(self._baseline, self._calendar, self._usual.level, first, last)

    @property
    def usual_share(self) -> float:
        """Of negative mentions among those with a fresh text."""
        return self._baseline.share

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
        if len(habits.get("tempers", ())) != len(self._tempers):
            raise ValueError(f"habits without {len(self._tempers)} units of anger; learn it again")
        self._baseline.adopt(habits["baseline"])
        self._surge.adopt(habits["surge"])
        for temper, learnt in zip(self._tempers, habits["tempers"], strict=True):
            temper.adopt(learnt)
        for tail, learnt in zip(self._tails, habits["tails"], strict=True):
            tail.adopt(learnt)
        self._usual.renew()

    @property
    def level(self) -> float | None:
        """Mentions in an hour of profile 1; None while that is being learnt."""
        return None if self._baseline.learning else self._baseline.level()

    def lift(self, level: float) -> None:
        """Believe that at least so many mentions are usual in an hour of profile 1."""
        self._baseline.lift(level)
        self._usual.settle(self._usual.minute)
        self._usual.expect(self._usual.minute)

    def set_back(self, now: Instant, ahead: Span) -> "Pulse":
        """One born now, by a clock that ran so far ahead: it keeps what was learnt, and since when all is silent."""
        pulse = Pulse(self.zone, now, self.campaigns)
        pulse.adopt(self.habits())
        pulse._last_at = None if self._last_at is None else self._last_at - ahead
        pulse._panel = self._panel and self._panel.set_back(pulse._born, now)
        return pulse

    def dump(self) -> dict[str, Any]:
        """Everything, as builtins and bytes that share nothing with this object."""
        return {
            "born": self._born,
            "last_at": self._last_at,
            "until": self._until,
            "minute": self._usual.minute,
            "level": self._usual.level,
            "spread": tuple(self._usual.spread),
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
            "panel": None if self._panel is None else self._panel.dump(),
        }

    @classmethod
    def load(cls, dumped: Mapping[str, Any], zone: tzinfo, campaigns: Sequence[Campaign] = ()) -> "Pulse":
        """What `dump` gave, alive again; under another zone or calendar if these changed."""
        pulse = cls(zone, dumped["born"] * MINUTE, campaigns)
        pulse._windows = Windows.load(dumped["windows"])
        pulse._baseline = Baseline.load(dumped["baseline"], zone)
        pulse._samples = Samples.load(dumped["samples"])
        pulse._tails = [Tail.load(tail) for tail in dumped["tails"][:_ALL]]
        pulse._tails += [Tail.load(dumped["tails"][_ALL], ORDINARY), Tail.load(dumped["tails"][_ANGRIEST])]
        pulse._angriest = dumped["angriest"]
        pulse._tempers = [Unit.load(unit, negativity.BELIEF) for unit in dumped["tempers"]]
        pulse._surge, pulse._heard, pulse._loudest = Surge.load(dumped["surge"]), dumped["heard"], dumped["loudest"]
        pulse._scores = list(dumped["scores"])
        pulse._last_at, pulse._until = dumped["last_at"], dumped["until"]
        pulse._panel = None if dumped["panel"] is None else Panel.load(dumped["panel"])
        pulse._usual = Usual(Sources(pulse._born, pulse._windows, pulse._baseline, pulse._calendar))
        pulse._usual.restore(dumped["minute"], dumped["level"], Spread(*dumped["spread"]))
        return pulse

    def _note_surge(self, rises: list[tuple[float, Span]], now: Instant) -> None:
        """Note how loud all windows are together."""
        self._surge.hear(sum(rise for rise, _ in rises), now, ordinary=not self._usual.swell)
        if self._surge.onset_at == now:
            self._loudest = max(rises)[1]
        self._scores[_ALL] = self._surge.score
        self._tails[_ALL].observe(self._surge.score, now, HOLD)

    def _note_anger(self, place: int, angry: float, now: Instant) -> None:
        """Note a score of negativity in the brand's own unit."""
        temper, tail = self._tempers[min(place - _COUNT, _COUNT)], self._tails[place]
        if not angry and not tail.top:
            self._scores[place] = 0.0
            return
        if angry and self._heard:
            temper.hear(angry, now, ordinary=not self._usual.swell)
        score = self._scores[place] = temper.weigh(angry) if angry else 0.0
        if self._heard and (score > LINE or tail.top):
            tail.observe(score, now, _APART[place])

    def _turn(self, minute: int, gaps: Gaps) -> None:
        """Open a minute: learn what became old enough, and work out what is usual now."""
        self._windows.roll(minute)
        usual, hour = self._usual, minute // 60
        if self._heard and hour * 60 - SPAN > self._baseline.until:
            usual.frame(hour)
            known = usual.unlearnt(minute)
            self._baseline.learn(self._windows.left, minute - SPAN, self._unlearnable(minute, gaps), *known)
            if self._panel is not None:
                self._panel.learn(self._windows.left, minute - SPAN, gaps)
            self._windows.left.clear()
            usual.frame(hour)
            usual.settle(minute)
        elif hour != usual.minute // 60:
            usual.frame(hour)
            usual.settle(minute)
        elif self._baseline.learning:
            usual.settle(minute)
        usual.expect(minute)

    def _unlearnable(self, minute: int, gaps: Gaps) -> Gaps:
        """Deaf times and campaigns that reach into what may be learnt now."""
        since = self._baseline.until // 60 * HOUR
        told = self._calendar.between(since, (minute - SPAN) * MINUTE)
        return [*gaps, *((campaign.since, campaign.until) for campaign in told)] if told else gaps

    def _negative(self, index: int) -> float:
        return (self._windows.past()[2][index] + self._windows.open()[2]) / 1_000


def _place(detector: Detector, over: Span) -> int:
    if over == EVERY_WINDOW:
        return _ALL if detector is Detector.VOLUME else _ANGRIEST
    return _INDEX[over] + (_COUNT if detector is Detector.NEGATIVITY else 0)
