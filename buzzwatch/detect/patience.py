"""How long one source may be silent, learnt from the longest silence of each of its days.

Excesses of the longer half over the shorter are taken as exponential, which they are where posts come by chance, and
longer ones follow where they do not. Their mean is uncertain, so that the predictive law is a Lomax: wide while little
is known, with no prior needed.
"""

from collections import deque
from collections.abc import Mapping
from itertools import chain
from math import exp, log
from typing import Any

from buzzwatch.model.instant import DAY, Span

_DAYS = 90
_NEW = 2
"""Days before which nobody knows how long its silences are."""
_MOST = 2.0
"""A silence teaches at most so many times what was patience enough: a fault is not how things are."""


class Patience:
    """Silences in posts expected meanwhile, of the last ninety days that were heard; days away are none of them."""

    def __init__(self) -> None:
        self._longest: deque[float] = deque(maxlen=_DAYS)
        self._today = 0.0
        self._heard: Span = 0
        self._known: tuple[float, float] | None = None  # the last answer, by what was asked

    @property
    def is_new(self) -> bool:
        """Hardly a day is known."""
        return len(self._longest) < _NEW

    def listen(self, span: Span) -> None:
        """So much more was heard."""
        self._heard += span
        while self._heard >= DAY:
            self._heard -= DAY
            self._longest.append(self._today)
            self._today, self._known = 0.0, None

    def learn(self, due: float, patience: float) -> None:
        """A silence is over in which `due` posts were expected."""
        due = min(due, _MOST * patience)
        if due > self._today:
            self._today, self._known = due, None

    def exceeded(self, rate: float) -> float:
        """The silence that ordinarily is exceeded `rate` times a day; 0 if there was none."""
        if self._known is None or self._known[0] != rate:
            self._known = rate, self._find(rate)
        return self._known[1]

    def _find(self, rate: float) -> float:
        silences = sorted(filter(None, chain(self._longest, (self._today,))), reverse=True)
        if not silences:
            return 0.0
        longer = max(1, len(silences) // 2)
        line = silences[longer] if longer < len(silences) else 0.0
        excess = sum(silences[:longer]) / longer - line
        often = longer / (len(self._longest) + 1) / rate
        return line + excess * longer * (exp(log(max(1.0, often)) / longer) - 1)

    def dump(self) -> dict[str, Any]:
        """Everything, as builtins."""
        return {"longest": list(self._longest), "today": [self._today, self._heard]}

    @classmethod
    def load(cls, dumped: Mapping[str, Any] | list[float]) -> "Patience":
        """What `dump` gave, alive again; of the list that earlier versions kept nothing can be used."""
        kept = cls()
        if isinstance(dumped, list):
            return kept
        kept._longest.extend(dumped["longest"])
        kept._today, kept._heard = dumped["today"]
        return kept
