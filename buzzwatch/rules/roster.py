"""`oncall.yaml`, compiled: people, rotas, routes and the night in instants and plain values."""

from datetime import datetime
from zoneinfo import ZoneInfo

from buzzwatch.model.brand import Person, Route, Step
from buzzwatch.model.digest import Daily
from buzzwatch.model.instant import MINUTE, Instant, Span, instant_of
from buzzwatch.model.rota import Listed, Night, Rota, Shift
from buzzwatch.rules import oncall
from buzzwatch.rules.text import Value
from buzzwatch.rules.written import CONSOLE, Outline

_REPEAT: Span = 15 * MINUTE


def outline_of(written: Value) -> Outline:
    """What `oncall.yaml` lets others refer to, as far as it can be told before it is known to be right."""
    if not isinstance(written, dict):
        return Outline()
    routes, people, rotas = (written.get(key, {}) for key in ("routes", "people", "rota"))
    return Outline(
        tuple(routes) if isinstance(routes, dict) else None,
        {key: _means(person) for key, person in people.items()} if isinstance(people, dict) else None,
        rotas={key: _turns(rota) for key, rota in rotas.items()} if isinstance(rotas, dict) else None,
    )


def people_of(written: oncall.OncallFile) -> dict[str, Person]:
    """Everybody who can be told."""
    return {
        key: Person(key, each.name, each.language, dict(each.reach), each.slack or "")
        for key, each in written.people.items()
    }


def rotas_of(written: oncall.OncallFile) -> dict[str, Rota | Listed]:
    """The rotas, in instants of the file's timezone; of calendars elsewhere only where they are."""
    zone = ZoneInfo(written.timezone)
    return {name: _rota(name, each, zone) for name, each in written.rota.items()}


def routes_of(written: oncall.OncallFile) -> dict[str, Route]:
    """The written routes, and the console where none has its name."""
    routes = {CONSOLE: Route(CONSOLE, copy=(CONSOLE,))}
    for name, each in written.routes.items():
        steps = tuple(Step(step.after, step.tell, step.by or _all_means(step.tell, written)) for step in each.steps)
        repeat = (each.repeat or _REPEAT) if steps else None
        routes[name] = Route(name, steps, repeat, each.copy_to, each.language or "", each.taken_for)
    return routes


def night_of(written: oncall.OncallFile) -> Night | None:
    """The night, if there is one."""
    night = written.night
    return None if night is None else Night(ZoneInfo(written.timezone), night.since, night.until)


def daily_of(written: oncall.OncallFile) -> Daily | None:
    """When the digest leaves, if there is one."""
    digest = written.digest
    return None if digest is None else Daily(ZoneInfo(written.timezone), digest.at, digest.days, digest.to)


def _rota(name: str, written: oncall.Rota, zone: ZoneInfo) -> Rota | Listed:
    if written.ical is not None:
        return Listed(name, written.ical, zone, written.fallback or "")
    weekday, minute = written.turns.hand_over
    return Rota(
        name=name,
        people=written.turns.people,
        zone=zone,
        starts=written.turns.starts,
        weekday=weekday,
        minute=minute,
        ends=written.ends,
        overrides=tuple(
            Shift(_instant(each.since, zone, 0), _instant(each.until, zone, 1), each.person, each.why)
            for each in written.overrides
        ),
        fallback=written.fallback,
    )


def _all_means(tell: str, written: oncall.OncallFile) -> tuple[str, ...]:
    """Of one person; of a rota none are named, since everybody has their own."""
    return tuple(written.people[tell].reach) if tell in written.people else ()


def _instant(moment: datetime, zone: ZoneInfo, fold: int) -> Instant:
    """Of an hour that comes twice, a time begins at the first and ends at the second."""
    return instant_of(moment.replace(tzinfo=zone, fold=fold))


def _means(person: Value) -> tuple[str, ...]:
    reach = person.get("reach") if isinstance(person, dict) else None
    return tuple(reach) if isinstance(reach, dict) else ()


def _turns(rota: Value) -> tuple[str, ...]:
    """All who may be on duty."""
    if not isinstance(rota, dict):
        return ()
    people, overrides = (found if isinstance(found := rota.get(key), list) else [] for key in ("people", "overrides"))
    named = [*people, *(each.get("person") for each in overrides if isinstance(each, dict)), rota.get("fallback")]
    return tuple(dict.fromkeys(name for name in named if isinstance(name, str)))
