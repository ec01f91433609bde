"""Who hears of a change, and when the next step of an escalation is due."""

from collections.abc import Iterable

from msgspec.structs import replace

from buzzwatch.model.brand import Brand, Route, Ruleset, Step
from buzzwatch.model.incident import Change, ChangeKind, Incident, Severity, State
from buzzwatch.model.instant import MINUTE, Instant, Span
from buzzwatch.model.notification import Coming, Held, Target
from buzzwatch.model.silence import Silence
from buzzwatch.notify import oncall
from buzzwatch.notify.notices import (
    Told,
    let_sleep,
    merged,
    morning_after,
    notices_of,
    reachable,
    route_of,
    target_of,
    wakes,
)

LATE: Span = MINUTE
"""A step that leaves this long after it was due says so."""
ALARMS = (
    ChangeKind.OPENED,
    ChangeKind.WORSENED,
    ChangeKind.REOPENED,
    ChangeKind.WAITED,
    ChangeKind.RELEASED,
    ChangeKind.UNSILENCED,
    ChangeKind.OUTLASTED,
)
HUSHED = (*ALARMS, ChangeKind.CALMED)
"""What a silence holds; answers and ends are heard by whoever was told before."""
_SAID_BY_PAGES = (ChangeKind.WAITED, ChangeKind.RELEASED, ChangeKind.UNSILENCED, ChangeKind.REOPENED)
"""Why a first step leaves, where it says more than that it does."""


def announce(change: Change, rules: Ruleset, now: Instant) -> Told:
    """Tell a change: alarms to the route, answers and endings to everybody who was told before."""
    if change.kind not in ALARMS:
        return _announce_answer(change, rules, now)
    incident = change.incident
    if incident.loudness is Severity.WATCH:
        return Told(incident, (), (Held(incident.id, incident.route, "watch: kept on the list, nobody is told", None),))
    route = route_of(incident, rules)
    return _alarm(change, route, rules, now)


def hush(incident: Incident, silence: Silence, rules: Ruleset, now: Instant) -> Told:
    """Hold what would be said of an incident: whoever would hear it next is on record, and it is said afterwards."""
    if incident.loudness is Severity.WATCH:
        return Told(incident)
    route = route_of(incident, rules)
    steps = route.steps if incident.loudness is Severity.CRITICAL or not route.copy else ()
    persons = [target for step in steps[:1] for target in reachable(step.tell, step.by, rules, now)]
    targets = [*(Target(name) for name in route.copy), *persons]
    held = tuple(Held(incident.id, str(target), silence.reason, silence.until) for target in targets)
    return Told(replace(incident, hushed=True, step_at=None), (), held)


def inhibit(incident: Incident, larger: Incident, told: Told) -> Told:
    """Hold what would be told of an incident: a larger one of its brand is told in its stead."""
    why = f"{larger.id} is critical: told with it, and for itself once that has ended"
    held = tuple(Held(incident.id, str(notice.target), why, None) for notice in told.notices)
    return Told(replace(incident, behind=larger.id), (), (*held, *told.held))


def _announce_answer(change: Change, rules: Ruleset, now: Instant) -> Told:
    """Answers and endings are heard by all who were told, at night by channels alone.

    A call for help is heard by those who may help too, and like a reminder at any hour.
    """
    incident, kind = _watched(change.incident, rules, now), change.kind
    if kind is ChangeKind.NOTED:
        return Told(incident)
    if kind in {ChangeKind.REMINDED, ChangeKind.SNOOZED}:
        holder = _holder(incident, rules, now)
        incident = replace(incident, told=merged(incident.told, holder))
        return Told(incident, notices_of(incident, kind, holder, rules, now))
    stops = kind is ChangeKind.TAKEN or incident.taken_at == now
    needless = _held_steps(incident, rules, now) if stops and incident.state is State.TAKEN else ()
    everybody = [target_of(name) for name in incident.told]
    if kind is ChangeKind.HELP:
        everybody += _helpers(incident, rules, now)
        incident = replace(incident, told=merged(incident.told, everybody))
        return Told(incident, notices_of(incident, kind, everybody, rules, now), needless)
    everybody, held = let_sleep(everybody, incident, rules, now)
    return Told(incident, notices_of(incident, kind, everybody, rules, now), (*needless, *held))


