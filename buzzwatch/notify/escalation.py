"""Who hears of a change, and when the next step of an escalation is due."""

from collections.abc import Iterable
from typing import NamedTuple

from msgspec.structs import replace

from buzzwatch.model.brand import Brand, Route, Rule, Ruleset, Step
from buzzwatch.model.incident import Change, ChangeKind, Incident, Reason, Severity, State, Subject
from buzzwatch.model.input import Delivered, Trouble
from buzzwatch.model.instant import DAY, MINUTE, Instant, Span
from buzzwatch.model.notification import Held, Notice, Target
from buzzwatch.model.signal import Trend
from buzzwatch.model.silence import Silence

CONSOLE = Route("console", copy=("console",))
"""Where alerts go while nobody wrote an `oncall.yaml`."""
LATE: Span = MINUTE
"""A step that leaves this long after it was due says so."""

_OPS = "ops-"
ALARMS = (
    ChangeKind.OPENED,
    ChangeKind.WORSENED,
    ChangeKind.REOPENED,
    ChangeKind.WAITED,
    ChangeKind.RELEASED,
    ChangeKind.UNSILENCED,
)
HUSHED = (*ALARMS, ChangeKind.CALMED)
"""What a silence holds; answers and ends are heard by whoever was told before."""
_SAID_BY_PAGES = (ChangeKind.WAITED, ChangeKind.RELEASED, ChangeKind.UNSILENCED)
"""Why a first step leaves, where it says more than that it does."""


class Told(NamedTuple):
    """What came of a change or of a due step: the incident after it, notices, and what was held."""

    incident: Incident
    notices: tuple[Notice, ...] = ()
    held: tuple[Held, ...] = ()


def announce(change: Change, rules: Ruleset, now: Instant) -> Told:
    """Tell a change: alarms to the route, answers and endings to everybody who was told before."""
    if change.kind not in ALARMS:
        return _announce_answer(change, rules, now)
    incident = change.incident
    if incident.severity is Severity.WATCH:
        return Told(incident, (), (Held(incident.id, incident.route, "watch: kept on the list, nobody is told", None),))
    route = route_of(incident, rules)
    return _alarm(change, route, rules, now)


def hush(incident: Incident, silence: Silence, rules: Ruleset) -> Told:
    """Hold what would be said of an incident: whoever would hear it next is on record, and it is said afterwards."""
    if incident.severity is Severity.WATCH:
        return Told(incident)
    route = route_of(incident, rules)
    steps = route.steps if incident.severity is Severity.CRITICAL or not route.copy else ()
    persons = [target for step in steps[:1] for target in _reachable(step.tell, step.by, rules)]
    targets = [*(Target(name) for name in route.copy), *persons]
    held = tuple(Held(incident.id, str(target), silence.reason, silence.until) for target in targets)
    return Told(replace(incident, hushed=True, step_at=None), (), held)


def _announce_answer(change: Change, rules: Ruleset, now: Instant) -> Told:
    """Answers and endings are heard by all who were told, a call for help by those who may help too."""
    incident, kind = _watched(change.incident, rules, now), change.kind
    if kind is ChangeKind.NOTED:
        return Told(incident)
    if kind is ChangeKind.REMINDED:
        return Told(incident, _notices(incident, kind, _holder(incident, rules), rules, now))
    stops = kind is ChangeKind.TAKEN or incident.taken_at == now
    held = _held_steps(incident, rules) if stops and incident.state is State.TAKEN else ()
    everybody = [_target(name) for name in incident.told]
    if kind is ChangeKind.HELP:
        everybody += _helpers(incident, rules)
        incident = replace(incident, told=_merged(incident.told, everybody))
    return Told(incident, _notices(incident, kind, everybody, rules, now), held)


def _watched(incident: Incident, rules: Ruleset, now: Instant) -> Incident:
    """Whoever has it is asked after a while, unless it is to wait until then."""
    if incident.state is not State.TAKEN or incident.wait_until is not None or incident.remind_at is not None:
        return incident
    return replace(incident, remind_at=now + route_of(incident, rules).taken_for)


