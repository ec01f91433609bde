"""Who is on duty at an instant.

No table of shifts: a rota is arithmetic, so that it holds at any instant for ever. Only what a calendar elsewhere says
is a list, as long as that was read to.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from buzzwatch.model.brand import Route, Ruleset
from buzzwatch.model.instant import Instant
from buzzwatch.model.rota import Listed, Rota, Shift

ROTA, FOLLOWER = "rota:", "next:"
"""What a step begins with that tells who is on duty, or who follows."""


def shift_at(rota: Rota | Listed, at: Instant) -> Shift:
    """Whose turn it is, from when until when; an override cuts the turn that it lies in."""
    if isinstance(rota, Listed):
        return _listed_at(rota, at)
    number = rota.turn_at(at)
    ends = rota.ends_at
    since, until = (0, rota.first_at) if number < 0 else (rota.turn(number), rota.turn(number + 1))
    holder = Shift(since, until, "" if number < 0 else rota.people[number % len(rota.people)])
    if ends is not None:
        holder = Shift(ends, None, "") if at >= ends else _until(holder, ends)
    for override in rota.overrides:
        if override.until is None or override.since <= at < override.until:
            holder = Shift(
                max(holder.since, override.since), _earlier(override.until, holder.until), override.person, override.why
            )
        elif at < override.since:
            holder = _until(holder, override.since)
        else:
            holder = Shift(max(holder.since, override.until), holder.until, holder.person, holder.why)
    return holder


def shifts(rota: Rota | Listed, since: Instant, until: Instant) -> Iterator[Shift]:
    """Every turn that touches a stretch of time, in order; what a person goes on with is one turn."""
    at, pending = since, shift_at(rota, since)
    while (ends := pending.until) is not None and ends < until:
        at = ends
        following = shift_at(rota, at)
        if (following.person, following.why) == (pending.person, pending.why):
            pending = Shift(pending.since, following.until, pending.person, pending.why)
        else:
            yield pending
            pending = following
    yield pending


def gaps(rota: Rota | Listed, since: Instant, until: Instant) -> list[Shift]:
    """The turns in a stretch of time that are nobody's."""
    return [shift for shift in shifts(rota, since, until) if not shift.person]


def on_duty(rota: Rota | Listed, at: Instant) -> str:
    """Who is called: never nobody. In a gap the fallback; without one who had the last turn, or has the first."""
    if isinstance(rota, Listed):
        return _listed_at(rota, at).person or rota.fallback
    return shift_at(rota, at).person or rota.fallback or rota.people[_regular(rota, at)]


def follower(rota: Rota | Listed, at: Instant) -> str:
    """The one who follows in the order, in a calendar the next shift that is another's; alone it is who is on duty."""
    present = on_duty(rota, at)
    if isinstance(rota, Listed):
        number = bisect_right(rota.shifts, at, key=_since)
        coming, past = rota.shifts[number:], rota.shifts[:number]
        order = [*(shift.person for shift in coming), rota.fallback, *(shift.person for shift in reversed(past))]
        return next((person for person in order if person != present), present)
    turn = _regular(rota, at)
    order = [*rota.people[turn + 1 :], *rota.people[: turn + 1], *([rota.fallback] if rota.fallback else ())]
    return next((person for person in order if person != present), present)


def person_of(tell: str, rules: Ruleset, at: Instant) -> str:
    """The person whom a step tells at an instant."""
    for prefix, find in ((ROTA, on_duty), (FOLLOWER, follower)):
        if tell.startswith(prefix):
            return find(rules.rotas[tell.removeprefix(prefix)], at)
    return tell


def rotas_of(route: Route, rules: Ruleset) -> list[Rota | Listed]:
    """Those whose turns matter to a route."""
    names = [step.tell.removeprefix(ROTA) for step in route.steps if step.tell.startswith(ROTA)]
    return [rules.rotas[name] for name in dict.fromkeys(names)]


def team(rotas: Iterable[Rota | Listed], at: Instant) -> tuple[str, ...]:
    """Who is on duty in each, in that order."""
    return tuple(f"{rota.name}:{on_duty(rota, at)}" for rota in rotas)


def next_turn(rotas: Iterable[Rota | Listed], at: Instant) -> Instant | None:
    """The first instant after this one at which the team of some may change."""
    ends = [until for rota in rotas if (until := shift_at(rota, at).until) is not None]
    return min(ends, default=None)


def _listed_at(rota: Listed, at: Instant) -> Shift:
    number = bisect_right(rota.shifts, at, key=_since)
    before, after = rota.shifts[max(0, number - 1) : number], rota.shifts[number : number + 1]
    for shift in before:
        if shift.until is None or at < shift.until:
            return shift
    ended = next((shift.until for shift in before), None)
    return Shift(ended or 0, next((shift.since for shift in after), None), "")


def _since(shift: Shift) -> Instant:
    return shift.since


def _regular(rota: Rota, at: Instant) -> int:
    """The place in the order of whose turn it is but for overrides; before and after all turns, the nearest one's."""
    ends = rota.ends_at
    last = at if ends is None else min(at, ends - 1)
    return max(0, rota.turn_at(last)) % len(rota.people)


def _until(shift: Shift, end: Instant) -> Shift:
    return Shift(shift.since, _earlier(shift.until, end), shift.person, shift.why)


def _earlier(one: Instant | None, other: Instant | None) -> Instant | None:
    return min((end for end in (one, other) if end is not None), default=None)
