"""How much of what is said of each brand each source brings: whether one that is deaf matters to it."""

from math import fsum
from typing import Any

from buzzwatch.model.instant import DAY, Instant

MATTERS = 0.05
"""A source that brings a smaller share of a brand's mentions is no part of what is normal for it."""
FEWEST = 20
"""Of fewer mentions nobody can tell which source brings them."""
_KEEP = 0.5 ** (1 / 14)
"""What a day leaves of the days before: half after two weeks."""
_GONE = 0.05


class Roads:
    """Mentions by brand and source, in time or nearly so, the recent ones counting most."""

    def __init__(self) -> None:
        self._day = 0
        self._counts: dict[str, dict[str, float]] = {}

    def count(self, brand: str, road: str, now: Instant) -> None:
        """One more mention, on the way of each."""
        if now >= self._day + DAY:
            self._fade(now // DAY * DAY)
        counts = self._counts.get(brand)
        if counts is None:
            counts = self._counts[brand] = {}
        counts[road] = counts.get(road, 0.0) + 1.0

    def matters(self, brand: str, road: str) -> bool:
        """Whether it brings enough of a brand to be missed; also where that cannot be told.

        Mentions by no source that is known, "", may have come by any.
        """
        counts = self._counts.get(brand, {})
        total = fsum(counts.values())  # whichever was heard first
        return total < FEWEST or counts.get(road, 0.0) + counts.get("", 0.0) >= MATTERS * total

    def set_back(self, now: Instant) -> None:
        """The clock had run ahead."""
        self._day = min(self._day, now // DAY * DAY)

    def _fade(self, day: Instant) -> None:
        kept = _KEEP ** ((day - self._day) // DAY)
        self._day = day
        for brand, counts in list(self._counts.items()):
            faded = {road: number * kept for road, number in counts.items() if number * kept > _GONE}
            if faded:
                self._counts[brand] = faded
            else:
                del self._counts[brand]

    def dump(self) -> dict[str, Any]:
        """As builtins; `load` gives the same."""
        return {"day": self._day, "counts": {brand: dict(counts) for brand, counts in self._counts.items()}}

    @classmethod
    def load(cls, dumped: dict[str, Any]) -> "Roads":
        """What `dump` gave."""
        roads = cls()
        roads._day, roads._counts = dumped["day"], {key: dict(counts) for key, counts in dumped["counts"].items()}
        return roads