def _holder(incident: Incident, rules: Ruleset) -> list[Target]:
    """Who has it, by the means of their first step or of their own; a name that nobody knows, by the copies."""
    route = route_of(incident, rules)
    person, means = incident.taken_by or "", route.steps[0].by if route.steps else ()
    reached = _reachable(person, means, rules) or _reachable_at_all(person, rules)
    return reached or [Target(name) for name in route.copy]


def _helpers(incident: Incident, rules: Ruleset) -> list[Target]:
    people = rules.help or tuple(step.tell for step in route_of(incident, rules).steps)
    others = [person for person in dict.fromkeys(people) if person != incident.taken_by]
    return [target for person in others for target in _reachable_at_all(person, rules)]


def _alarm(change: Change, route: Route, rules: Ruleset, now: Instant) -> Told:
    incident = change.incident
    everybody = [Target(name) for name in route.copy]
    pages = incident.severity is Severity.CRITICAL and bool(route.steps) and incident.state is State.OPEN
    already_climbing = pages and change.kind is ChangeKind.WORSENED and incident.step_at is not None
    if pages and not already_climbing:
        incident = replace(incident, step=0, step_from=now, step_at=now + route.steps[0].after)
    elif not pages and route.steps:
        person = incident.taken_by or route.steps[0].tell
        if incident.taken_by or not route.copy:
            everybody += _reachable(person, route.steps[0].by, rules) or _reachable_at_all(person, rules)
    incident = replace(incident, told=_merged(incident.told, everybody))
    return Told(incident, _notices(incident, change.kind, everybody, rules, now))


def climb(incident: Incident, rules: Ruleset, now: Instant, why: ChangeKind | None = None) -> Told:
    """Send the escalation steps that are due; of several overdue ones only those due last, marked late.

    A route that has lost its steps since is told a last time: nobody is left to page. `why` is the change by which the
    first step leaves.
    """
    route = route_of(incident, rules)
    if incident.step_at is None:
        return Told(incident)
    first_due = due = incident.step_at
    kind = ChangeKind.OPENED if incident.revision == 1 else ChangeKind.WORSENED
    kind = why if why in _SAID_BY_PAGES else kind
    if not route.steps:
        everybody = [Target(name) for name in route.copy]
        incident = replace(incident, step_at=None, told=_merged(incident.told, everybody))
        return Told(incident, _notices(incident, kind, everybody, rules, now, page=True))
    step, started = min(incident.step, len(route.steps) - 1), incident.step_from
    rungs = [route.steps[step]]
    while True:
        following, restarted, following_at = _next_step(route, step, started, due)
        if following_at is None or following_at > now:
            break
        rungs = [*(rungs if following_at == due else ()), route.steps[following]]
        step, started, due = following, restarted, following_at
    targets = [target for rung in rungs for target in _reachable(rung.tell, rung.by, rules)]
    incident = replace(
        incident,
        step=following,
        step_from=restarted,
        step_at=following_at,
        paged=tuple(map(str, targets)),
        told=_merged(incident.told, targets),
    )
    late_since = first_due if now - first_due > LATE else None
    notices = _notices(incident, kind, targets, rules, due, page=True, late_since=late_since)
    return Told(incident, notices)


def announce_trouble(trouble: Trouble, rules: Ruleset, targets: Iterable[Target] | None = None) -> tuple[Notice, ...]:
    """Tell the `ops` route (or the given targets) what is wrong with the daemon itself or right again."""
    if targets is None:
        route = rules.routes.get("ops", CONSOLE)
        persons = [target for step in route.steps[:1] for target in _reachable(step.tell, step.by, rules)]
        targets = [*(Target(name) for name in route.copy), *persons]
    reason = Reason(trouble.key, trouble.text, (), None, Trend.STEADY, 0, 0, None, None, answered=False)
    incident = Incident(
        id=f"{_OPS}{trouble.key}-{trouble.since // 1000}",
        subject=Subject(brand=""),
        state=State.RESOLVED if trouble.over else State.OPEN,
        severity=Severity.WARNING,
        began_at=trouble.since,
        opened_at=trouble.since,
        true_at=trouble.seen_at,
        rules=("ops",),
        reason=reason,
        samples=(),
        route="ops",
        worst=0.0,
        revision=2 if trouble.over else 1,
    )
    kind = ChangeKind.OVER if trouble.over else ChangeKind.OPENED
    return _notices(incident, kind, targets, rules, trouble.seen_at)


