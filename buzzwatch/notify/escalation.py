"""Who hears of a change, and when the next step of an escalation is due."""

from collections.abc import Iterable
from functools import partial
from typing import NamedTuple

from msgspec.structs import replace

from buzzwatch.model.brand import Brand, Route, Rule, Ruleset, Step
from buzzwatch.model.incident import Change, ChangeKind, Incident, Reason, Severity, State, Subject
from buzzwatch.model.input import Delivered, Trouble
from buzzwatch.model.instant import DAY, MINUTE, Instant, Span
from buzzwatch.model.notification import Coming, Held, Notice, Target
from buzzwatch.model.rota import Listed, Rota
from buzzwatch.model.signal import Trend
from buzzwatch.model.silence import Silence
from buzzwatch.notify import oncall

CONSOLE = Route("console", copy=("console",))
"""Where alerts go while nobody wrote an `oncall.yaml`."""
_NIGHT = {True: "this is no reason to wake anybody", False: "the rule waits for the morning"}
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
    ChangeKind.OUTLASTED,
)
HUSHED = (*ALARMS, ChangeKind.CALMED)
"""What a silence holds; answers and ends are heard by whoever was told before."""
_SAID_BY_PAGES = (ChangeKind.WAITED, ChangeKind.RELEASED, ChangeKind.UNSILENCED, ChangeKind.REOPENED)
"""Why a first step leaves, where it says more than that it does."""


class Told(NamedTuple):
    """What came of a change or of a due step: the incident after it, notices, what was held, and what is noted."""

    incident: Incident
    notices: tuple[Notice, ...] = ()
    held: tuple[Held, ...] = ()
    change: Change | None = None


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
    persons = [target for step in steps[:1] for target in _reachable(step.tell, step.by, rules, now)]
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
        incident = replace(incident, told=_merged(incident.told, holder))
        return Told(incident, _notices(incident, kind, holder, rules, now))
    stops = kind is ChangeKind.TAKEN or incident.taken_at == now
    needless = _held_steps(incident, rules, now) if stops and incident.state is State.TAKEN else ()
    everybody = [_target(name) for name in incident.told]
    if kind is ChangeKind.HELP:
        everybody += _helpers(incident, rules, now)
        incident = replace(incident, told=_merged(incident.told, everybody))
        return Told(incident, _notices(incident, kind, everybody, rules, now), needless)
    everybody, held = _let_sleep(everybody, incident, rules, now)
    return Told(incident, _notices(incident, kind, everybody, rules, now), (*needless, *held))


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
    return _reachable(incident.taken_by or "", means, rules, now) or [Target(name) for name in route.copy]


def _helpers(incident: Incident, rules: Ruleset, now: Instant) -> list[Target]:
    tells = rules.help or tuple(step.tell for step in route_of(incident, rules).steps)
    people = dict.fromkeys(oncall.person_of(tell, rules, now) for tell in tells)
    others = [person for person in people if person and person != incident.taken_by]
    return [target for person in others for target in _reachable(person, (), rules, now)[:1]]


def _alarm(change: Change, route: Route, rules: Ruleset, now: Instant) -> Told:
    incident = change.incident
    everybody = [Target(name) for name in route.copy]
    held: tuple[Held, ...] = ()
    pages = incident.loudness is Severity.CRITICAL and bool(route.steps) and incident.state is State.OPEN
    climbing = pages and change.kind is ChangeKind.WORSENED and incident.step_at is not None
    waits = incident.step_at is not None and incident.step_at == _morning(rules, now)
    if pages and (not climbing or (waits and wakes(incident, rules))):
        incident = replace(incident, step=0, step_from=now, step_at=now + route.steps[0].after)
    elif not pages and route.steps and (incident.taken_by or not route.copy):
        persons = _reachable(incident.taken_by or route.steps[0].tell, route.steps[0].by, rules, now)
        if not wakes(incident, rules):
            persons, held = _let_sleep(persons, incident, rules, now)
        everybody += persons
    if change.kind is ChangeKind.REOPENED:
        others, asleep = _let_sleep(_had(incident, route if pages else None, rules, now), incident, rules, now)
        everybody, held = [*everybody, *others], (*held, *asleep)
    if incident.loudness is Severity.CRITICAL:
        incident = replace(incident, duty=oncall.team(oncall.rotas_of(route, rules), now))
    incident = replace(incident, told=_merged(incident.told, everybody))
    return Told(incident, _notices(incident, change.kind, everybody, rules, now), held)


