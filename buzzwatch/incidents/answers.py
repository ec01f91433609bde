"""What a person's answer makes of an incident, and what becomes of it when its time is up."""

from typing import TypeAlias

from msgspec.structs import replace

from buzzwatch.model.incident import ChangeKind, Incident, Severity, State
from buzzwatch.model.input import Command, Verb
from buzzwatch.model.instant import DAY, MINUTE, Instant, Span

LONGEST_WAIT: Span = DAY
GRACE: Span = 5 * MINUTE
"""So long after a reminder without an answer, what still grows rings again."""

Answered: TypeAlias = tuple[ChangeKind, Incident]

_CLOSINGS = {Verb.RESOLVE: ChangeKind.RESOLVED, Verb.NO_MATTER: ChangeKind.DISMISSED}


def answer(incident: Incident, command: Command, now: Instant) -> Answered | None:
    """The incident after an answer; None where it changes nothing. Every answer that does not close it takes it."""
    closing = _CLOSINGS.get(command.verb)
    if closing is not None:
        return closing, close(incident, now, command.by)
    mine = incident.state is State.TAKEN and incident.taken_by == command.by
    taken = replace(
        set_free(incident),
        state=State.TAKEN,
        taken_by=command.by,
        taken_at=incident.taken_at if mine else now,
        step_at=None,
        hushed=False,
        behind="",
    )
    match command.verb:
        case Verb.HELP:
            return ChangeKind.HELP, taken
        case Verb.WAIT if now < command.until <= now + LONGEST_WAIT:
            return ChangeKind.WAITING, replace(taken, wait_until=command.until, wait_why=command.why)
        case Verb.TAKE if incident.reminded and mine:
            return ChangeKind.NOTED, taken  # they still have it: nothing that others need to hear
        case Verb.TAKE if not mine or incident.wait_until is not None:
            return ChangeKind.TAKEN, taken
        case _:
            return None


def close(incident: Incident, now: Instant, by: str | None) -> Incident:
    """It has ended: nothing more is due. Who had it stays on record."""
    return replace(
        incident,
        state=State.RESOLVED,
        closed_at=now,
        closed_by=by,
        step_at=None,
        wait_until=None,
        remind_at=None,
        reminded=False,
        hushed=False,
        behind="",
    )


def set_free(incident: Incident) -> Incident:
    """Open, and nobody's: what was taken, or was to wait, is no longer what it was."""
    return replace(
        incident,
        state=State.OPEN,
        taken_by=None,
        taken_at=None,
        wait_until=None,
        wait_why="",
        remind_at=None,
        reminded=False,
    )


def look_again(incident: Incident, taken_for: Span, now: Instant) -> Answered | None:
    """The wait is over, or it was taken long ago; None where it does not grow: then nobody is asked.

    `taken_for` is how long somebody may have it until they are asked. What does not page is asked about, no more.
    """
    if incident.wait_until is not None:
        return ChangeKind.WAITED, set_free(incident)
    pages = incident.loudness is Severity.CRITICAL
    if not incident.grows:
        return None
    if incident.reminded and pages:
        return ChangeKind.RELEASED, set_free(incident)
    return ChangeKind.REMINDED, replace(incident, reminded=True, remind_at=now + (GRACE if pages else taken_for))
