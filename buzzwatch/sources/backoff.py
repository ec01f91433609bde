"""How long to wait before another attempt."""

import random

from buzzwatch.model.instant import MINUTE, SECOND, Span


class Backoff:
    """Waits that double from `first` to `longest`, or grow by `first`, each shortened by chance to as little as a half.

    So that many clients that lost one server together do not come back together ("equal jitter"; M. Brooker,
    Exponential Backoff And Jitter, 2015).
    """

    def __init__(
        self, first: Span = SECOND, longest: Span = MINUTE, chance: random.Random | None = None, *, linear: bool = False
    ) -> None:
        self._first = first
        self._linear = linear
        self._longest = longest
        self._chance = chance or random.Random()  # noqa: S311 - spreads attempts of many clients, guards nothing
        self._failures = 0

    def succeed(self) -> None:
        """Begin anew: what comes next is the first failure."""
        self._failures = 0

    def fail(self, *, at_least: Span = 0, hopeless: bool = False) -> Span:
        """How long to wait after one more failure.

        `at_least` is what the other side asked for, which chance does not shorten; `hopeless`: trying again soon
        changes nothing, and the wait is the longest at once.
        """
        self._failures += 1
        steps = self._failures if self._linear else 2 ** min(self._failures - 1, 20)
        longest = self._longest if hopeless else min(self._longest, self._first * steps)
        return max(at_least, int(longest * self._chance.uniform(0.5, 1)))