def _had(incident: Incident, paging: Route | None, rules: Ruleset, now: Instant) -> list[Target]:
    """Who believes that it is over: the channels that were told so, and who had it, unless the first page is theirs."""
    channels = [target for target in map(_target, incident.told) if not target.by]
    person = incident.had_by or ""
    if paging is not None and oncall.person_of(paging.steps[0].tell, rules, now) == person:
        return channels
    before = [target for target in map(_target, incident.told) if target.by and target.name == person]
    return [*channels, *(before or _reachable(person, (), rules, now))[:1]]


def wakes(incident: Incident, rules: Ruleset) -> bool:
    """Whether persons may be told of it at night.

    A critical one waits only if every critical rule of it does: what came to that otherwise has risen. A lesser one
    wakes if the rule that it is told for does.
    """
    if incident.drill is not None:
        return incident.drill.at_night
    brand = rules.brands.get(incident.subject.brand)
    if incident.severity is not Severity.CRITICAL:
        rule = _rule_of(brand, incident)
        return rule is not None and rule.wakes
    critical = [
        rule
        for rule in (brand.rules if brand else ())
        if rule.severity is Severity.CRITICAL and rule.name in incident.rules
    ]
    return not critical or any(rule.wakes for rule in critical)


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


def turns_at(incident: Incident, rules: Ruleset, now: Instant) -> Instant | None:
    """When the duty for an incident may change hands next; now where it has already; None: never, or no matter."""
    rotas = _rotas(incident, rules)
    if not rotas:
        return None
    return oncall.next_turn(rotas, now) if incident.duty == oncall.team(rotas, now) else now


def hand_over(incident: Incident, rules: Ruleset, now: Instant) -> Told:
    """Where others are on duty than before, an open incident begins to page anew; a taken one is told to the relief.

    A rota of which nobody was told yet, a later step's, has nothing to hand over.
    """
    rotas = _rotas(incident, rules)
    team = oncall.team(rotas, now)
    relief = _relief(incident, team)
    if not relief:
        return Told(replace(incident, duty=team) if rotas else incident)
    incident = replace(incident, duty=team, revision=incident.revision + 1)
    if incident.state is State.OPEN:
        steps = route_of(incident, rules).steps
        tells = [f"{oncall.ROTA}{place.partition(':')[0]}" for place in relief]
        step = next(number for number, each in enumerate(steps) if each.tell in tells)
        due = now if incident.step_at is None else min(now, incident.step_at)
        incident = replace(incident, step=step, step_from=now - steps[step].after, step_at=due)
        return Told(incident, change=_handed_over(incident, relief, now))
    persons = [place.partition(":")[2] for place in relief]
    means = [target for person in persons for target in _reachable(person, (), rules, now)[:1]]
    targets, held = _let_sleep(means, incident, rules, now)
    told = replace(incident, told=_merged(incident.told, targets))
    notices = _notices(told, ChangeKind.TAKEN, targets, rules, now)
    return Told(told, notices, held, _handed_over(told, relief, now))


def hush_relief(incident: Incident, silence: Silence, rules: Ruleset, now: Instant) -> Told:
    """A hand-over in a silence: who would hear of it is on record, and hears of it when that ends."""
    persons = [place.partition(":")[2] for place in _relief(incident, oncall.team(_rotas(incident, rules), now))]
    targets = [target for person in persons for target in _reachable(person, (), rules, now)[:1]]
    return Told(
        incident, (), tuple(Held(incident.id, str(target), silence.reason, silence.until) for target in targets)
    )


