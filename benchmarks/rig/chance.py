"""Counts by chance, from a seeded source."""

import random
from math import sqrt


def draw(chance: random.Random, mean: float, exact: float = 30.0) -> int:
    """A Poisson count; normal above a mean of `exact`, where nobody could tell."""
    if mean > exact:
        return max(0, round(chance.gauss(mean, sqrt(mean))))
    passed, count = chance.expovariate(1), 0
    while passed < mean:
        passed, count = passed + chance.expovariate(1), count + 1
    return count
