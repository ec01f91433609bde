"""A few recent mentions worth showing to somebody who has one minute."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from buzzwatch.model.forgotten import by_turn

_SHOWN = 3
_ROOM = 30
_HALF = 500


class Candidate(NamedTuple):
    """A mention that may be shown; `milli` is its negativity in thousandths, `followers` -1 where unknown."""

    milli: int
    followers: int
    minute: int
    mention: str
    thread: str
    author: int


class Samples:
    """The last 30 angry and the last 30 other mentions with a fresh text: no copies among them."""

    __slots__ = ("_angry", "_at", "_calm")

    def __init__(self) -> None:
        self._angry: list[Candidate] = []
        self._calm: list[Candidate] = []
        self._at = [0, 0]

    def add(self, candidate: Candidate) -> None:
        """Keep it, in the place of the oldest."""
        angry = candidate.milli >= _HALF
        kept = self._angry if angry else self._calm
        if len(kept) < _ROOM:
            kept.append(candidate)
            return
        kept[self._at[angry]] = candidate
        self._at[angry] = (self._at[angry] + 1) % _ROOM

    def pick(
        self,
        since: int,
        until: int,
        *,
        angry: bool,
        thread: str | None,
        among: Callable[[str], bool] = lambda _: True,
    ) -> tuple[str, ...]:
        """Ids of up to three mentions of the minutes since..until, the most telling first; perhaps `among` some ids.

        Telling is negative (when `angry`), then widely followed, then recent. Different authors as far as possible.
        """
        pool = self._angry if angry else self._angry + self._calm
        fit = [c for c in pool if since <= c.minute <= until and thread in (None, c.thread) and among(c.mention)]
        fit.sort(key=_angrier if angry else _louder)
        return tuple(c.mention for c in _spread(fit))

    def dump(self) -> dict[str, Any]:
        """Everything, as builtins."""
        return {"angry": self._angry.copy(), "calm": self._calm.copy(), "at": self._at.copy()}

    @classmethod
    def load(cls, dumped: Mapping[str, Any]) -> "Samples":
        """What `dump` gave, alive again."""
        samples = cls()
        samples._angry = [Candidate(*row) for row in dumped["angry"]]
        samples._calm = [Candidate(*row) for row in dumped["calm"]]
        samples._at = list(dumped["at"])
        return samples


def _angrier(candidate: Candidate) -> tuple[int, int, int, int, str]:
    # Tenths of negativity: between two clearly angry posts the one that more people read tells more.
    return -(candidate.milli // 100), -candidate.followers, -candidate.minute, *by_turn(candidate.mention)


def _louder(candidate: Candidate) -> tuple[int, int, int, int, str]:
    return -candidate.followers, -candidate.milli, -candidate.minute, *by_turn(candidate.mention)


def _spread(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The first three by different authors, filled up with the first of the rest."""
    chosen: list[Candidate] = []
    rest: list[Candidate] = []
    authors: set[int] = set()
    for candidate in candidates:
        if candidate.author and candidate.author in authors:
            rest.append(candidate)
        else:
            authors.add(candidate.author)
            chosen.append(candidate)
    return (chosen + rest)[:_SHOWN]
