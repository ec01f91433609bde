"""How a conversation will go on, and how unusual that is for its brand."""

from collections.abc import Mapping
from math import log
from typing import Any

from buzzwatch.detect.budget import LINE, Tail
from buzzwatch.model.instant import HOUR, MINUTE, Instant, Span
from buzzwatch.model.signal import Trend

_TEN = 10 * MINUTE
_TURN = 2
_LEAST = 1.5  # mentions in ten minutes, under which nothing rises


class Escalation:
    """Scores conversations, and learns how high the ordinary ones of each brand rise.

    Implements `threads.tracker.Judge`. `tens`, `hours` are mentions under an exponential memory of ten minutes and of
    an hour: in a steady stream the mentions of the last ten minutes and of the last hour.
    """

    __slots__ = ("_tails",)

    def __init__(self) -> None:
        self._tails: dict[str, Tail] = {}

    def forecast(self, tens: float, hours: float) -> float:
        """Mentions still to come within a day.

        A self-exciting process in closed form: each recent mention begets others, the latest ones most; a fresh mention
        stands for seven more. On real cascades about 25 % off after an hour.
        """
        return 6 * tens + hours

    def score(self, tens: float, hours: float) -> float:
        """0 for a lone fresh mention, 1.4 more for every doubling of what is to come.

        On this scale the sizes of conversations have an exponential tail.
        """
        return 2 * log((1 + 6 * tens + hours) / 8)

    def trend(self, tens: float, hours: float, age: Span) -> Trend:
        """The last ten minutes against the time before them, at most an hour: twice as fast, or half."""
        before = (hours - tens) * _TEN / (max(min(age, HOUR), 2 * _TEN) - _TEN)
        if tens > max(_LEAST, _TURN * before):
            return Trend.RISING
        return Trend.FADING if _TURN * tens < before else Trend.STEADY

    def rise(self, brand: str, before: float, after: float, now: Instant) -> None:
        """Note that the highest score of one conversation rose; `before` is its last maximum."""
        if after <= LINE:
            return
        tail = self._tails.get(brand)
        if tail is None:
            tail = self._tails[brand] = Tail(now)
        tail.rise(before, after, now)

    def ceiling(self, brand: str, rate: float, now: Instant) -> float:
        """The score that `rate` conversations of this brand a day reach in ordinary traffic."""
        tail = self._tails.get(brand)
        return (tail or Tail(now)).ceiling(rate, now)

    def dump(self) -> dict[str, Any]:
        """Everything, as builtins."""
        return {brand: tail.dump() for brand, tail in self._tails.items()}

    def restore(self, dumped: Mapping[str, Any]) -> None:
        """Become what `dump` gave."""
        self._tails = {brand: Tail.load(tail) for brand, tail in dumped.items()}
