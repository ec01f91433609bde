"""All windows of a brand together: how loud it is, with the brand's own loudest moments as the unit."""

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any

from buzzwatch.detect import volume
from buzzwatch.detect.budget import LINE, Prior
from buzzwatch.model.instant import DAY, WINDOWS, Instant

HOLD = DAY
"""For so long a moment is only an onset if it is louder than the last one by `_LOUDER`."""
ORDINARY = Prior(peaks=20.0, days=80.0, excess=0.65)
"""Of brands in general: a peak every four days, and how high. Learnt as a pooled prior from five of them."""

_LOUDER = 1.4
_OVER = 0.35  # of the onset's score: below it, it is over
_KEEP = 0.5 ** (1 / 60)  # a day; half-life sixty days
_PRIOR_DAYS = 3.0
_PRIOR_LOUDEST = len(WINDOWS) * volume.rise(5, 0)
_LEAST = len(WINDOWS) * volume.rise(3, 0)
_CAP = 4.0
"""A day counts for at most so many times the usual one, lest a crisis teach that crises are ordinary."""


class Surge:
    """Turns loudness, the rises of all windows added up, into a score with onsets.

    The unit is the root mean square of the brand's loudest moments of a day, capped; a score of LINE is such a moment.
    A score is an onset, not a plateau: it stands as long as it is about as loud, for a day at most, and only what is
    louder by a good part replaces it. Days are counted from birth; one in which it was heard amid a campaign is no
    ordinary one, and teaches nothing.
    """

    __slots__ = ("_aside", "_born", "_day", "_days", "_loudest", "_record", "_squares", "onset_at", "score")

    def __init__(self, born_at: Instant) -> None:
        self._aside = False  # the open day is no ordinary one
        self._born = born_at
        self._day = 0
        self._loudest = 0.0
        self._days = _PRIOR_DAYS
        self._squares = _PRIOR_DAYS * _PRIOR_LOUDEST**2
        self._record = 0.0
        self.score = 0.0
        """Of the last onset, until it is over."""
        self.onset_at: Instant | None = None
        """When it was."""

    def hear(self, loudness: float, now: Instant, *, ordinary: bool = True) -> None:
        """Take into account how loud it is; `now` never goes backwards."""
        self._pass_days((now - self._born) // DAY)
        self._aside = self._aside or not ordinary
        self._loudest = max(self._loudest, loudness)
        score = LINE * loudness / self._unit
        held = self.onset_at is not None and now - self.onset_at <= HOLD
        if score > (_LOUDER * self._record if held else 0.0):
            self.score = self._record = score
            self.onset_at = now
        elif not held or score < _OVER * self.score:
            self.score = 0.0

    def dump(self) -> tuple[Any, ...]:
        """Nine numbers, truths or None."""
        return tuple(getattr(self, name) for name in self.__slots__)

    @classmethod
    def load(cls, dumped: Sequence[Any]) -> "Surge":
        """What `dump` gave, alive again."""
        surge = cls(0)
        for name, value in zip(cls.__slots__, dumped, strict=True):
            setattr(surge, name, value)
        return surge

    def habits(self) -> dict[str, float]:
        """What was learnt, without dates."""
        return {"days": self._days, "squares": self._squares}

    def adopt(self, habits: Mapping[str, Any]) -> None:
        """Believe from now on what another had learnt."""
        self._days, self._squares = float(habits["days"]), float(habits["squares"])

    @property
    def _unit(self) -> float:
        return max(_LEAST, sqrt(self._squares / self._days))

    def _pass_days(self, day: int) -> None:
        """Learn the days before this one; those in which nothing was heard were silent."""
        passed = day - self._day
        if passed <= 0:
            return
        kept = _KEEP ** (passed - self._aside)
        loudest = min(self._loudest, _CAP * self._unit)
        if self._aside:
            self._squares *= kept
        else:
            self._squares = (self._squares * _KEEP + loudest**2) * _KEEP ** (passed - 1)
        self._days = self._days * kept + (1 - kept) / (1 - _KEEP)
        self._day, self._loudest, self._aside = day, 0.0, False
