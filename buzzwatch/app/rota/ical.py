"""From iCalendar (RFC 5545) to plain shifts, in a process of its own: whatever a calendar holds, it costs no more.

icalendar and recurring-ical-events are loaded in that process alone.
"""

import re
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from datetime import date, datetime, time, tzinfo
from difflib import get_close_matches
from heapq import heappop, heappush
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple
from unicodedata import combining, normalize
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from buzzwatch.model.instant import DAY, Instant, instant_of, moment_of
from buzzwatch.model.rota import Shift
from buzzwatch.rules.units import nearest, shown

if TYPE_CHECKING:
    from icalendar import Event

WEEKS_BACK, WEEKS_AHEAD = 1, 9
"""How much of a calendar is read, from the Monday of this week on: `oncall --ics` shows eight weeks from now."""
MOST_EVENTS = 5_000
"""Written in a calendar, and likewise that come of it in the time that is read."""
CPU_S, WALL_S, MEMORY = 10, 120, 256 * 1024**2
_TOO_FINE = ("FREQ=SECONDLY", "FREQ=MINUTELY")
_NEVER_ON = re.compile(r"INTERVAL=\+?0+(?![0-9])")
_MOST_UNNAMED = 3
_LONGEST_SUMMARY = 60


class CalendarError(Exception):
    """A calendar cannot be used; the text says why, after "its calendar", without its address or what it holds."""


class Reader(Struct, frozen=True):
    """Somebody whom events may name: by key, by name, or by one of their e-mail addresses."""

    key: str
    name: str
    mails: tuple[str, ...] = ()


class Question(Struct, frozen=True):
    """What the process is asked."""

    text: str
    since: Instant
    until: Instant
    zone: str
    people: tuple[Reader, ...]
    cpu_s: int = CPU_S


class Expansion(Struct, frozen=True):
    """Shifts in order and apart from each other, and a sentence for some of the events that name nobody."""

    shifts: tuple[Shift, ...] = ()
    unnamed: tuple[str, ...] = ()
    refused: str = ""


class Turn(NamedTuple):
    """An event that names somebody; of those that overlap the largest `rank` wins."""

    since: Instant
    until: Instant
    person: str
    rank: tuple[Instant, int, Instant, str]


def window(at: Instant) -> tuple[Instant, Instant]:
    """The time that is read around an instant: the same for a week, so that an unchanged calendar is unchanged."""
    day = at // DAY * DAY
    monday = day - moment_of(day).weekday() * DAY
    return monday - WEEKS_BACK * 7 * DAY, monday + WEEKS_AHEAD * 7 * DAY


def expand(question: Question) -> Expansion:
    """Read a calendar in a process that is bounded in time and memory; blocks until it has ended.

    Raises:
        CalendarError: it is no calendar, or too much of one.
    """
    command = (sys.executable, "-P", "-m", "buzzwatch.app.rota.ical")
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            command, input=msgspec.json.encode(question), capture_output=True, timeout=WALL_S, check=False
        )
        answer = msgspec.json.decode(done.stdout, type=Expansion)
    except (subprocess.TimeoutExpired, msgspec.DecodeError):
        raise CalendarError(
            f"takes more than {CPU_S} s or {MEMORY // 1024**2} MB to read; is there an event that repeats without end "
            "many times a day?"
        ) from None
    except OSError as error:
        raise CalendarError(f"could not be read: no process could be started ({error.strerror})") from None
    if answer.refused:
        raise CalendarError(answer.refused)
    return answer


def read(question: Question) -> Expansion:
    """As `expand`, in this process and without bounds; raises `CalendarError` likewise."""
    zone = ZoneInfo(question.zone)
    turns: list[Turn] = []
    unnamed: dict[str, None] = {}
    for event in _events(question):
        if str(event.get("STATUS", "")).upper() == "CANCELLED":
            continue
        starts, ends = _instant(event.start, zone), _instant(event.end, zone)
        person, why = _person(event, question.people)
        if not person:
            unnamed[f"{why} ({moment_of(starts).astimezone(zone):%Y-%m-%d})"] = None
        elif starts < ends:
            turns.append(Turn(starts, ends, person, _rank(event, starts, ends, zone)))
    return Expansion(flatten(turns), tuple(unnamed)[:_MOST_UNNAMED])


def _events(question: Question) -> "list[Event]":
    """Everything that takes place in the time that is read, repetitions and exceptions worked out."""
    import recurring_ical_events  # noqa: PLC0415 - in the process that reads alone
    from icalendar import Calendar  # noqa: PLC0415 - likewise

    plain = question.text.upper().replace("\r\n ", "").replace("\n ", "")
    if "BEGIN:VCALENDAR" not in plain:
        raise CalendarError("is no iCalendar: it holds no BEGIN:VCALENDAR")
    if plain.count("BEGIN:VEVENT") > MOST_EVENTS:
        raise CalendarError(f"holds more than {MOST_EVENTS:,} events; let old ones go")
    if any(fine in plain for fine in _TOO_FINE):
        raise CalendarError("holds an event that repeats every minute or second; no shift does")
    if _NEVER_ON.search(plain):
        raise CalendarError("holds an event with INTERVAL=0, which repeats without ever getting on; write 1 or more")
    try:
        calendar = Calendar.from_ical(question.text)
        since, until = moment_of(question.since), moment_of(question.until)
        events: list[Event] = recurring_ical_events.of(calendar).between(since, until)
    except (MemoryError, RecursionError):
        raise CalendarError("takes too much memory to read") from None
    except Exception as error:  # what a broken calendar makes a library raise has no end
        raise CalendarError(f"is broken: it cannot be read as iCalendar ({type(error).__name__})") from error
    if len(events) > MOST_EVENTS:
        raise CalendarError(f"holds more than {MOST_EVENTS:,} events in {WEEKS_BACK + WEEKS_AHEAD} weeks")
    return events


