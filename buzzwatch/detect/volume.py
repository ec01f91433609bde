"""How unusual a number of mentions is."""

from math import asinh, cbrt, sqrt
from typing import NamedTuple

_PADDING = 0.5
"""Of a mention, added on both sides, so that the step from none to one is a small one."""
_FEW = 5.0
"""Mentions added on both sides of a rise, so that a handful is little wherever nothing is usual."""


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


def rise(observed: float, expected: float) -> float:
    """How far above the expectation, on a scale between the square root and the logarithm; 0 at or below it.

    It knows nothing of how the brand scatters: its unit is the brand's own past (`surge`).
    """
    return max(0.0, 3 * (cbrt(observed + _FEW) - cbrt(expected + _FEW)))
