"""What messages are made of: targets that can be reached, who sleeps, the words that each is sent with."""

from collections.abc import Iterable
from typing import NamedTuple

from msgspec.structs import replace

from buzzwatch.model.brand import Brand, Route, Rule, Ruleset
from buzzwatch.model.incident import Change, ChangeKind, Incident, Severity
from buzzwatch.model.instant import Instant
from buzzwatch.model.notification import Held, Notice, Target
from buzzwatch.notify import oncall

CONSOLE = Route("console", copy=("console",))
"""Where alerts go while nobody wrote an `oncall.yaml`."""
_NIGHT = {True: "this is no reason to wake anybody", False: "the rule waits for the morning"}


class Told(NamedTuple):
    """What came of a change or of a due step: the incident after it, notices, what was held, and what is noted."""

    incident: Incident
    notices: tuple[Notice, ...] = ()
    held: tuple[Held, ...] = ()
    change: Change | None = None


def wakes(incident: Incident, rules: Ruleset) -> bool:
    """Whether persons may be told of it at night.

    A critical one waits only if every critical rule of it does: what came to that otherwise has risen. A lesser one
    wakes if the rule that it is told for does.
    """
    if incident.drill is not None:
        return incident.drill.at_night
    brand = rules.brands.get(incident.subject.brand)
    if incident.severity is not Severity.CRITICAL:
        rule = rule_of(brand, incident)
        return rule is not None and rule.wakes
    critical = [
        rule
        for rule in (brand.rules if brand else ())
        if rule.severity is Severity.CRITICAL and rule.name in incident.rules
    ]
    return not critical or any(rule.wakes for rule in critical)


def morning_after(rules: Ruleset, now: Instant) -> Instant | None:
    """When the night ends; None: it is day."""
    return None if rules.night is None else rules.night.end(now)


def let_sleep(
    targets: Iterable[Target], incident: Incident, rules: Ruleset, now: Instant
) -> tuple[list[Target], tuple[Held, ...]]:
    """Who is told now, and what waits for the morning: at night only channels are told."""
    until = morning_after(rules, now)
    if until is None:
        return list(targets), ()
    persons = [target for target in targets if target.by]
    why, real = f"night: {_NIGHT[wakes(incident, rules)]}", incident.drill is None
    return [target for target in targets if not target.by], tuple(
        Held(incident.id, str(target), why, until if real else None, night=real) for target in persons
    )


def route_of(incident: Incident, rules: Ruleset) -> Route:
    """The route of an incident; where that no longer exists, the one that its rule names now, else the console.

    A drill takes it once, and tells channels only if it is to.
    """
    if (drill := incident.drill) is not None:
        route = rules.routes.get(incident.route, CONSOLE)
        return replace(route, repeat=None, copy=route.copy if drill.copies else ())
    rule = rule_of(rules.brands.get(incident.subject.brand), incident)
    return rules.routes.get(incident.route) or rules.routes.get(rule.notify if rule else "") or CONSOLE


def rule_of(brand: Brand | None, incident: Incident) -> Rule | None:
    """The rule that an incident is told for; none of a drill."""
    if brand is None or incident.drill is not None:
        return None
    return next((rule for rule in brand.rules if rule.name == incident.reason.rule), None)


def reachable(tell: str, means: Iterable[str], rules: Ruleset, now: Instant) -> list[Target]:
    """A person, or whoever is on duty, by those of the means that they have, else their first; none named: by all."""
    person = oncall.person_of(tell, rules, now)
    known = rules.people.get(person)
    if known is None:
        return []
    wanted = [by for by in tuple(means) or known.reach if by in known.reach]
    return [Target(person, by) for by in wanted or list(known.reach)[:1]]


def notices_of(
    incident: Incident,
    kind: ChangeKind,
    targets: Iterable[Target],
    rules: Ruleset,
    due: Instant,
    *,
    page: bool = False,
    late_since: Instant | None = None,
) -> tuple[Notice, ...]:
    """One for each target; `due` names it for ever."""
    brand = rules.brands.get(incident.subject.brand)
    rule = rule_of(brand, incident)
    drill = incident.drill
    people = (incident.taken_by, incident.closed_by, drill and drill.by)
    mentioned = {*people, *(target_of(name).name for name in incident.told)}
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


def _language(target: Target, incident: Incident, brand: Brand | None, rules: Ruleset) -> str:
    """A person's own; for copies the route's, else the brand's."""
    if target.by and target.name in rules.people:
        return rules.people[target.name].language
    return route_of(incident, rules).language or (brand.language if brand else "en")


def target_of(name: str) -> Target:
    """The target that `str` of it names."""
    person, _, by = name.partition("/")
    return Target(person, by)


def merged(told: tuple[str, ...], targets: Iterable[Target]) -> tuple[str, ...]:
    """Those who were told, and further ones, each once."""
    return tuple(dict.fromkeys((*told, *map(str, targets))))
