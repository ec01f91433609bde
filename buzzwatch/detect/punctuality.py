"""How long what one source brings was posted before, and whether clocks run ahead."""

from collections.abc import Mapping, Sequence
from math import log2
from statistics import median
from typing import Any

from buzzwatch.detect.budget import Tail
from buzzwatch.model.instant import HOUR, MINUTE, SECOND, Instant, Span

FEWEST = 5
"""Posts that are judged together at least."""
_MOST = 200
_NEW = 10
"""Medians before which nothing is judged."""
_SLOWEST = 500.0
"""Medians after which one more counts for so little and no less."""
_APART: Span = 3 * HOUR
_AHEAD: Span = MINUTE
_SKEWED = 0.2
"""The share of posts from the future from which on clocks are at fault, not somebody's watch."""
LATE: Span = 10 * MINUTE
"""What is less late than this is not late, whatever the habit."""


class Punctuality:
    """The median of seen minus posted, on the scale log2(1 min + lag), against its habit and the tail of its past."""

    def __init__(self, now: Instant) -> None:
        self._lags: list[Span] = []
        self._habit = 0.0
        self._known = 0.0
        self._tail = Tail(now)
        self.lag: Span | None = None
        """The last median; None: too few posts yet."""
        self.is_late = self.is_skewed = False

    @property
    def usual(self) -> Span:
        """The habit, as a span."""
        return round((2**self._habit - 60) * SECOND) if self._known else 0

    def hear(self, lags: Sequence[Span]) -> None:
        """Seen minus posted, for posts that just came; negative where they claim to come from the future."""
        self._lags.extend(lags[: _MOST - len(self._lags)])

    def forget(self) -> None:
        """What came now was kept for us somewhere: it says nothing of habits."""
        self._lags.clear()

    def judge(self, now: Instant, rate: float) -> None:
        """Look at what was heard, where it is enough; `rate` is how many false reports are acceptable a day."""
        if len(self._lags) < FEWEST:
            return
        lag = self.lag = int(median(self._lags))
        self.is_skewed = sum(each < -_AHEAD for each in self._lags) >= _SKEWED * len(self._lags)
        self._lags.clear()
        stands = log2(60 + max(0, lag) / SECOND)
        unusual = stands - self._habit if self._known else 0.0
        self.is_late = self._known >= _NEW and lag >= LATE and unusual > self._tail.ceiling(rate, now)
        if self._known >= _NEW:
            self._tail.observe(unusual, now, _APART)
        self._known = min(self._known + 1, _SLOWEST)
        self._habit += (min(unusual, 1.0) if self._known > 1 else stands) / self._known

    def dump(self) -> dict[str, Any]:
        """Everything, as builtins."""
        return {
            "lags": self._lags.copy(),
            "habit": [self._habit, self._known],
            "tail": list(self._tail.dump()),
            "lag": self.lag,
            "is": [self.is_late, self.is_skewed],
        }

    @classmethod
    def load(cls, dumped: Mapping[str, Any]) -> "Punctuality":
        """What `dump` gave, alive again."""
        kept = cls(0)
        kept._lags = list(dumped["lags"])
        kept._habit, kept._known = dumped["habit"]
        kept._tail = Tail.load(dumped["tail"])
        kept.lag = dumped["lag"]
        kept.is_late, kept.is_skewed = dumped["is"]
        return kept
