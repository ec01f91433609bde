"""How unusual a number of mentions is."""

from math import asinh, sqrt
from typing import NamedTuple

_PADDING = 0.5
"""Of a mention, added on both sides, so that the step from none to one is a small one."""


class Spread(NamedTuple):
    """How counts scatter about their expectation m: the variance is dispersion * m + noise * m².

    `doubt` is the relative standard deviation of m itself, large while little was learnt.
    """

    dispersion: float
    noise: float
    doubt: float


def score(observed: float, expected: float, spread: Spread) -> float:
    """In about standard deviations above the expectation; 0 at or below it, unbounded above.

    In doubt about the expectation, one standard deviation of it is conceded: a young brand does not cry.

    The counts are put on the scale on which their variance is the same everywhere: the square root while chance
    dominates, the logarithm once the brand's own noise does. (Anscombe 1948, for the negative binomial.)
    """
    likely = expected * (1 + spread.doubt)
    if observed <= likely:
        return 0.0
    bend = spread.noise / spread.dispersion
    rise = asinh(sqrt(bend * (observed + _PADDING))) - asinh(sqrt(bend * (likely + _PADDING)))
    return 2 * rise / sqrt(spread.noise)
