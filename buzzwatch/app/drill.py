"""A drill between the command line, the spine and the record: what is asked for, and what came of it."""

import sqlite3
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from buzzwatch.incidents.drill import GRACE, obstacle
from buzzwatch.memory import Memory
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.incident import Change, ChangeKind, Drill, Incident, Severity, State
from buzzwatch.model.input import Drilled
from buzzwatch.model.instant import MINUTE, SECOND, Instant, Span
from buzzwatch.model.notification import Notice
from buzzwatch.store.journal import read_incident
from buzzwatch.web.desk import Answer, Rehearsal

_decode = msgspec.json.Decoder(Notice).decode
_LAST = "SELECT id FROM incident WHERE CAST(body AS TEXT) ->> 'drill' IS NOT NULL ORDER BY opened_at DESC, id LIMIT 1"
_MESSAGES = (
    "SELECT state, written_at, done_at, attempts, why, body FROM outbox WHERE incident = ? ORDER BY written_at, key"
)
_STATES = {"sent": "delivered", "failed": "FAILED", "superseded": "overtaken by a later message"}


class Sent(Struct, frozen=True):
    """A message of a drill, and what became of it."""

    notice: Notice
    state: str
    written_at: Instant
    done_at: Instant | None
    attempts: int
    why: str

    @property
    def person(self) -> str:
        """Whom it was for; "" where it was a channel."""
        return self.notice.target.name if self.notice.target.by else ""


class Course(Struct, frozen=True):
    """A drill as the record has it."""

    incident: Incident
    drill: Drill
    history: list[Change]
    sent: list[Sent]

    @property
    def over(self) -> bool:
        """Whether nothing of it is still to come; what only tells its end may be on its way."""
        waiting = any(each.state == "waiting" and each.notice.page for each in self.sent)
        return self.incident.state is State.RESOLVED and not waiting

    def is_overdue(self, now: Instant) -> bool:
        """Whether it ought to be over: the daemon does not run, or a message does not leave."""
        return not self.over and now > self.incident.opened_at + self.incident.calm + MINUTE


def read_rehearsal(asked: Rehearsal, memory: Memory, now: Instant) -> Drilled | Answer:
    """What a person asks for, ready for the journal; or why it cannot be done."""
    rules, what, route = memory.rules, asked.what, asked.route
    if not route and what in rules.routes and what not in rules.brands:
        what, route = "", what
    brand = what or _brand_of(route, rules)
    drilled = Drilled(0, brand, route or _route_of(brand, rules), asked.by, asked.copies, asked.at_night)
    why_not = obstacle(drilled, rules, memory.desk.alive, memory.silences.all, now)
    return Answer(False, (why_not,)) if why_not else drilled


def _brand_of(route: str, rules: Ruleset) -> str:
    """The first that pages by this route, or by any; else the first."""
    paging = (key for key in rules.brands if _route_of(key, rules) in ({route} if route else rules.routes.keys()))
    return next(paging, next(iter(rules.brands), ""))


def _route_of(brand: str, rules: Ruleset) -> str:
    """Where the first critical rule of a brand goes that calls anybody."""
    known = rules.brands.get(brand)
    critical = [rule.notify for rule in (known.rules if known else ()) if rule.severity is Severity.CRITICAL]
    paging = (name for name in critical if name in rules.routes and rules.routes[name].steps)
    return next(paging, critical[0] if critical else "")


def last_drill(db: sqlite3.Connection) -> str | None:
    """The id of the latest on record."""
    row = db.execute(_LAST).fetchone()
    return None if row is None else str(row[0])


def read_course(db: sqlite3.Connection, name: str) -> Course | None:
    """A drill by its id; None where there is none of that id."""
    found = read_incident(db, name)
    if found is None or found[0].drill is None:
        return None
    sent = [_sent(*row) for row in db.execute(_MESSAGES, (name,))]
    return Course(found[0], found[0].drill, found[1], sent)


def _sent(state: str, written_at: Instant, done_at: Instant | None, attempts: int, why: str, body: Any) -> Sent:  # noqa: ANN401 - as SQLite gives it
    return Sent(_decode(body), state, written_at, done_at, attempts, why)


def progress(course: Course) -> list[str]:
    """A line for each message whose fate is known, in the order of their fates."""
    done = [each for each in course.sent if each.state != "waiting"]
    return [_line(course, each) for each in sorted(done, key=lambda each: (each.done_at or 0, str(each.notice.target)))]


def report(course: Course) -> Iterator[str]:
    """All of it: who was told when and how, who answered, who did not, how far it went."""
    incident, drill = course.incident, course.drill
    yield f"{incident.id}: drill of the route {incident.route} for {incident.subject.brand}, asked for by {drill.by}"
    yield "Who was told, counted from its beginning"
    for each in course.sent:
        yield f"  {_line(course, each)}"
    yield from _outcome(course)
    reached = max((_step(each.notice) for each in course.sent if each.notice.page), default=0)
    yield f"Steps reached: {reached} of {len(drill.steps)}"


def _outcome(course: Course) -> Iterator[str]:
    incident = course.incident
    called = {each.person: each.written_at for each in reversed(course.sent) if each.person and each.notice.page}
    answered = next((change for change in course.history if change.kind is ChangeKind.RESOLVED), None)
    if answered is not None:
        by = answered.by or "?"
        own = f", {_after(answered.at - called[by])} after the first message to them" if by in called else ""
        yield f"Answered by {by} ({answered.why}) after {_after(answered.at - incident.opened_at)}{own}"
    elif incident.state is not State.RESOLVED:
        ends_at = incident.held_at[Severity.CRITICAL - 1] + incident.calm
        yield f"Under way: it ends by itself {_after(ends_at - incident.opened_at)} after its beginning"
    elif course.drill.cut:
        yield f"Cut short after {_after((incident.closed_at or 0) - incident.opened_at)}: {course.drill.cut} is real"
    else:
        yield f"Nobody answered within {GRACE // MINUTE} minutes of the last step"
    silent = [person for person in called if answered is None or person != answered.by]
    if silent:
        yield f"Called and did not answer: {', '.join(sorted(silent))}"
    failed = {str(each.notice.target) for each in course.sent if each.state == "failed"}
    if failed:
        yield f"Could not be reached: {', '.join(sorted(failed))}"


def _line(course: Course, each: Sent) -> str:
    began = course.incident.opened_at
    what = "called" if each.notice.page else "told"
    if each.notice.kind in {ChangeKind.RESOLVED, ChangeKind.OVER}:
        what = "told that it is over"
    tries = f" at attempt {each.attempts}" if each.attempts > 1 else ""
    done = f" at {_after(each.done_at - began)}{tries}" if each.done_at is not None else ""
    why = f": {each.why}" if each.state == "failed" else ""
    became = _STATES.get(each.state, "not yet delivered")
    return f"{_after(each.written_at - began):>7}  {each.notice.target} {what}: {became}{done}{why}"


def _step(notice: Notice) -> int:
    """How many steps had been taken once this message was due."""
    incident = notice.incident
    return incident.step + (incident.step_at is None)


def _after(span: Span) -> str:
    """Minutes and seconds, as a stop-watch has them."""
    minutes, seconds = divmod(round(max(0, span) / SECOND), 60)
    return f"{minutes}:{seconds:02}"
