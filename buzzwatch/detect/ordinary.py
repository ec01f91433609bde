"""How high the conversations score that stay ordinary, learnt a day after they began."""

from math import exp, log

from buzzwatch.model.thread import Day

_GROWN = 0.05
"""The part of conversations that grow: the size that they reach is the size of a big one."""
_LEAST = 5
"""Mentions in a day under which a conversation is ordinary, however quiet all the others are."""
_FINE = 32
"""Classes of size for every factor of e: counts up to 32 stand alone."""
_STEP = 0.02
_HALF_LIFE = 500
"""Conversations after which one counts half: what is ordinary drifts."""
_PRIOR_MEAN = 2.0
_FULL = 1e9


class Ordinary:
    """The tail of the highest scores of ordinary conversations; half of a big one is ordinary no more.

    A big one is larger on its best day than 95 % of all conversations that were ever a day old. Cold start: while too
    few are known to tell, highest scores are believed to be exponential with mean 2.
    """

    __slots__ = ("_above", "_big", "_ceilings", "_kept", "_scores", "_sizes", "_total", "_weight")

    def __init__(self) -> None:
        self._sizes: dict[int, int] = {}
        self._total = 0
        self._big = 0  # class of size of a big conversation
        self._above = 0  # conversations of higher classes
        self._scores: list[float] = []  # by class of score, as of the first conversation: later ones count more
        self._kept = 0.0
        self._weight = 1.0
        self._ceilings: dict[float, float] = {}

    @property
    def usual_most(self) -> float:
        """Mentions in a day from which on a conversation is no longer ordinary."""
        return max(_LEAST, exp((self._big + 0.5) / _FINE) / 2)

    def learn(self, day: Day) -> None:
        """Take into account how far a conversation has come by the end of a day of its."""
        self._ceilings.clear()
        self._measure(day)
        if not day.most_before:
            self._weight *= 2 ** (1 / _HALF_LIFE)
        if day.most >= self.usual_most:
            return
        if not day.most_before:
            self._kept += self._weight
            self._count(day.score, self._weight)
        elif day.score > day.score_before:
            self._count(day.score_before, -self._weight)
            self._count(day.score, self._weight)
        if self._weight > _FULL:
            self._scores = [weight / self._weight for weight in self._scores]
            self._kept, self._weight = self._kept / self._weight, 1.0

    def ceiling(self, share: float) -> float:
        """The score that this share of ordinary conversations reaches; the next one is counted as one that does."""
        if share not in self._ceilings:
            self._ceilings[share] = self._find(share)
        return self._ceilings[share]

    def _find(self, share: float) -> float:
        allowed = share * (self._kept / self._weight + 1) - 1
        if allowed <= 0:
            return max(_STEP * len(self._scores), _PRIOR_MEAN * log(1 / share))
        reached = 0.0
        for place in range(len(self._scores) - 1, -1, -1):
            reached += self._scores[place] / self._weight
            if reached > allowed:
                return _STEP * (place + 1)
        return 0.0

    def _count(self, score: float, weight: float) -> None:
        place = max(0, int(score / _STEP))
        if place >= len(self._scores):
            self._scores += [0.0] * (place + 1 - len(self._scores))
        self._scores[place] += weight

    def _measure(self, day: Day) -> None:
        """Count the largest day of a conversation, and move the size of a big one to where it then is."""
        if day.most_before:
            self._put(day.most_before, -1)
        self._put(day.most, 1)
        while self._above > _GROWN * self._total:
            self._big += 1
            self._above -= self._sizes.get(self._big, 0)
        while self._big and self._above + self._sizes.get(self._big, 0) <= _GROWN * self._total:
            self._above += self._sizes.get(self._big, 0)
            self._big -= 1

    def _put(self, mentions: int, number: int) -> None:
        place = int(_FINE * log(mentions))
        self._sizes[place] = self._sizes.get(place, 0) + number
        self._total += number
        if place > self._big:
            self._above += number
