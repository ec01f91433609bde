"""How a conversation will go on, and how unusual that is for its brand."""

from collections.abc import Mapping
from math import exp, log, sqrt
from typing import Any

from buzzwatch.detect.budget import LINE, Tail
from buzzwatch.model.instant import DAY, HOUR, MINUTE, Instant, Span
from buzzwatch.model.signal import Trend
from buzzwatch.model.thread import Forecast, Milestone, Phase

_TEN = 10 * MINUTE
_TURN = 2
_SCALE = 1.25  # puts forty mentions at once at 7, as the cold start of `Tail` expects
_LONE = 6  # the heat of a lone fresh mention
_LEAST = 1.5  # mentions in ten minutes, under which nothing rises
_OVER = 0.05
_FADED = 0.5
_GONE = 0.25
_EIGHT_OF_TEN = 1.28  # standard deviations either side
_ROUND = (1, 2, 5)
_FEW, _HALF, _NEARLY_ALL = 0.1, 0.5, 0.9
_PACE = 0.05
_SIZES = 20


class Escalation:
    """Scores conversations, and learns how high those of each brand rise and how far its forecasts are off.

    Implements `threads.judge.Judge`. `tens` and `hours` are mentions under an exponential memory of ten minutes and
    of an hour: in a steady stream the mentions of that time. `heat` is (2 + f) (1 + s) where f and s are the same under
    memories of five minutes and of six hours.
    """

    __slots__ = ("_errors", "_factors", "_tails")

    calm = _LONE * exp(LINE / _SCALE)
    """Of a lower heat there is no need to tell: scores at or under LINE are no peaks."""

    def __init__(self) -> None:
        self._tails: dict[str, Tail] = {}
        self._errors = [[-1.0, 0.0, 1.0] for _ in range(2 * _SIZES)]
        """By size of forecast, doubling, first days after all others: how far the log of truth lies above it, one, five
        and nine times of ten."""
        self._factors: list[tuple[float, float, float] | None] = [None] * (2 * _SIZES)

    def expect(self, tens: float, hours: float) -> float:
        """Mentions still to come within a day, before that is corrected.

        A self-exciting process in closed form: each recent mention begets others, the latest ones most.
        """
        return 6 * tens + hours

    def forecast(self, expected: float, *, first_day: bool) -> Forecast:
        """Mentions still to come within a day.

        What was expected, corrected by how such forecasts went: each quantile of their errors takes small steps against
        its own mistakes, and so is right as often as it should be in the long run, whatever the conversations do. A
        first day has more to come than a later one that looks the same, and is learnt apart.
        """
        size = _size(expected, first_day)
        factors = self._factors[size]
        if factors is None:
            factors = self._factors[size] = _factors(self._errors[size])
        least, middle, most = factors
        base = 1 + expected
        return Forecast(max(0.0, base * least - 1), max(0.0, base * middle - 1), max(0.0, base * most - 1))

    def score(self, heat: float) -> float:
        """0 for a lone fresh mention; high where the last minutes are lively and the last hours were.

        On this scale the sizes of conversations have an exponential tail.
        """
        return _SCALE * log(heat / _LONE)

    def trend(self, tens: float, hours: float, age: Span) -> Trend:
        """The last ten minutes against the time before them, at most an hour: twice as fast, or half."""
        before = (hours - tens) * _TEN / (max(min(age, HOUR), 2 * _TEN) - _TEN)
        if tens > max(_LEAST, _TURN * before):
            return Trend.RISING
        return Trend.FADING if _TURN * tens < before else Trend.STEADY

    def phase(self, trend: Trend, hours: float, crest: float, trough: float) -> Phase:
        """The hour behind against the most that it ever was, and the least that it has been since."""
        if hours <= _OVER * crest:
            return Phase.OVER
        if trend is not Trend.FADING and trough < _GONE * crest and hours > _TURN * trough + 1:
            return Phase.REBOUND
        if trend is Trend.RISING:
            return Phase.RISING
        return Phase.FADING if trend is Trend.FADING or hours < _FADED * crest else Phase.PEAKING

    def milestone(self, tens: float, hours: float, age: Span, now: Instant) -> Milestone | None:
        """When the next round rate is reached at the present growth; None if there is none, or not within a day.

        Under exponential growth g an exponential memory of length t holds 1 / (1 + g t) of the present rate: two
        memories give the growth, and the chance in their counts the interval.
        """
        fast = tens / (1 - exp(-max(age, MINUTE) / _TEN)) / _TEN
        slow = hours / (1 - exp(-max(age, MINUTE) / HOUR)) / HOUR
        if tens < _LEAST or fast <= slow:
            return None
        doubt = exp(_EIGHT_OF_TEN * sqrt(0.5 / tens + 0.5 / hours))
        growth = [_growth(fast / slow * factor) for factor in (doubt, 1.0, 1 / doubt)]
        rate = fast * (1 + growth[1] * _TEN)
        goal = _next_round(rate * HOUR)
        quick, likely, slow_way = (log(goal / HOUR / rate) / each if each > 0 else None for each in growth)
        if quick is None or likely is None or likely > DAY:
            return None
        latest = now + int(slow_way) if slow_way is not None and slow_way <= DAY else None
        return Milestone(goal, now + int(likely), now + int(quick), latest)

    def rise(self, brand: str, before: float, after: float, now: Instant) -> None:
        """Note that the greatest heat of one conversation rose; `before` is its last maximum, at the least `calm`.

        Budgets per time count every conversation, and the one in question at once: a ceiling that it has lifted itself
        is the one that its like will meet.
        """
        tail = self._tails.get(brand)
        if tail is None:
            tail = self._tails[brand] = Tail(now)
        tail.rise(self.score(before), self.score(after), now)

    def learn(self, before: int, most: int, heat_before: float, heat: float) -> None:
        """Note how far a conversation has come by the end of a day of its: for those who count conversations."""

    def compare(self, expected: float, came: int, *, first_day: bool) -> None:
        """Learn what came in the day after a forecast."""
        error, size = log((1 + came) / (1 + expected)), _size(expected, first_day)
        least, middle, most = self._errors[size]
        least += _PACE * (_FEW - (error < least))
        middle += _PACE * (_HALF - (error < middle))
        most += _PACE * (_NEARLY_ALL - (error < most))
        self._errors[size] = sorted((least, middle, most))
        self._factors[size] = None

    def ceiling(self, brand: str, rate: float, now: Instant) -> float:
        """The score that `rate` conversations of this brand a day reach in ordinary traffic."""
        tail = self._tails.get(brand)
        return (tail or Tail(now)).ceiling(rate, now)

    def dump(self) -> dict[str, Any]:
        """Everything, as builtins."""
        return {
            "tails": {brand: tail.dump() for brand, tail in self._tails.items()},
            "errors": [errors.copy() for errors in self._errors],
        }

    def restore(self, dumped: Mapping[str, Any]) -> None:
        """Become what `dump` gave."""
        self._tails = {brand: Tail.load(tail) for brand, tail in dumped["tails"].items()}
        self._errors = [list(errors) for errors in dumped["errors"]]
        self._factors = [None] * (2 * _SIZES)


def _factors(errors: list[float]) -> tuple[float, float, float]:
    least, middle, most = errors
    return exp(least), exp(middle), exp(most)


def _size(forecast: float, first_day: bool) -> int:  # noqa: FBT001 - at each mention
    return min(_SIZES, int(1 + forecast).bit_length()) - 1 + first_day * _SIZES


def _growth(ratio: float) -> float:
    """Per millisecond, from how much livelier ten minutes are than the hour; the memories can tell up to 5.5."""
    ratio = min(ratio, 5.5)
    return (ratio - 1) / (HOUR - ratio * _TEN)


def _next_round(rate: float) -> int:
    """The least of 1, 2, 5, 10, 20, 50 … above a rate."""
    scale = 1
    while True:
        for step in _ROUND:
            if step * scale > rate:
                return step * scale
        scale *= 10
