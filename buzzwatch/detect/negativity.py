"""How unusual the anger in a number of mentions is."""

from math import sqrt

from buzzwatch.detect import volume
from buzzwatch.detect.unit import Belief
from buzzwatch.detect.volume import Spread

_SHARE_NOISE = 0.06
"""By how much the true share wanders from day to day, as a standard deviation."""
BELIEF = Belief(unit=1.5, least=0.9)
"""Of the angriest moment of a day of a new brand; one angry post where nothing is usual scores less than the least."""


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
