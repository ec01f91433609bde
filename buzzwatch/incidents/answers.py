"""What a person's answer makes of an incident, and what becomes of it when its time is up."""

from typing import TypeAlias

from msgspec.structs import replace

from buzzwatch.model.incident import ChangeKind, Incident, Severity, State
from buzzwatch.model.input import Command, Verb
from buzzwatch.model.instant import DAY, HOUR, MINUTE, Instant, Span

LONGEST_WAIT: Span = DAY
LONGEST_SNOOZE: Span = HOUR
"""Whoever wants longer has decided something, and says why: that is a wait."""
SAME_PRESS: Span = MINUTE
"""Two snoozes that end so near each other are one, pressed twice."""
GRACE: Span = 5 * MINUTE
"""So long after a reminder without an answer, what still grows rings again; and what was snoozed, whether or not."""

Answered: TypeAlias = tuple[ChangeKind, Incident]

_CLOSINGS = {Verb.RESOLVE: ChangeKind.RESOLVED, Verb.NO_MATTER: ChangeKind.DISMISSED}


def answer(incident: Incident, command: Command, now: Instant) -> Answered | None:
    """The incident after an answer; None where it changes nothing. Every answer that does not close it takes it."""
    closing = _CLOSINGS.get(command.verb)
    if closing is not None:
        return closing, close(incident, now, command.by)
    mine = incident.state is State.TAKEN and incident.taken_by == command.by
    waits = incident.wait_until is not None or incident.snooze_until is not None
    taken = replace(
        set_free(incident),
        state=State.TAKEN,
        taken_by=command.by,
        taken_at=incident.taken_at if mine else now,
        step_at=None,
        hushed=False,
    )
    match command.verb:
        case Verb.HELP:
            return ChangeKind.HELP, taken
        case Verb.WAIT if now < command.until <= now + LONGEST_WAIT:
            return ChangeKind.WAITING, replace(taken, wait_until=command.until, wait_why=command.why)
        case Verb.SNOOZE if now < command.until <= now + LONGEST_SNOOZE and not _is_pressed_twice(incident, command):
            return ChangeKind.SNOOZING, replace(taken, snooze_until=command.until)
        case Verb.TAKE if not mine or waits or incident.reminded:
            # of what they have still, without another word about it, others need to hear nothing
            return ChangeKind.TAKEN if waits or not mine else ChangeKind.NOTED, taken
        case _:
            return None


def _is_pressed_twice(incident: Incident, command: Command) -> bool:
    until = None if incident.reminded or incident.taken_by != command.by else incident.snooze_until
    return until is not None and abs(command.until - until) < SAME_PRESS


def close(incident: Incident, now: Instant, by: str | None) -> Incident:
    """It has ended: nothing more is due. Who had it stays on record."""
    return replace(
        incident,
        state=State.RESOLVED,
        closed_at=now,
        closed_by=by,
        step_at=None,
        wait_until=None,
        snooze_until=None,
        remind_at=None,
        reminded=False,
        hushed=False,
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
        snooze_until=None,
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
    if incident.snooze_until is not None:
        return _end_snooze(incident, taken_for, now, pages=pages)
    if not incident.grows:
        return None
    if incident.reminded and pages:
        return ChangeKind.RELEASED, set_free(incident)
    return ChangeKind.REMINDED, replace(incident, reminded=True, remind_at=now + (GRACE if pages else taken_for))


def _end_snooze(incident: Incident, taken_for: Span, now: Instant, *, pages: bool) -> Answered | None:
    """Who asked for it is rung, growing or not: nobody has looked yet. What pages rings for all if they are silent."""
    if incident.reminded:
        return (ChangeKind.RELEASED, set_free(incident)) if pages else None
    later = {"snooze_until": now + GRACE} if pages else {"snooze_until": None, "remind_at": now + taken_for}
    return ChangeKind.SNOOZED, replace(incident, reminded=True, **later)