def _watched(incident: Incident, rules: Ruleset, now: Instant) -> Incident:
    """Whoever has it is asked after a while, unless it is to wait until then."""
    told_when = (incident.wait_until, incident.snooze_until, incident.remind_at)
    if incident.state is not State.TAKEN or any(at is not None for at in told_when):
        return incident
    return replace(incident, remind_at=now + route_of(incident, rules).taken_for)


def _holder(incident: Incident, rules: Ruleset, now: Instant) -> list[Target]:
    """Who has it, by the means of their first step or of their own; a name that nobody knows, by the copies."""
    route = route_of(incident, rules)
    means = route.steps[0].by if route.steps else ()
    return reachable(incident.taken_by or "", means, rules, now) or [Target(name) for name in route.copy]


def _helpers(incident: Incident, rules: Ruleset, now: Instant) -> list[Target]:
    tells = rules.help or tuple(step.tell for step in route_of(incident, rules).steps)
    people = dict.fromkeys(oncall.person_of(tell, rules, now) for tell in tells)
    others = [person for person in people if person and person != incident.taken_by]
    return [target for person in others for target in reachable(person, (), rules, now)[:1]]


def _alarm(change: Change, route: Route, rules: Ruleset, now: Instant) -> Told:
    incident = change.incident
    everybody = [Target(name) for name in route.copy]
    held: tuple[Held, ...] = ()
    pages = incident.loudness is Severity.CRITICAL and bool(route.steps) and incident.state is State.OPEN
    climbing = pages and change.kind is ChangeKind.WORSENED and incident.step_at is not None
    waits = incident.step_at is not None and incident.step_at == morning_after(rules, now)
    if pages and (not climbing or (waits and wakes(incident, rules))):
        incident = replace(incident, step=0, step_from=now, step_at=now + route.steps[0].after)
    elif not pages and route.steps and (incident.taken_by or not route.copy):
        persons = reachable(incident.taken_by or route.steps[0].tell, route.steps[0].by, rules, now)
        if not wakes(incident, rules):
            persons, held = let_sleep(persons, incident, rules, now)
        everybody += persons
    if change.kind is ChangeKind.REOPENED:
        others, asleep = let_sleep(_had(incident, route if pages else None, rules, now), incident, rules, now)
        everybody, held = [*everybody, *others], (*held, *asleep)
    if incident.loudness is Severity.CRITICAL:
        incident = replace(incident, duty=oncall.team(oncall.rotas_of(route, rules), now))
    incident = replace(incident, told=merged(incident.told, everybody))
    return Told(incident, notices_of(incident, change.kind, everybody, rules, now), held)


def _had(incident: Incident, paging: Route | None, rules: Ruleset, now: Instant) -> list[Target]:
    """Who believes that it is over: the channels that were told so, and who had it, unless the first page is theirs."""
    channels = [target for target in map(target_of, incident.told) if not target.by]
    person = incident.had_by or ""
    if paging is not None and oncall.person_of(paging.steps[0].tell, rules, now) == person:
        return channels
    before = [target for target in map(target_of, incident.told) if target.by and target.name == person]
    return [*channels, *(before or reachable(person, (), rules, now))[:1]]


def under_new_rules(incident: Incident, rules: Ruleset, now: Instant) -> Incident:
    """A critical incident whose route had nobody to page, and now has, begins to page; a competitor's never pages."""
    if incident.loudness is not Severity.CRITICAL or incident.state is State.RESOLVED or incident.drill is not None:
        return incident
    brand = rules.brands.get(incident.subject.brand)
    if brand is not None and brand.competitor:
        watch, warning, critical = incident.held_at
        held_at = (watch, max(warning, critical), 0)
        severity = min(incident.severity, Severity.WARNING)
        return replace(incident, severity=severity, step_at=None, held_at=held_at, urgent=False)
    if incident.state is State.OPEN and incident.step_at is None and route_of(incident, rules).steps:
        return replace(incident, step=0, step_from=now, step_at=now)
    return incident


def paging_route(incident: Incident, brand: Brand, rules: Ruleset, *wanted: str) -> str:
    """The route of an incident that pages; where that has nobody to page, the first that has of the brand's."""
    if route_of(incident, rules).steps:
        return incident.route
    names = [*wanted, *(rule.notify for rule in brand.rules if rule.severity is Severity.CRITICAL)]
    return next((name for name in names if name in rules.routes and rules.routes[name].steps), incident.route)


