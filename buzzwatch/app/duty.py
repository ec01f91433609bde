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
from buzzwatch.rules.words import Said, Words, either

AHEAD: Span = 56 * DAY
"""How far a gap is looked for, and a calendar reaches."""
_MONTH = 30
_WEEKDAYS = (Said("Mon"), Said("Tue"), Said("Wed"), Said("Thu"), Said("Fri"), Said("Sat"), Said("Sun"))
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


def uncovered(rules: Ruleset, now: Instant) -> tuple[list[Words], list[Words]]:
    """The gaps of the next eight weeks: those without a fallback person, and those with one."""
    missing: list[Words] = []
    covered: list[Words] = []
    for name, rota in rules.rotas.items():
        for gap in gaps(rota, now, now + AHEAD):
            time = Said("from {since}", {"since": _when(max(gap.since, now), rules)})
            if gap.until is not None:
                time = Said("from {since} until {until}", {**time.values, "until": _when(gap.until, rules)})
            values = {"rota": name, "time": time, "name": _name(rota.fallback or "", rules)}
            if rota.fallback:
                covered.append(Said("rota `{rota}`: it is nobody's turn {time}; {name} is called instead", values))
            else:
                said = "rota `{rota}`: it is nobody's turn {time}; add a `fallback`, or change `starts` or `ends`"
                missing.append(Said(said, values))
    return missing, covered


def burden(rules: Ruleset) -> list[tuple[Words, bool]]:
    """For each person how many pages by mistake all rules together may come to, as if all came in their turns.

    With each whether that is more than anybody is to bear.
    """
    by_day: dict[str, float] = {}
    at_night: dict[str, float] = {}
    share = rules.night.share if rules.night else 0.0
    for brand in rules.brands.values():
        for rule in brand.rules:
            if rule.severity is Severity.CRITICAL and not brand.competitor:
                for person in paged(rules.routes[rule.notify], rules):
                    by_day[person] = by_day.get(person, 0.0) + rule.rate
                    at_night[person] = at_night.get(person, 0.0) + rule.rate * share * rule.wakes
    lines: list[tuple[Words, bool]] = []
    for person, rate in by_day.items():
        pages, nights = (ceil(each * _MONTH - 1e-9) for each in (rate, at_night[person]))
        values: dict[str, object] = {"name": _name(person, rules), "nights": nights}
        values["pages"] = Said("{n} page a month" if pages == 1 else "{n} pages a month", {"n": pages})
        line = Said(
            "{name}: at worst {pages} by mistake, {nights} of them at night"
            if rules.night
            else "{name}: at worst {pages} by mistake",
            values,
        )
        most = rules.pages_per_person
        too_many = most is not None and rate > most + 1e-9
        lines.append((Said("{line}; more than `pages_per_person`", {"line": line}) if too_many else line, too_many))
    return lines


def unheard(rules: Ruleset, wakes: Collection[str]) -> list[Words]:
    """One sentence for each critical rule that may wake people, and wakes nobody; none where nothing is known to.

    Where it wakes some, and another whom its first step may page would sleep on, those are named.
    """
    if not wakes:
        return []
    found: list[Words] = []
    for brand in rules.brands.values():
        for rule in brand.rules:
            if rule.severity is Severity.CRITICAL and rule.wakes and not brand.competitor:
                found += _unheard(brand.key, rule, set(wakes), rules)
    return found


def _unheard(brand: str, rule: Rule, wakes: set[str], rules: Ruleset) -> list[Words]:
    route = rules.routes[rule.notify]
    values = {"brand": brand, "rule": rule.name, "route": rule.notify, "by": either(sorted(wakes))}
    if not wakes & _means(route, rules):
        said = "{brand}: nobody wakes by the critical rule `{rule}`: the route `{route}` reaches nobody by {by}"
        return [Said(said, values)]
    if wakes & set(route.copy):
        return []
    asleep = [
        person
        for step in route.steps[:1]
        for person in _persons(step, rules)
        if not wakes & _reached(step, person, rules)
    ]
    if not asleep:
        return []
    said = "{brand}: the critical rule `{rule}` may page {names} at night, who has nothing that wakes: {by}"
    return [Said(said, {**values, "names": either(asleep)})]


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


def paged(route: Route, rules: Ruleset) -> list[str]:
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


def _when(at: Instant, rules: Ruleset) -> Said:
    """A local time, with its day of the week in the language of who reads it."""
    local = moment_of(at).astimezone(ZoneInfo(rules.timezone))
    return Said("{day} {time}", {"day": _WEEKDAYS[local.weekday()], "time": f"{local:%Y-%m-%d %H:%M}"})


def _stamp(at: Instant) -> str:
    return f"{moment_of(at).astimezone(UTC):%Y%m%dT%H%M%SZ}"
