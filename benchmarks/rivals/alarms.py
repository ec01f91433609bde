"""From scores to alarms, in the same way for everybody."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter

from rivals import HOUR

Scores = Sequence[float]


def onsets(scores: Scores, threshold: float) -> list[int]:
    """The ticks at which an alarm begins: those that reach the threshold; an hour apart or less they are one alarm."""
    begun: list[int] = []
    last = -HOUR - 1
    for tick, score in enumerate(scores):
        if score >= threshold:
            if tick - last > HOUR:
                begun.append(tick)
            last = tick
    return begun


def equal_thresholds(streams: Iterable[Scores], allowed: Sequence[int]) -> list[float]:
    """For each number of alarms the lowest threshold that all streams together reach no more often, nor any higher one.

    Scores at or under 0 say that nothing is unusual: a threshold is above them.
    """
    parts = [_Alarms(scores) for scores in streams]
    ranked = sorted(
        ((score, part, tick) for part, alarms in enumerate(parts) for score, tick in alarms.ranked), reverse=True
    )
    thresholds = [float("inf")] * len(allowed)
    total, open_ones = 0, set(range(len(allowed)))
    for score, level in groupby(ranked, itemgetter(0)):
        total += sum(parts[part].reach(tick) for _, part, tick in level)
        open_ones -= {place for place in open_ones if total > allowed[place]}
        if not open_ones:
            break
        for place in open_ones:
            thresholds[place] = score
    return thresholds


class _Alarms:
    """Alarms of one stream while the threshold sinks: a tick opens one, joins one, or makes two into one."""

    def __init__(self, scores: Scores) -> None:
        self.ranked = [(score, tick) for tick, score in enumerate(scores) if score > 0]
        self._reached = bytearray(len(scores) + 2 * HOUR)

    def reach(self, tick: int) -> int:
        """The change in the number of alarms once this tick is reached."""
        at = tick + HOUR
        before, after = any(self._reached[at - HOUR : at]), any(self._reached[at + 1 : at + HOUR + 1])
        self._reached[at] = 1
        if before and after:
            gap = self._gap(at)
            return -1 if gap > HOUR else 0
        return 0 if before or after else 1

    def _gap(self, at: int) -> int:
        """Ticks between the reached ones around this one."""
        return self._reached.index(1, at + 1) - self._reached.rindex(1, 0, at)
