"""How unusual the anger in a number of mentions is."""

from collections.abc import Sequence
from math import sqrt
from typing import Any

from buzzwatch.detect import volume
from buzzwatch.detect.budget import LINE
from buzzwatch.detect.volume import Spread
from buzzwatch.model.instant import DAY, Instant

_SHARE_NOISE = 0.06
"""By how much the true share wanders from day to day, as a standard deviation."""
_KEEP = 0.5 ** (1 / 60)  # a day; half-life sixty days
_PRIOR_DAYS, _PRIOR_WORST = 3.0, 1.5
_LEAST = 0.9  # one angry post where nothing is usual scores less
_CAP = 4.0  # a day counts for at most so many times the usual one, lest a crisis teach that crises are ordinary


def score(negative: float, fresh: int, expected: float, usual_share: float, spread: Spread) -> float:
    """In about standard deviations; 0 unless there are more negative mentions AND a larger share of them than usual.

    `negative` is a sum of probabilities over `fresh` mentions with different texts. The harmonic mean of both parts
    lets the weaker one decide: ten times the mentions at the usual share are volume, four angry posts are no share.
    """
    rise = volume.score(negative, expected, spread)
    if rise <= 0:
        return 0.0
    tilt = share_score(negative, fresh, usual_share)
    return 2 * rise * tilt / (rise + tilt) if tilt > 0 else 0.0


def share_score(negative: float, fresh: int, usual_share: float) -> float:
    """Standard deviations of the share above the usual one, the evidence counted; negative below it."""
    chance = usual_share * (1 - usual_share) * fresh
    return (negative - usual_share * fresh) / sqrt(chance + (_SHARE_NOISE * fresh) ** 2 + 1)


class Temper:
    """The brand's own unit of anger: the root mean square of its angriest moments of a day, each capped.

    In standard deviations as `score` has them; what they are worth differs by brand, scorer and window. Days are
    counted from birth; those in which nothing was heard were calm.
    """

    __slots__ = ("_born", "_day", "_days", "_squares", "_worst")

    def __init__(self, born_at: Instant) -> None:
        self._born = born_at
        self._day = 0
        self._days = _PRIOR_DAYS
        self._squares = _PRIOR_DAYS * _PRIOR_WORST**2
        self._worst = 0.0

    def hear(self, anger: float, now: Instant) -> None:
        """Take into account how angry it is; `now` never goes backwards."""
        passed = (now - self._born) // DAY - self._day
        if passed > 0:
            self._pass_days(passed)
        self._worst = max(self._worst, anger)

    def weigh(self, anger: float) -> float:
        """The anger in the brand's own unit: LINE is as angry as it usually is once a day, at its angriest."""
        return LINE * anger / self._unit

    def dump(self) -> tuple[Any, ...]:
        """Five numbers."""
        return tuple(getattr(self, name) for name in self.__slots__)

    @classmethod
    def load(cls, dumped: Sequence[Any]) -> "Temper":
        """What `dump` gave, alive again."""
        temper = cls(0)
        for name, value in zip(cls.__slots__, dumped, strict=True):
            setattr(temper, name, value)
        return temper

    def habits(self) -> tuple[float, float]:
        """What was learnt, without dates."""
        return self._days, self._squares

    def adopt(self, habits: Sequence[float]) -> None:
        """Believe from now on what another had learnt."""
        self._days, self._squares = habits

    @property
    def _unit(self) -> float:
        return max(_LEAST, sqrt(self._squares / self._days))

    def _pass_days(self, passed: int) -> None:
        kept = _KEEP**passed
        worst = min(self._worst, _CAP * self._unit)
        self._squares = self._squares * kept + worst**2 * _KEEP ** (passed - 1)
        self._days = self._days * kept + (1 - kept) / (1 - _KEEP)
        self._day, self._worst = self._day + passed, 0.0