def announce_failure(delivered: Delivered, rules: Ruleset, now: Instant) -> tuple[Notice, ...]:
    """Tell the `ops` route, once a day for each target, that messages to it were given up."""
    if delivered.sent or delivered.incident.startswith(_OPS):
        return ()
    today = now // DAY * DAY
    text = f"a message to {delivered.target} was given up: {delivered.why}"
    return announce_trouble(Trouble(today, f"delivery-{delivered.target}", today, text), rules)


def _next_step(route: Route, step: int, started: Instant, due: Instant) -> tuple[int, Instant, Instant | None]:
    """Index, start of its round, and due instant of the step after one that was due at `due`."""
    if step + 1 < len(route.steps):
        return step + 1, started, max(started + route.steps[step + 1].after, due)
    if route.repeat is None:
        return step, started, None
    restarted = due + route.repeat
    return 0, restarted, restarted + route.steps[0].after


def route_of(incident: Incident, rules: Ruleset) -> Route:
    """The route of an incident; where that no longer exists, the one that its rule names now, else the console."""
    rule = _rule_of(rules.brands.get(incident.subject.brand), incident)
    return rules.routes.get(incident.route) or rules.routes.get(rule.notify if rule else "") or CONSOLE


def _held_steps(incident: Incident, rules: Ruleset) -> tuple[Held, ...]:
    route = route_of(incident, rules)
    if incident.severity is not Severity.CRITICAL or not route.steps:
        return ()
    coming: Iterable[Step] = route.steps[incident.step :]
    targets = [target for step in coming for target in _reachable(step.tell, step.by, rules)]
    waits = f": we wait, {incident.wait_why}" if incident.wait_until is not None else ""
    why = f"taken by {incident.taken_by}{waits}"
    return tuple(Held(incident.id, str(target), why, incident.wait_until) for target in targets)


def _reachable(person: str, means: Iterable[str], rules: Ruleset) -> list[Target]:
    known = rules.people.get(person)
    return [Target(person, by) for by in means if known and by in known.reach]


def _reachable_at_all(person: str, rules: Ruleset) -> list[Target]:
    """By the first of their means: who took an incident need not have the means of its first step."""
    known = rules.people.get(person)
    return [Target(person, by) for by in list(known.reach)[:1]] if known else []


def _notices(
    incident: Incident,
    kind: ChangeKind,
    targets: Iterable[Target],
    rules: Ruleset,
    due: Instant,
    *,
    page: bool = False,
    late_since: Instant | None = None,
) -> tuple[Notice, ...]:
    brand = rules.brands.get(incident.subject.brand)
    rule = _rule_of(brand, incident)
    mentioned = {incident.taken_by, incident.closed_by, *(_target(name).name for name in incident.told)}
    names = {key: person.name for key, person in rules.people.items() if key in mentioned}
    return tuple(
        Notice(
            key=f"{incident.id}.{incident.revision}.{due // 1000}.{target}",
            due_at=due,
            target=target,
            kind=kind,
            severity=incident.severity,
            language=_language(target, incident, brand, rules),
            brand_name=brand.name if brand else incident.subject.brand,
            timezone=brand.timezone if brand else "UTC",
            incident=incident,
            do=rule.do if rule else (),
            runbook=rule.runbook if rule else None,
            also_told=tuple(name for name in incident.told if name != str(target)),
            names=names,
            page=page,
            late_since=late_since,
        )
        for target in dict.fromkeys(targets)
    )


def _rule_of(brand: Brand | None, incident: Incident) -> Rule | None:
    return next((rule for rule in brand.rules if rule.name == incident.reason.rule), None) if brand else None


def _language(target: Target, incident: Incident, brand: Brand | None, rules: Ruleset) -> str:
    """A person's own; for copies the route's, else the brand's."""
    if target.by and target.name in rules.people:
        return rules.people[target.name].language
    return route_of(incident, rules).language or (brand.language if brand else "en")


def _target(name: str) -> Target:
    person, _, by = name.partition("/")
    return Target(person, by)


def _merged(told: tuple[str, ...], targets: Iterable[Target]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*told, *map(str, targets))))
