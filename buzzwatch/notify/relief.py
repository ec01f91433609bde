"""Duty that passes from one to the next while an incident is open."""

from msgspec.structs import replace

from buzzwatch.model.brand import Ruleset
from buzzwatch.model.incident import Change, ChangeKind, Incident, Severity, State
from buzzwatch.model.instant import Instant
from buzzwatch.model.notification import Held
from buzzwatch.model.rota import Listed, Rota
from buzzwatch.model.silence import Silence
from buzzwatch.notify import oncall
from buzzwatch.notify.notices import Told, let_sleep, merged, notices_of, reachable, route_of, target_of


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
    means = [target for person in persons for target in reachable(person, (), rules, now)[:1]]
    targets, held = let_sleep(means, incident, rules, now)
    told = replace(incident, told=merged(incident.told, targets))
    notices = notices_of(told, ChangeKind.TAKEN, targets, rules, now)
    return Told(told, notices, held, _handed_over(told, relief, now))


def hush_relief(incident: Incident, silence: Silence, rules: Ruleset, now: Instant) -> Told:
    """A hand-over in a silence: who would hear of it is on record, and hears of it when that ends."""
    persons = [place.partition(":")[2] for place in _relief(incident, oncall.team(_rotas(incident, rules), now))]
    targets = [target for person in persons for target in reachable(person, (), rules, now)[:1]]
    return Told(
        incident, (), tuple(Held(incident.id, str(target), silence.reason, silence.until) for target in targets)
    )


def _relief(incident: Incident, team: tuple[str, ...]) -> list[str]:
    """The places of the team that others held when the incident was told to them."""
    told = {target_of(name).name for name in incident.told}
    before = dict(place.split(":", 1) for place in incident.duty)
    relief = [place for place in team if place not in incident.duty]
    return [place for place in relief if before.get(place.partition(":")[0]) in told]


def _handed_over(incident: Incident, relief: list[str], now: Instant) -> Change:
    return Change(ChangeKind.NOTED, now, incident, f"on duty from now on, {', '.join(relief)}")


def _rotas(incident: Incident, rules: Ruleset) -> list[Rota | Listed]:
    """Those by whose turns an incident passes from one to the next."""
    matters = incident.loudness is Severity.CRITICAL and incident.state is not State.RESOLVED
    return oncall.rotas_of(route_of(incident, rules), rules) if matters else []