def flatten(turns: Iterable[Turn]) -> tuple[Shift, ...]:
    """One person at a time: of turns that overlap the one of the largest rank; what a person goes on with is one."""
    waiting = sorted(turns, reverse=True)
    edges = sorted({edge for turn in waiting for edge in (turn.since, turn.until)})
    present: list[tuple[tuple[int, int, int, list[int]], Turn]] = []
    shifts: list[Shift] = []
    for since, until in pairwise(edges):
        while waiting and waiting[-1].since <= since:
            turn = waiting.pop()
            created, length, began, uid = turn.rank
            heappush(present, ((-created, -length, -began, [-ord(char) for char in uid]), turn))
        while present and present[0][1].until <= since:
            heappop(present)
        if present:
            person, before = present[0][1].person, shifts[-1] if shifts else None
            if before is not None and before.until == since and before.person == person:
                shifts[-1] = Shift(before.since, until, person)
            else:
                shifts.append(Shift(since, until, person))
    return tuple(shifts)


def _instant(at: date, zone: tzinfo) -> Instant:
    """A day begins at its local midnight; a time without a zone is the local one."""
    if not isinstance(at, datetime):
        at = datetime.combine(at, time())
    return instant_of(at if at.tzinfo else at.replace(tzinfo=zone))


def _rank(event: "Event", starts: Instant, ends: Instant, zone: tzinfo) -> tuple[Instant, int, Instant, str]:
    created = event.get("CREATED")
    at = _instant(created.dt, zone) if created is not None and hasattr(created, "dt") else 0
    return at, starts - ends, starts, str(event.get("UID", ""))


def _person(event: "Event", people: tuple[Reader, ...]) -> tuple[str, str]:
    """Whom an event names, or "" and why that is nobody: who attends, then its title, then who organises it."""
    title = " ".join(str(event.get("SUMMARY", "")).split())
    titled = _titled(title, people)
    attending = [address for address in _several(event.get("ATTENDEE")) if not _declined(address)]
    attends = list(dict.fromkeys(key for address in attending if (key := _addressed(address, people))))
    if len(attends) == 1 or (attends and set(titled) & set(attends)):
        return next((key for key in titled if key in attends), attends[0]), ""
    if len(titled) == 1 and not attends:
        return titled[0], ""
    organises = [key for address in _several(event.get("ORGANIZER")) if (key := _addressed(address, people))]
    if organises and not attends and not titled:
        return organises[0], ""
    said = shown(title[:_LONGEST_SUMMARY]) if title else "an event without a title"
    if attends or titled:
        return "", f"{said} names {' and '.join(attends or titled)}"
    return "", f"{said} names nobody of `people`; {_meant(title, people)}"


def _meant(title: str, people: tuple[Reader, ...]) -> str:
    known = {_folded(name): person.key for person in people for name in (person.name, person.key)}
    close = get_close_matches(_folded(title), known, n=1)
    return str(nearest(known[close[0]] if close else "", [person.key for person in people]))


def _titled(title: str, people: tuple[Reader, ...]) -> list[str]:
    """Who is named by the whole of a title, else by words of it."""
    folded = _folded(title)
    names = {each.key: {_folded(each.key), _folded(each.name), *map(_folded, each.mails)} for each in people}
    whole = [key for key, known in names.items() if folded in known]
    words = f" {folded} "
    return whole or [key for key, known in names.items() if any(f" {name} " in words for name in known)]


def _addressed(address: Any, people: tuple[Reader, ...]) -> str:  # noqa: ANN401 - the library's types are of many kinds
    """Whose an attendee's or organiser's address is, or the name beside it."""
    mail = str(address).removeprefix("mailto:").removeprefix("MAILTO:").strip().lower()
    named = _folded(str(getattr(address, "params", {}).get("CN", "")))
    for each in people:
        if mail in each.mails or (named and named in {_folded(each.name), _folded(each.key), *each.mails}):
            return each.key
    return ""


def _declined(address: Any) -> bool:  # noqa: ANN401 - likewise
    return str(getattr(address, "params", {}).get("PARTSTAT", "")).upper() == "DECLINED"


def _several(value: Any) -> list[Any]:  # noqa: ANN401 - likewise
    """One is given alone by the library."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _folded(text: str) -> str:
    """Small letters without accents; what is neither letter, digit nor part of an address parts words."""
    plain = (char for char in normalize("NFKD", text.casefold()) if not combining(char))
    return " ".join("".join(char if char.isalnum() or char in "@.-_+" else " " for char in plain).split())


def main() -> None:
    """Answer the question on standard input."""
    import resource  # noqa: PLC0415 - in the process that reads alone

    question = msgspec.json.decode(sys.stdin.buffer.read(), type=Question)
    with suppress(OSError, ValueError):  # a service manager may forbid it, and has bounds of its own
        resource.setrlimit(resource.RLIMIT_CPU, (question.cpu_s, question.cpu_s))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    try:
        answer = read(question)
    except CalendarError as refused:
        answer = Expansion(refused=str(refused))
    sys.stdout.buffer.write(msgspec.json.encode(answer))


if __name__ == "__main__":
    main()
