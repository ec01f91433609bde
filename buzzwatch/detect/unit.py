"""The brand's own unit of something that goes up and down: how high it usually is at its highest moment of a day."""

from collections.abc import Sequence
from math import sqrt
from typing import Any, NamedTuple

from buzzwatch.detect.budget import LINE
from buzzwatch.model.instant import DAY, Instant

_KEEP = 0.5 ** (1 / 60)  # a day; half-life sixty days
_PRIOR_DAYS = 3.0
_CAP = 4.0
"""A day counts for at most so many times the usual one, lest a crisis teach that crises are ordinary."""


class Belief(NamedTuple):
    """What is believed of a unit before anything was heard, and the least that it ever is."""

    unit: float
    least: float


class Unit:
    """The root mean square of the highest moments of a day, each capped.

    Days are counted from birth; those in which nothing was heard were silent. One in which anything was no ordinary
    moment, amid a campaign say, teaches nothing.
    """

    __slots__ = ("_aside", "_belief", "_born", "_day", "_days", "_highest", "_squares")

    def __init__(self, born_at: Instant, belief: Belief) -> None:
        self._belief = belief
        self._born = born_at
        self._day = 0
        self._days = _PRIOR_DAYS
        self._squares = _PRIOR_DAYS * belief.unit**2
        self._highest = 0.0
        self._aside = False  # the open day is no ordinary one

    def hear(self, height: float, now: Instant, *, ordinary: bool = True) -> None:
        """Take a moment into account; `now` never goes backwards."""
        passed = (now - self._born) // DAY - self._day
        if passed > 0:
            self._pass_days(passed)
        self._aside = self._aside or not ordinary
        self._highest = max(self._highest, height)

    def weigh(self, height: float) -> float:
        """In this unit: LINE is as high as it usually is once a day."""
        return LINE * height / self._unit

    def dump(self) -> tuple[Any, ...]:
        """Six numbers, a truth among them."""
        return self._born, self._day, self._days, self._squares, self._highest, self._aside

    @classmethod
    def load(cls, dumped: Sequence[Any], belief: Belief) -> "Unit":
        """What `dump` gave, alive again."""
        unit = cls(0, belief)
        unit._born, unit._day, unit._days, unit._squares, unit._highest, unit._aside = dumped
        return unit

    def habits(self) -> tuple[float, float]:
        """What was learnt, without dates."""
        return self._days, self._squares

    def adopt(self, habits: Sequence[float]) -> None:
        """Believe from now on what another had learnt."""
        self._days, self._squares = habits

    @property
    def _unit(self) -> float:
        return max(self._belief.least, sqrt(self._squares / self._days))

    def _pass_days(self, passed: int) -> None:
        kept = _KEEP ** (passed - self._aside)
        highest = min(self._highest, _CAP * self._unit)
        if self._aside:
            self._squares *= kept
        else:
            self._squares = (self._squares * _KEEP + highest**2) * _KEEP ** (passed - 1)
        self._days = self._days * kept + (1 - kept) / (1 - _KEEP)
        self._day, self._highest, self._aside = self._day + passed, 0.0, False
