"""Who is on duty, for people to read; where nobody is; and how often rules may page whom by mistake."""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from math import ceil
from zoneinfo import ZoneInfo

from buzzwatch.model.brand import Route, Rule, Ruleset, Step
from buzzwatch.model.incident import Severity
from buzzwatch.model.instant import DAY, Instant, Span, instant_of, moment_of
from buzzwatch.model.rota import Listed, Rota, Shift
from buzzwatch.notify.oncall import FOLLOWER, ROTA, follower, gaps, on_duty, shift_at, shifts

AHEAD: Span = 56 * DAY
"""How far a gap is looked for, and a calendar reaches."""
_MONTH = 30
_LONGEST_CALENDAR_LINE = 75
"""In bytes (RFC 5545, section 3.1)."""


def read_time(text: str, rules: Ruleset) -> Instant | None:
    """A local time of `oncall.yaml`, or one that names its own offset; None if it is neither."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant_of(moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(rules.timezone)))


def as_lines(rules: Ruleset, at: Instant) -> Iterator[str]:
    """Who is on duty in each rota, until when, and who follows."""
    for name, rota in rules.rotas.items():
        shift = shift_at(rota, at)
        until = "" if shift.until is None else f" until {_local(shift.until, rules)}"
        why = f" ({shift.why})" if shift.why else ""
        present, following = (_name(person, rules) for person in (on_duty(rota, at), follower(rota, at)))
        holder = present if shift.person else f"nobody's turn, {present} is called"
        yield f"{name}: {holder}{why}{until}; next: {following}"


def as_table(rules: Ruleset, at: Instant) -> Iterator[str]:
    """Every turn of the seven days from an instant on."""
    for name, rota in rules.rotas.items():
        yield name
        for shift in shifts(rota, at, at + 7 * DAY):
            until = "" if shift.until is None else _local(shift.until, rules)
            since = _local(max(shift.since, at), rules)
            yield f"  {since:<20}  {until:<20}  {_holder(shift, rota, rules)}{f'  {shift.why}' if shift.why else ''}"


def as_calendar(rules: Ruleset, at: Instant) -> Iterator[str]:
    """The turns of eight weeks as iCalendar (RFC 5545), without line ends."""
    yield from ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//buzzwatch//oncall//EN")
    for name, rota in rules.rotas.items():
        for shift in shifts(rota, at, at + AHEAD):
            if shift.person:
                yield from _event(name, shift, at, rules)
    yield "END:VCALENDAR"


def _event(name: str, shift: Shift, at: Instant, rules: Ruleset) -> Iterator[str]:
    until = at + AHEAD if shift.until is None else shift.until
    said = f"{name}: {_name(shift.person, rules)}{f' ({shift.why})' if shift.why else ''}"
    yield "BEGIN:VEVENT"
    yield f"UID:{name}-{shift.since // 1000}@buzzwatch"
    yield f"DTSTAMP:{_stamp(at)}"
    yield f"DTSTART:{_stamp(shift.since)}"
    yield f"DTEND:{_stamp(until)}"
    yield from _folded(f"SUMMARY:{_escaped(said)}")
    yield "END:VEVENT"


def _escaped(text: str) -> str:
    plain = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return " ".join(plain.split())


def _folded(line: str) -> Iterator[str]:
    """A long line goes on in lines that begin with a space."""
    part = ""
    for character in line:
        if len((part + character).encode()) > _LONGEST_CALENDAR_LINE:
            yield part
            part = " "
        part += character
    yield part


def uncovered(rules: Ruleset, now: Instant) -> tuple[list[str], list[str]]:
    """The gaps of the next eight weeks: those without a fallback person, and those with one."""
    missing: list[str] = []
    covered: list[str] = []
    for name, rota in rules.rotas.items():
        for gap in gaps(rota, now, now + AHEAD):
            until = "" if gap.until is None else f" until {_local(gap.until, rules)}"
            line = f"rota `{name}`: it is nobody's turn from {_local(max(gap.since, now), rules)}{until}"
            if rota.fallback:
                covered.append(f"{line}; {_name(rota.fallback, rules)} is called instead")
            else:
                missing.append(f"{line}; add a `fallback`, or change `starts` or `ends`")
    return missing, covered


def burden(rules: Ruleset) -> list[str]:
    """For each person how many pages by mistake all rules together may come to, as if all came in their turns."""
    by_day: dict[str, float] = {}
    at_night: dict[str, float] = {}
    share = rules.night.share if rules.night else 0.0
    for brand in rules.brands.values():
        for rule in brand.rules:
            if rule.severity is Severity.CRITICAL and not brand.competitor:
                for person in _paged(rules.routes[rule.notify], rules):
                    by_day[person] = by_day.get(person, 0.0) + rule.rate
                    at_night[person] = at_night.get(person, 0.0) + rule.rate * share * rule.wakes
    lines = []
    for person, rate in by_day.items():
        night = f", {ceil(at_night[person] * _MONTH - 1e-9)} of them at night" if rules.night else ""
        line = f"{_name(person, rules)}: at worst {ceil(rate * _MONTH - 1e-9)} pages a month by mistake{night}"
        most = rules.pages_per_person
        too_many = most is not None and rate > most + 1e-9
        lines.append(f"warning: {line}; more than `pages_per_person`" if too_many else line)
    return lines


def unheard(rules: Ruleset, wakes: Collection[str]) -> list[str]:
    """One sentence for each critical rule that may wake people, and wakes nobody; none where nothing is known to.

    Where it wakes some, and another whom its first step may page would sleep on, those are named.
    """
    if not wakes:
        return []
    found = []
    for brand in rules.brands.values():
        for rule in brand.rules:
            if rule.severity is Severity.CRITICAL and rule.wakes and not brand.competitor:
                found += _unheard(f"{brand.key}: ", rule, set(wakes), rules)
    return found


def _unheard(place: str, rule: Rule, wakes: set[str], rules: Ruleset) -> list[str]:
    route, by = rules.routes[rule.notify], " or ".join(sorted(wakes))
    if not wakes & _means(route, rules):
        said = f"nobody wakes by the critical rule `{rule.name}`: the route `{rule.notify}` reaches nobody by {by}"
        return [place + said]
    if wakes & set(route.copy):
        return []
    asleep = [
        person
        for step in route.steps[:1]
        for person in _persons(step, rules)
        if not wakes & _reached(step, person, rules)
    ]
    said = f"the critical rule `{rule.name}` may page {' or '.join(asleep)} at night, who has nothing that wakes: {by}"
    return [place + said] if asleep else []


def _means(route: Route, rules: Ruleset) -> set[str]:
    """Its channels, and the means by which its steps may reach somebody."""
    found = set(route.copy)
    for step in route.steps:
        for person in _persons(step, rules):
            found |= _reached(step, person, rules)
    return found


def _reached(step: Step, person: str, rules: Ruleset) -> set[str]:
    """By which of their means a step tells somebody; the first where they have none of those it names."""
    known = list(rules.people[person].reach)
    return {means for means in known if means in step.by} or set(known[:1] if step.by else known)


def _paged(route: Route, rules: Ruleset) -> list[str]:
    """Everybody whom the steps of a route may page."""
    return list(dict.fromkeys(person for step in route.steps for person in _persons(step, rules)))


def _persons(step: Step, rules: Ruleset) -> tuple[str, ...]:
    turns = step.tell.startswith((ROTA, FOLLOWER))
    return rules.rotas[step.tell.partition(":")[2]].everybody if turns else (step.tell,)


def _holder(shift: Shift, rota: Rota | Listed, rules: Ruleset) -> str:
    return _name(shift.person, rules) if shift.person else f"nobody ({_name(on_duty(rota, shift.since), rules)})"


def _name(person: str, rules: Ruleset) -> str:
    known = rules.people.get(person)
    return known.name if known else person


def _local(at: Instant, rules: Ruleset) -> str:
    return f"{moment_of(at).astimezone(ZoneInfo(rules.timezone)):%a %Y-%m-%d %H:%M}"


def _stamp(at: Instant) -> str:
    return f"{moment_of(at).astimezone(UTC):%Y%m%dT%H%M%SZ}"