def climb(incident: Incident, rules: Ruleset, now: Instant, why: ChangeKind | None = None) -> Told:
    """Send the escalation steps that are due; of several overdue ones only those due last, marked late.

    A route that has lost its steps since is told a last time: nobody is left to page. `why` is the change by which the
    first step leaves.
    """
    route = route_of(incident, rules)
    if incident.step_at is None:
        return Told(incident)
    until = morning_after(rules, now)
    if until is not None and route.steps and not wakes(incident, rules):
        rung = route.steps[min(incident.step, len(route.steps) - 1)]
        _, held = let_sleep(reachable(rung.tell, rung.by, rules, now), incident, rules, now)
        return Told(replace(incident, step_at=until, step_from=max(incident.step_from, until - rung.after)), (), held)
    first_due = due = incident.step_at
    kind = ChangeKind.OPENED if incident.revision == 1 else ChangeKind.WORSENED
    kind = why if why in _SAID_BY_PAGES else kind
    if not route.steps:
        everybody = [Target(name) for name in route.copy]
        incident = replace(incident, step_at=None, told=merged(incident.told, everybody))
        return Told(incident, notices_of(incident, kind, everybody, rules, now, page=True))
    step, started = min(incident.step, len(route.steps) - 1), incident.step_from
    rungs = [route.steps[step]]
    while True:
        following, restarted, following_at = _next_step(route, step, started, due)
        if following_at is None or following_at > now:
            break
        rungs = [*(rungs if following_at == due else ()), route.steps[following]]
        step, started, due = following, restarted, following_at
    targets = [target for rung in rungs for target in reachable(rung.tell, rung.by, rules, now)]
    incident = replace(
        incident,
        step=following,
        step_from=restarted,
        step_at=following_at,
        paged=tuple(map(str, targets)),
        told=merged(incident.told, targets),
    )
    late_since = first_due if now - first_due > LATE else None
    notices = notices_of(incident, kind, targets, rules, due, page=True, late_since=late_since)
    return Told(incident, notices)


def readers(route: Route, rules: Ruleset, now: Instant) -> list[Target]:
    """Who reads what is no alarm: the channels of a route, or else who is told first."""
    steps = () if route.copy else route.steps[:1]
    persons = [target for step in steps for target in reachable(step.tell, step.by, rules, now)[:1]]
    return [*(Target(name) for name in route.copy), *persons]


def sleepers_wake_at(targets: Iterable[Target], rules: Ruleset, now: Instant) -> Instant | None:
    """When persons among these may be told something that can wait; None: now."""
    return morning_after(rules, now) if any(target.by for target in targets) else None


def _next_step(route: Route, step: int, started: Instant, due: Instant) -> tuple[int, Instant, Instant | None]:
    """Index, start of its round, and due instant of the step after one that was due at `due`."""
    if step + 1 < len(route.steps):
        return step + 1, started, max(started + route.steps[step + 1].after, due)
    if route.repeat is None:
        return step, started, None
    restarted = due + route.repeat
    return 0, restarted, restarted + route.steps[0].after


def upcoming(incident: Incident, rules: Ruleset) -> tuple[Coming, ...]:
    """Who is told by the next step, and when, if nobody takes it."""
    steps = route_of(incident, rules).steps
    at = incident.step_at
    if incident.state is not State.OPEN or at is None or not steps:
        return ()
    step = steps[min(incident.step, len(steps) - 1)]
    means: dict[str, list[str]] = {}
    for target in reachable(step.tell, step.by, rules, at):
        means.setdefault(target.name, []).append(target.by)
    return tuple(Coming(at, rules.people[person].name, tuple(by)) for person, by in means.items())


def _held_steps(incident: Incident, rules: Ruleset, now: Instant) -> tuple[Held, ...]:
    route = route_of(incident, rules)
    if incident.loudness is not Severity.CRITICAL or not route.steps:
        return ()
    coming: Iterable[Step] = route.steps[incident.step :]
    targets = [target for step in coming for target in reachable(step.tell, step.by, rules, now)]
    waits = f": we wait, {incident.wait_why}" if incident.wait_until is not None else ""
    waits = ": snoozed" if incident.snooze_until is not None else waits
    why = f"taken by {incident.taken_by}{waits}"
    return tuple(
        Held(incident.id, str(target), why, incident.wait_until or incident.snooze_until) for target in targets
    )
