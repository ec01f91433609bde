"""Whether an alert would reach somebody: the rota, ways to people, drills, what arrived last, who watches us."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from buzzwatch.app.config import unreachable
from buzzwatch.app.doctor.database import looking_into
from buzzwatch.app.doctor.finding import Finding, Lasting, fine, wary, wrong
from buzzwatch.app.drill import last_drill, read_course
from buzzwatch.app.duty import paged, unheard
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.incident import Severity
from buzzwatch.model.instant import DAY, MINUTE, SECOND
from buzzwatch.model.rota import Listed
from buzzwatch.notify.oncall import gaps

if TYPE_CHECKING:
    from buzzwatch.app.doctor.patient import Patient

_AHEAD = 14 * DAY
_LONG_SINCE = 90 * DAY
_LAST_SENT = "SELECT target, max(done_at) FROM outbox WHERE state = 'sent' GROUP BY target ORDER BY target"


def check_rota(patient: "Patient") -> Iterator[Finding]:
    """Whether it is somebody's turn on each of the next fourteen days."""
    for name, rota in (patient.rules.rotas if patient.rules else {}).items():
        if isinstance(rota, Listed) and not rota.shifts:
            said = "rota {rota}: nothing is known of its calendar"
            yield wary(said, "buzzwatch check --fetch", rota=name)
            continue
        found = list(gaps(rota, patient.now, patient.now + _AHEAD))
        if not found:
            yield fine("rota {rota}: it is somebody's turn on each of the next 14 days", rota=name)
        elif rota.fallback:
            said = "rota {rota}: gaps in the next 14 days: {n}; {person} is called instead"
            yield wary(said, "buzzwatch oncall --week", rota=name, n=len(found), person=rota.fallback)
        else:
            said = "rota {rota}: gaps in the next 14 days: {n}, and nobody is called then"
            yield wrong(said, "add `fallback` to the rota in oncall.yaml", rota=name, n=len(found))


def _called(rules: Ruleset) -> list[str]:
    """Everybody whom a critical rule may page."""
    routes = {
        rule.notify
        for brand in rules.brands.values()
        for rule in brand.rules
        if rule.severity is Severity.CRITICAL and not brand.competitor
    }
    return list(dict.fromkeys(person for name in sorted(routes) for person in paged(rules.routes[name], rules)))


def check_reach(patient: "Patient") -> Iterator[Finding]:
    """Whether everybody who may be paged has two ways, each of which can be written to, and one that wakes."""
    rules, config = patient.rules, patient.config
    if rules is None or config is None:
        return
    called = _called(rules)
    if not called:
        said = "no critical rule pages anybody"
        yield wary(said, "give a rule `severity: critical` and its route `steps`")
        return
    single = [person for person in called if len(set(rules.people[person].reach.values())) < 2]  # noqa: PLR2004 - two ways
    if single:
        said = "reached by one means alone: {people}"
        yield wary(said, "add another to `reach` in oncall.yaml, by another service", people=", ".join(single))
    else:
        yield fine("each of {n} persons who may be paged is reached by two means or more", n=len(called))
    if not config.wakes:
        remedy = "add `wakes: [push, sms]` to buzzwatch.yaml, so that a night without them is told"
        yield wary("nobody knows which means wake people", remedy)
    for words in unheard(rules, config.wakes):
        yield wrong("{why}", "add such a means to `reach`, or its name to `by` of the step", why=words)
    for words in unreachable(rules.people.values(), config, patient.secrets):
        yield wrong("{why}", "buzzwatch check", why=words)


def check_drill(patient: "Patient") -> Iterator[Finding]:
    """When the whole chain was last tried."""
    with looking_into(patient) as db:
        name = None if db is None else last_drill(db)
        course = None if db is None or name is None else read_course(db, name)
    if db is None:
        return
    remedy = "buzzwatch drill --as YOUR_KEY"
    if course is None:
        yield wary("no drill is on record: nobody knows whether a page arrives", remedy)
        return
    ago = patient.now - course.incident.opened_at
    if ago > _LONG_SINCE:
        yield wary("the last drill was {span} ago", remedy, span=Lasting(ago))
    else:
        yield fine("the last drill was {span} ago", span=Lasting(ago))


def check_delivered(patient: "Patient") -> Iterator[Finding]:
    """What each channel took last."""
    with looking_into(patient) as db:
        if db is None:
            return
        last = {str(target): int(at) for target, at in db.execute(_LAST_SENT) if at is not None}
    for target, at in last.items():
        yield fine("last message to {target}: {span} ago", target=target, span=Lasting(patient.now - at))
    for name in patient.config.channels if patient.config else ():
        if name not in last:
            said = "nothing was ever sent to the channel {channel}"
            yield wary(said, "buzzwatch notify-test {channel}", channel=name)


def check_heartbeat(patient: "Patient") -> Iterator[Finding]:
    """Whether somebody outside would notice that this machine is dead."""
    if patient.config is None:
        return
    beat = patient.config.heartbeat
    if beat is None:
        said = "nobody outside would notice that this machine is dead: no heartbeat is configured"
        yield wary(said, "docs/monitoring.md, Who watches from outside")
        return
    at = patient.metric("buzzwatch_last_heartbeat_timestamp_seconds")
    if at is None:
        return
    ago = patient.now - int(at * SECOND)
    if not at:
        yield wrong("no heartbeat was sent since the daemon started", "journalctl -u buzzwatch | grep heartbeat_")
    elif ago > 2 * beat.every + 2 * MINUTE:
        yield wrong(
            "the last heartbeat was sent {span} ago", "journalctl -u buzzwatch | grep heartbeat_", span=Lasting(ago)
        )
    else:
        yield fine("the last heartbeat was sent {span} ago", span=Lasting(ago))
