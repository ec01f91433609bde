"""A rota that will be nobody's turn: told to `ops` while somebody can still mend it."""

from typing import NamedTuple

from buzzwatch.model.brand import Ruleset
from buzzwatch.model.input import Trouble
from buzzwatch.model.instant import DAY, Instant, Span, moment_of
from buzzwatch.model.rota import Listed, Rota, Shift
from buzzwatch.notify.oncall import FOLLOWER, ROTA, gaps, on_duty

LEADS: tuple[Span, ...] = (7 * DAY, DAY)
"""How long before a gap it is told, and told again."""
LEADS_OF_A_CALENDAR: tuple[Span, ...] = (2 * DAY,)
"""A calendar is written a few weeks at a time: that it ends is no news until then."""
FORESIGHT: Span = 366 * DAY


class Foretold(NamedTuple):
    """A gap that was told: when it begins, when it was told first, and last."""

    gap: Instant
    since: Instant
    told_at: Instant

    def shifted(self, span: Span) -> "Foretold":
        """As told by a clock that was wrong by so much; the gap is where the rota says."""
        return Foretold(self.gap, self.since + span, self.told_at + span)


def may_lack(rota: Rota | Listed) -> bool:
    """Whether there may come a time of which `ops` should know that it is nobody's turn."""
    return bool(rota.shifts) if isinstance(rota, Listed) else rota.fallback is None


def look_ahead(
    name: str, rules: Ruleset, told: Foretold | None, now: Instant
) -> tuple[Trouble | None, Foretold | None, Instant | None]:
    """What is to be told of a rota now, what has been told by then, and when to look again."""
    rota = rules.rotas.get(name)
    gap = None if rota is None or not _pages(name, rules) else _next_gap(rota, now)
    if rota is None or gap is None:
        again = now + FORESIGHT // 2 if isinstance(rota, Rota) and may_lack(rota) else None
        return _mended(name, told, now), None, again
    leads = LEADS_OF_A_CALENDAR if isinstance(rota, Listed) else LEADS
    begins = max(gap.since, now)
    stages = [begins - lead for lead in leads]
    reached = [stage for stage in stages if stage <= now]
    later = [stage for stage in stages if stage > now]
    again = later[0] if later else gap.until
    if told is not None and told.gap != gap.since:
        if not reached:
            return _mended(name, told, now), None, again
        told = None
    if not reached or (told is not None and (gap.since <= now or told.told_at >= reached[-1])):
        return None, told, again
    told = Foretold(gap.since, told.since if told else now, now)
    return Trouble(now, f"rota-{name}", told.since, _words(rota, gap, now)), told, again


def _pages(name: str, rules: Ruleset) -> bool:
    """Whether a step of any route tells who is on duty there."""
    return any(step.tell in (ROTA + name, FOLLOWER + name) for route in rules.routes.values() for step in route.steps)


def _next_gap(rota: Rota | Listed, now: Instant) -> Shift | None:
    """The next time in which it is nobody's turn; of a calendar, the time that it says nothing of any more."""
    if not may_lack(rota):
        return None
    if isinstance(rota, Listed):
        return Shift(rota.shifts[-1].until or now, None, "")
    return next(iter(gaps(rota, now, now + FORESIGHT)), None)


def _mended(name: str, told: Foretold | None, now: Instant) -> Trouble | None:
    if told is None or told.gap <= now:
        return None
    return Trouble(
        now, f"rota-{name}", told.since, f"rota `{name}`: it is somebody's turn all the time again", over=True
    )


def _words(rota: Rota | Listed, gap: Shift, now: Instant) -> str:
    since, until = (
        None if at is None else f"{moment_of(at).astimezone(rota.zone):%a %Y-%m-%d %H:%M}"
        for at in (gap.since, gap.until)
    )
    called = on_duty(rota, max(gap.since, now))
    if isinstance(rota, Listed):
        return f"rota `{rota.name}`: its calendar names nobody any more from {since} on; {called} is called then"
    begins = f"from {since}" if gap.since > now else "now"
    ends = f" until {until}" if until else ""
    return (
        f"rota `{rota.name}`: it is nobody's turn {begins}{ends}, and there is no `fallback`; {called} is called then"
    )