def _relief(incident: Incident, team: tuple[str, ...]) -> list[str]:
    """The places of the team that others held when the incident was told to them."""
    told = {_target(name).name for name in incident.told}
    before = dict(place.split(":", 1) for place in incident.duty)
    relief = [place for place in team if place not in incident.duty]
    return [place for place in relief if before.get(place.partition(":")[0]) in told]


def _handed_over(incident: Incident, relief: list[str], now: Instant) -> Change:
    return Change(ChangeKind.NOTED, now, incident, f"on duty from now on, {', '.join(relief)}")


def _rotas(incident: Incident, rules: Ruleset) -> list[Rota | Listed]:
    """Those by whose turns an incident passes from one to the next."""
    matters = incident.loudness is Severity.CRITICAL and incident.state is not State.RESOLVED
    return oncall.rotas_of(route_of(incident, rules), rules) if matters else []


def _morning(rules: Ruleset, now: Instant) -> Instant | None:
    """When the night ends; None: it is day."""
    return None if rules.night is None else rules.night.end(now)


def _let_sleep(
    targets: Iterable[Target], incident: Incident, rules: Ruleset, now: Instant
) -> tuple[list[Target], tuple[Held, ...]]:
    """Who is told now, and what waits for the morning: at night only channels are told."""
    until = _morning(rules, now)
    if until is None:
        return list(targets), ()
    persons = [target for target in targets if target.by]
    why, real = f"night: {_NIGHT[wakes(incident, rules)]}", incident.drill is None
    return [target for target in targets if not target.by], tuple(
        Held(incident.id, str(target), why, until if real else None, night=real) for target in persons
    )


def climb(incident: Incident, rules: Ruleset, now: Instant, why: ChangeKind | None = None) -> Told:
    """Send the escalation steps that are due; of several overdue ones only those due last, marked late.

    A route that has lost its steps since is told a last time: nobody is left to page. `why` is the change by which the
    first step leaves.
    """
    route = route_of(incident, rules)
    if incident.step_at is None:
        return Told(incident)
    until = _morning(rules, now)
    if until is not None and route.steps and not wakes(incident, rules):
        rung = route.steps[min(incident.step, len(route.steps) - 1)]
        _, held = _let_sleep(_reachable(rung.tell, rung.by, rules, now), incident, rules, now)
        return Told(replace(incident, step_at=until, step_from=max(incident.step_from, until - rung.after)), (), held)
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
    targets = [target for rung in rungs for target in _reachable(rung.tell, rung.by, rules, now)]
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


def announce_trouble(trouble: Trouble, rules: Ruleset, now: Instant) -> Told:
    """Tell the `ops` route what is wrong with the daemon itself or right again; persons only by day."""
    route = rules.routes.get("ops", CONSOLE)
    persons = [target for step in route.steps[:1] for target in _reachable(step.tell, step.by, rules, now)]
    incident = _of_trouble(trouble)
    targets, held = _let_sleep([*(Target(name) for name in route.copy), *persons], incident, rules, now)
    return Told(incident, notices_of_trouble(trouble, rules, targets), held)


def readers(route: Route, rules: Ruleset, now: Instant) -> list[Target]:
    """Who reads what is no alarm: the channels of a route, or else who is told first."""
    steps = () if route.copy else route.steps[:1]
    persons = [target for step in steps for target in _reachable(step.tell, step.by, rules, now)[:1]]
    return [*(Target(name) for name in route.copy), *persons]


def sleepers_wake_at(targets: Iterable[Target], rules: Ruleset, now: Instant) -> Instant | None:
    """When persons among these may be told something that can wait; None: now."""
    return _morning(rules, now) if any(target.by for target in targets) else None


def notices_of_trouble(trouble: Trouble, rules: Ruleset, targets: Iterable[Target]) -> tuple[Notice, ...]:
    """What is wrong with the daemon itself or right again, for given targets."""
    kind = ChangeKind.OVER if trouble.over else ChangeKind.OPENED
    return _notices(_of_trouble(trouble), kind, targets, rules, trouble.seen_at)


