"""Whether a brand's level has moved for good: twice or half as much for days on end is a new normal, not a crisis."""

from collections.abc import Sequence
from math import log

from buzzwatch.detect.volume import Spread

LASTING = (48, 72)
"""Hours until more, and until less, is a new normal: a crisis may last two days, a quiet weekend lasts sixty hours."""

_EVIDENCE = 12.0  # in nats: log likelihood ratio
_HOURLY = 1.0  # an hour says so much at most: it takes days to convince, however busy the brand
_TIMES = (2.0, 0.5)
_CAP = 4.0  # an hour counts for at most so many times the usual one: the new level may begin with a crisis
_SILENCE = 1 / 6  # less than this of the usual is an outage or an end, not another level


class Shift:
    """Two cumulative sums (Page 1954): has each hour rather twice, or half, the expected count?

    An hour's evidence is its quasi-likelihood ratio, weakened by the scatter of the brand and limited, so that a burst
    is forgotten within as many hours as it lasted. Convinced by full evidence that is not gone within LASTING hours.
    O(1) an hour.
    """

    __slots__ = ("_count", "_evidence", "_hours", "_weight")

    def __init__(self) -> None:
        self._evidence = [0.0, 0.0]
        self._hours = [0, 0]  # since there is some
        self._count = [0.0, 0.0]  # mentions meanwhile
        self._weight = [0.0, 0.0]  # profile hours meanwhile

    def hear(self, count: float, expected: float, shape: float, spread: Spread) -> tuple[float, float] | None:
        """Take an hour into account; mentions and profile hours of the new level once convinced of one."""
        likely = 1 / (spread.dispersion + spread.noise * expected)
        for place, times in enumerate(_TIMES):
            gain = likely * (count * log(times) - expected * (times - 1))
            evidence = self._evidence[place] + max(-_HOURLY, min(_HOURLY, gain))
            if evidence <= 0:
                self._forget(place)
                continue
            self._evidence[place] = min(evidence, _EVIDENCE)
            self._hours[place] += 1
            self._count[place] += min(count, _CAP * expected)
            self._weight[place] += shape
            if evidence >= _EVIDENCE and self._hours[place] >= LASTING[place]:
                return self._accept(place, expected / shape)
        return None

    def dump(self) -> list[list[float]]:
        """Four lists of two numbers."""
        return [list(getattr(self, name)) for name in self.__slots__]

    @classmethod
    def load(cls, dumped: Sequence[Sequence[float]]) -> "Shift":
        """What `dump` gave, alive again."""
        shift = cls()
        for name, value in zip(cls.__slots__, dumped, strict=True):
            setattr(shift, name, list(value))
        return shift

    def _accept(self, place: int, level: float) -> tuple[float, float] | None:
        count, weight = self._count[place], self._weight[place]
        for each in range(len(_TIMES)):
            self._forget(each)
        return (count, weight) if count >= _SILENCE * level * weight else None

    def _forget(self, place: int) -> None:
        self._evidence[place] = self._count[place] = self._weight[place] = 0.0
        self._hours[place] = 0
