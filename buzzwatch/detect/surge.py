"""All windows of a brand together: how loud it is, with the brand's own loudest moments as the unit."""

from collections.abc import Mapping, Sequence
from typing import Any

from buzzwatch.detect import volume
from buzzwatch.detect.budget import Prior
from buzzwatch.detect.unit import Belief, Unit
from buzzwatch.model.instant import DAY, WINDOWS, Instant

HOLD = DAY
"""For so long a moment is only an onset if it is louder than the last one by `_LOUDER`."""
ORDINARY = Prior(peaks=20.0, days=80.0, excess=0.65)
"""Of brands in general: a peak every four days, and how high. Learnt as a pooled prior from five of them."""

BELIEF = Belief(unit=len(WINDOWS) * volume.rise(5, 0), least=len(WINDOWS) * volume.rise(3, 0))
"""Of a new brand: five mentions at once are its loudest moment of a day, and three whatever it is."""

_LOUDER = 1.4
_OVER = 0.35  # of the onset's score: below it, it is over


class Surge:
    """Turns loudness, the rises of all windows added up, into a score with onsets, in the brand's own unit.

    A score is an onset, not a plateau: it stands as long as it is about as loud, for a day at most, and only what is
    louder by a good part replaces it.
    """

    __slots__ = ("_record", "_unit", "onset_at", "score")

    def __init__(self, born_at: Instant) -> None:
        self._unit = Unit(born_at, BELIEF)
        self._record = 0.0
        self.score = 0.0
        """Of the last onset, until it is over."""
        self.onset_at: Instant | None = None
        """When it was."""

    def hear(self, loudness: float, now: Instant, *, ordinary: bool = True) -> None:
        """Take into account how loud it is; `now` never goes backwards."""
        self._unit.hear(loudness, now, ordinary=ordinary)
        score = self._unit.weigh(loudness) if loudness else 0.0
        held = self.onset_at is not None and now - self.onset_at <= HOLD
        if score > (_LOUDER * self._record if held else 0.0):
            self.score = self._record = score
            self.onset_at = now
        elif not held or score < _OVER * self.score:
            self.score = 0.0

    def dump(self) -> dict[str, Any]:
        """Everything, as builtins."""
        return {"unit": self._unit.dump(), "record": self._record, "score": self.score, "onset_at": self.onset_at}

    @classmethod
    def load(cls, dumped: Mapping[str, Any]) -> "Surge":
        """What `dump` gave, alive again."""
        surge = cls(0)
        surge._unit, surge._record = Unit.load(dumped["unit"], BELIEF), dumped["record"]
        surge.score, surge.onset_at = dumped["score"], dumped["onset_at"]
        return surge

    def habits(self) -> tuple[float, float]:
        """What was learnt, without dates."""
        return self._unit.habits()

    def adopt(self, habits: Sequence[float]) -> None:
        """Believe from now on what another had learnt."""
        self._unit.adopt(habits)
