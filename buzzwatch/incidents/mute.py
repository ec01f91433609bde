"""Every reason to hold a message back, in one place."""

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec.structs import replace

from buzzwatch.model.brand import Brand
from buzzwatch.model.incident import ChangeKind, Incident, Severity, State
from buzzwatch.model.input import Silenced
from buzzwatch.model.instant import DAY, Instant, Span
from buzzwatch.model.silence import Silence

LONGEST_SILENCE: Span = 30 * DAY
MOST_SILENCES = 1_000
MOST_BEHIND = 20
"""Of more lesser incidents a message does not tell."""
INHIBITED = (
    ChangeKind.OPENED,
    ChangeKind.WORSENED,
    ChangeKind.REOPENED,
    ChangeKind.UNSILENCED,
    ChangeKind.OUTLASTED,
)
"""What is held of a lesser incident. Not the end of a wait: a person was promised that."""


class Silences:
    """By brand or incident; of each the last that was asked for counts."""

    def __init__(self, silences: tuple[Silence, ...] = ()) -> None:
        self._silences = {silence.what: silence for silence in silences}

    def hear(self, said: Silenced) -> Silence | None:
        """Begin, replace or end one; the one that holds from now on."""
        self._silences.pop(said.what, None)
        holds = said.seen_at < said.until <= said.seen_at + LONGEST_SILENCE
        if not holds or len(self._silences) >= MOST_SILENCES:
            return None
        silence = Silence(said.what, said.seen_at, said.until, said.why, said.by)
        self._silences[said.what] = silence
        return silence

    def over(self, incident: Incident, now: Instant) -> Silence | None:
        """The one that holds what is to be said of an incident; of several, the one that lasts longest."""
        found = [self._silences.get(what) for what in (incident.id, incident.subject.brand)]
        return max((s for s in found if s is not None and now < s.until), key=lambda s: s.until, default=None)

    def drop_ended(self, now: Instant) -> None:
        """Forget those whose time is up."""
        self._silences = {what: silence for what, silence in self._silences.items() if now < silence.until}

    @property
    def all(self) -> tuple[Silence, ...]:
        """The first to end first."""
        return tuple(sorted(self._silences.values(), key=lambda s: (s.until, s.what)))

    def shift(self, span: Span) -> None:
        """Move every instant: the clock they were taken from was wrong by so much."""
        self._silences = {
            what: replace(silence, since=silence.since + span, until=silence.until + span)
            for what, silence in self._silences.items()
        }

    def dump(self) -> list[dict[str, Any]]:
        """Numbers and words only; `load` gives the same."""
        return [msgspec.to_builtins(silence) for silence in self._silences.values()]

    @classmethod
    def load(cls, dumped: list[dict[str, Any]]) -> "Silences":
        """Those that were dumped."""
        return cls(msgspec.convert(dumped, tuple[Silence, ...]))


def larger(incident: Incident, live: Iterable[Incident], silences: Silences, now: Instant) -> Incident | None:
    """The incident of the same brand that is told as critical in its stead; None: it speaks for itself.

    A critical one always does, and so does what somebody has. One that is silenced speaks for nobody.
    """
    if incident.loudness is Severity.CRITICAL or incident.state is not State.OPEN:
        return None
    brand = incident.subject.brand
    critical = (i for i in live if i.subject.brand == brand and i.loudness is Severity.CRITICAL)
    return min((i for i in critical if silences.over(i, now) is None), key=lambda i: (i.opened_at, i.id), default=None)


def lesser(incident: Incident, live: list[Incident], silences: Silences, now: Instant) -> tuple[Incident, ...]:
    """What a message of a critical incident is told in the stead of, `MOST_BEHIND` at most."""
    behind = [i for i in live if i.behind and i.subject.brand == incident.subject.brand]
    mine = [i for i in behind if (found := larger(i, live, silences, now)) is not None and found.id == incident.id]
    return tuple(mine[:MOST_BEHIND])


def severity_for(brand: Brand, severity: Severity, *, answered: bool = False, press: bool = False) -> Severity:
    """What a rule's severity comes to.

    An answered conversation is no page yet. Once the press has joined it counts one more, answered or not: a reply in
    the conversation is none to the readers of the press. Competitors never page.
    """
    if answered:
        severity = min(severity, Severity.WARNING)
    if press and severity < Severity.CRITICAL:
        severity = Severity(severity + 1)
    return min(severity, Severity.WARNING) if brand.competitor else severity
