"""Marks given at night: kept until somebody confirms them by day, drops them, or seven days have passed."""

from typing import Any, TypeAlias

import msgspec
from msgspec.structs import replace

from buzzwatch.model.input import Corrected, Mark, Proposed
from buzzwatch.model.instant import DAY, Instant, Span
from buzzwatch.model.proposal import Proposal

LAPSE: Span = 7 * DAY
"""So long after the end of the night a mark that nobody has confirmed is forgotten, and that is told."""
MOST_PROPOSALS = 1_000
"""Of more the oldest are forgotten: nobody confirms a thousand marks."""

Key: TypeAlias = tuple[str, str]
"""Brand and mention."""


class Proposals:
    """At most one of each post, the oldest first; whole in `dump`."""

    def __init__(self) -> None:
        self.kept: dict[Key, Proposal] = {}

    def hear(self, said: Proposed, since: Instant) -> bool:
        """Keep a mark, `since` being when it may be confirmed; taking one back drops it. False: nothing is to be told.

        The same mark of the same post once more changes nothing.
        """
        key = (said.brand, said.mention)
        before = self.kept.get(key)
        if before is not None and said.mark is Mark.WITHDRAWN:
            del self.kept[key]
            return False
        if before is not None and before.mark == said.mark.value:
            return False
        self.kept.pop(key, None)
        self.kept[key] = Proposal(*key, said.mark.value, said.by, said.seen_at, said.incident, since + LAPSE)
        if len(self.kept) > MOST_PROPOSALS:
            del self.kept[next(iter(self.kept))]
        return True

    def settle(self, mark: Corrected) -> None:
        """A mark takes effect: by it a proposal for the same post is confirmed, or is of no use any more."""
        if not mark.marked_at:  # else an old mark is only read again
            self.kept.pop((mark.brand, mark.mention), None)

    def morning(self, now: Instant) -> tuple[dict[str, list[Proposal]], Instant | None]:
        """What to tell each person who has marked something that is new, or has lapsed; and when the next one lapses.

        Whoever is told hears of all of theirs. What has lapsed is gone after this.
        """
        due = {kept.by for kept in self.kept.values() if not kept.told or kept.until <= now}
        told: dict[str, list[Proposal]] = {by: [] for by in sorted(due)}
        for key, kept in list(self.kept.items()):
            if kept.by in told:
                told[kept.by].append(kept)
                self.kept[key] = replace(kept, told=True)
            if kept.until <= now:
                del self.kept[key]
        return told, min((kept.until for kept in self.kept.values()), default=None)

    def shift(self, span: Span) -> None:
        """Move every instant: the clock they were taken from was wrong by so much."""
        for key, kept in self.kept.items():
            self.kept[key] = replace(kept, at=kept.at + span, until=kept.until + span)

    def dump(self) -> list[Any]:
        """Words and numbers only; `load` gives the same."""
        return [msgspec.to_builtins(kept) for kept in self.kept.values()]

    @classmethod
    def load(cls, dumped: list[Any]) -> "Proposals":
        """What was dumped."""
        proposals = cls()
        proposals.kept = {(kept.brand, kept.mention): kept for kept in msgspec.convert(dumped, list[Proposal])}
        return proposals
