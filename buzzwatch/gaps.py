"""The times at which we could not hear: nothing in them is learnt, and no silence is judged."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from buzzwatch.model.input import EVERYTHING, Gap
from buzzwatch.model.instant import DAY, MINUTE, Instant, Span

MOST_CLOSED = 100
KEPT: Span = 30 * DAY
"""How long a gap that is over may still matter: a silent brand learns of it only when it is heard again."""
CATCH_UP: Span = 5 * MINUTE
"""So long after a gap what was said in it, answers too, has come in."""


class Gaps:
    """Gaps of all sources, the closed ones first. One still open ends far in the future."""

    def __init__(self, gaps: Iterable[Gap] = ()) -> None:
        self._gaps = list(gaps)
        self._note_ends()

    def __iter__(self) -> Iterator[Gap]:
        return iter(self._gaps)

    def hear(self, gap: Gap, now: Instant) -> Gap:
        """Add one; an open one of its source, or of any when it is of all, ends with it. The gap as it is now known."""
        kept: list[Gap] = []
        for known in self._gaps:
            if known.until > now and known.source == gap.source:
                gap = msgspec.structs.replace(gap, since=min(known.since, gap.since))
            elif known.until > now and gap.source == EVERYTHING:
                kept.append(msgspec.structs.replace(known, until=gap.until))
            elif known.until > now - KEPT:
                kept.append(known)
        closed = [known for known in kept if known.until <= now]
        still_open = [known for known in kept if known.until > now]
        self._gaps = [*closed[-MOST_CLOSED:], *still_open, gap]
        self._note_ends()
        return gap

    def spans(self) -> list[tuple[Instant, Instant]]:
        """From and until of each; not to be changed."""
        return self._spans

    def is_deaf(self, now: Instant) -> bool:
        """Whether one is open."""
        return self._last_until > now

    @property
    def caught_up_at(self) -> Instant:
        """From when on it is known again what was answered; far away while one is open."""
        return self._last_until + CATCH_UP if self._gaps else 0

    def dump(self) -> list[dict[str, Any]]:
        """As builtins; `load` gives the same."""
        return [msgspec.to_builtins(gap) for gap in self._gaps]

    @classmethod
    def load(cls, dumped: list[dict[str, Any]]) -> "Gaps":
        """What `dump` gave."""
        return cls(msgspec.convert(dumped, list[Gap]))

    def _note_ends(self) -> None:
        """What is asked at each tick, where a gap is heard of once in days."""
        self._spans = [(gap.since, gap.until) for gap in self._gaps]
        self._last_until = max((gap.until for gap in self._gaps), default=0)