def _of_trouble(trouble: Trouble) -> Incident:
    reason = Reason(trouble.key, trouble.text, (), None, Trend.STEADY, 0, 0, None, None, answered=False)
    return Incident(
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


def announce_failure(delivered: Delivered, rules: Ruleset, now: Instant) -> Told | None:
    """Tell the `ops` route, once a day for each target, that messages to it were given up or do not reach everybody."""
    if not delivered.why or delivered.incident.startswith(_OPS):
        return None
    today = now // DAY * DAY
    became = "did not reach everybody" if delivered.sent else "was given up"
    text = f"a message to {delivered.target} {became}: {delivered.why}"
    told = announce_trouble(Trouble(today, f"delivery-{delivered.target}", today, text), rules, now)
    return told._replace(notices=tuple(map(partial(_found_at, now), told.notices)))  # the key alone is of the day


def _found_at(now: Instant, notice: Notice) -> Notice:
    return replace(notice, due_at=now, incident=replace(notice.incident, began_at=now, opened_at=now, true_at=now))


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
    for target in _reachable(step.tell, step.by, rules, at):
        means.setdefault(target.name, []).append(target.by)
    return tuple(Coming(at, rules.people[person].name, tuple(by)) for person, by in means.items())


def route_of(incident: Incident, rules: Ruleset) -> Route:
    """The route of an incident; where that no longer exists, the one that its rule names now, else the console.

    A drill takes it once, and tells channels only if it is to.
    """
    if (drill := incident.drill) is not None:
        route = rules.routes.get(incident.route, CONSOLE)
        return replace(route, repeat=None, copy=route.copy if drill.copies else ())
    rule = _rule_of(rules.brands.get(incident.subject.brand), incident)
    return rules.routes.get(incident.route) or rules.routes.get(rule.notify if rule else "") or CONSOLE


def _held_steps(incident: Incident, rules: Ruleset, now: Instant) -> tuple[Held, ...]:
    route = route_of(incident, rules)
    if incident.loudness is not Severity.CRITICAL or not route.steps:
        return ()
    coming: Iterable[Step] = route.steps[incident.step :]
    targets = [target for step in coming for target in _reachable(step.tell, step.by, rules, now)]
    waits = f": we wait, {incident.wait_why}" if incident.wait_until is not None else ""
    waits = ": snoozed" if incident.snooze_until is not None else waits
    why = f"taken by {incident.taken_by}{waits}"
    return tuple(
        Held(incident.id, str(target), why, incident.wait_until or incident.snooze_until) for target in targets
    )


def _reachable(tell: str, means: Iterable[str], rules: Ruleset, now: Instant) -> list[Target]:
    """A person, or whoever is on duty, by those of the means that they have, else their first; none named: by all."""
    person = oncall.person_of(tell, rules, now)
    known = rules.people.get(person)
    if known is None:
        return []
    wanted = [by for by in tuple(means) or known.reach if by in known.reach]
    return [Target(person, by) for by in wanted or list(known.reach)[:1]]


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
    drill = incident.drill
    people = (incident.taken_by, incident.closed_by, drill and drill.by)
    mentioned = {*people, *(_target(name).name for name in incident.told)}
    names = {key: person.name for key, person in rules.people.items() if key in mentioned}
    return tuple(
        Notice(
            key=f"{incident.id}.{incident.revision}.{due // 1000}.{target}",
            due_at=due,
            target=target,
            kind=kind,
            severity=incident.severity if drill is None else Severity.WATCH,  # whatever is real goes before it
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
            answer_within=rules.answer_within,
        )
        for target in dict.fromkeys(targets)
    )


def _rule_of(brand: Brand | None, incident: Incident) -> Rule | None:
    if brand is None or incident.drill is not None:
        return None
    return next((rule for rule in brand.rules if rule.name == incident.reason.rule), None)


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
