"""From calendars as programs write them to who is on duty when."""

from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from buzzwatch.app.rota import ical as rota_ical
from buzzwatch.app.rota.ical import CalendarError, Expansion, Question, Reader, Turn, expand, flatten, read, window
from buzzwatch.model.instant import DAY, HOUR, Instant, instant_of, moment_of

PARIS = ZoneInfo("Europe/Paris")
PEOPLE = (
    Reader("ines", "Inès", ("ines@acme.example",)),
    Reader("karim", "Karim Ben Ali", ("karim@acme.example",)),
    Reader("sophie", "Sophie"),
)
CREATED = "CREATED:20260101T000000Z"
P = "TZID=Europe/Paris"


def at(text: str) -> Instant:
    return instant_of(datetime.fromisoformat(text).replace(tzinfo=PARIS))


def calendar(*events: str, head: str = "") -> str:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//", *filter(None, [head])]
    for number, event in enumerate(events):
        uid = [] if "UID:" in event else [f"UID:{number}"]
        lines += ["BEGIN:VEVENT", *uid, "DTSTAMP:20260101T000000Z", *event.strip().splitlines(), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


def question(text: str, now: str = "2026-03-25 12:00", cpu_s: int = 10) -> Question:
    return Question(text, *window(at(now)), "Europe/Paris", PEOPLE, cpu_s)


def shifts(*events: str, head: str = "", now: str = "2026-03-25 12:00") -> list[tuple[str, str, str]]:
    found = read(question(calendar(*events, head=head), now)).shifts
    return [(local(shift.since), local(shift.until or 0), shift.person) for shift in found]


def local(instant: Instant) -> str:
    return f"{moment_of(instant).astimezone(PARIS):%m-%d %H:%M}"


def one(title: str = "ines", starts: str = "20260324T090000", ends: str = "20260325T090000", more: str = "") -> str:
    return f"DTSTART;TZID=Europe/Paris:{starts}\nDTEND;TZID=Europe/Paris:{ends}\nSUMMARY:{title}\n{more}"


@pytest.mark.parametrize(
    ("event", "since", "until"),
    [
        (f"DTSTART;{P}:20260324T090000\nDTEND;{P}:20260324T180000", "03-24 09:00", "03-24 18:00"),
        ("DTSTART:20260324T090000Z\nDTEND:20260324T180000Z", "03-24 10:00", "03-24 19:00"),
        ("DTSTART:20260324T090000\nDTEND:20260324T180000", "03-24 09:00", "03-24 18:00"),  # floating: the file's zone
        ("DTSTART;TZID=America/New_York:20260324T090000\nDURATION:PT9H", "03-24 14:00", "03-24 23:00"),
        ("DTSTART;VALUE=DATE:20260324\nDTEND;VALUE=DATE:20260331", "03-24 00:00", "03-31 00:00"),
        ("DTSTART;VALUE=DATE:20260324", "03-24 00:00", "03-25 00:00"),
        ("DTSTART;VALUE=DATE:20260329", "03-29 00:00", "03-30 00:00"),  # of 23 hours
        (f"DTSTART;{P}:20260328T210000\nDTEND;{P}:20260329T090000", "03-28 21:00", "03-29 09:00"),
    ],
)  # fmt: skip
def test_times_with_and_without_a_zone_days_and_lengths(event: str, since: str, until: str):
    assert shifts(event + "\nSUMMARY:ines") == [(since, until, "ines")]


def test_weeks_that_repeat_hand_over_at_the_local_hour_through_both_changes_of_the_clocks():
    weekly = [
        f"DTSTART;TZID=Europe/Paris:{day}T090000\nDTEND;TZID=Europe/Paris:{end}T090000\n"
        f"RRULE:FREQ=WEEKLY;INTERVAL=2\nSUMMARY:{who}"
        for who, day, end in (("ines", "20260105", "20260112"), ("karim", "20260112", "20260119"))
    ]
    for now, turns in (
        ("2026-03-25 12:00", ("03-23", "03-30", "04-06")),
        ("2026-10-21 12:00", ("10-19", "10-26", "11-02")),
    ):
        found = [since for since, _, _ in shifts(*weekly, now=now)]
        assert set(found) >= {f"{day} 09:00" for day in turns}


def test_exceptions_moves_and_cancellations_of_a_repetition_count():
    daily = one(starts="20260323T090000", ends="20260323T180000", more="UID:a\nRRULE:FREQ=DAILY;COUNT=5\n")
    moved = one("karim", "20260325T120000", "20260325T200000", "UID:a\nRECURRENCE-ID;TZID=Europe/Paris:20260325T090000")
    gone = one(
        "ines",
        "20260326T090000",
        "20260326T180000",
        "UID:a\nRECURRENCE-ID;TZID=Europe/Paris:20260326T090000\nSTATUS:CANCELLED",
    )
    assert shifts(daily + "EXDATE;TZID=Europe/Paris:20260324T090000", moved, gone) == [
        ("03-23 09:00", "03-23 18:00", "ines"),
        ("03-25 12:00", "03-25 20:00", "karim"),
        ("03-27 09:00", "03-27 18:00", "ines"),
    ]
    assert shifts(one(more="STATUS:CANCELLED")) == []


@pytest.mark.parametrize(
    ("event", "person"),
    [
        ("SUMMARY:ines", "ines"),
        ("SUMMARY:INES", "ines"),
        ("SUMMARY:Inès", "ines"),
        ("SUMMARY:ines@acme.example", "ines"),
        ("SUMMARY:Astreinte : Karim Ben Ali (semaine 13)", "karim"),
        ("SUMMARY:On call\nATTENDEE;CN=X:mailto:Karim@acme.example", "karim"),
        ("SUMMARY:On call\nATTENDEE;CN=Karim Ben Ali:mailto:private@elsewhere.example", "karim"),
        ("SUMMARY:Karim replaces Sophie\nATTENDEE:mailto:karim@acme.example", "karim"),
        ("SUMMARY:ines\nATTENDEE:mailto:karim@acme.example\nATTENDEE:mailto:ines@acme.example", "ines"),
        ("SUMMARY:x\nATTENDEE;PARTSTAT=DECLINED:mailto:ines@acme.example\nATTENDEE:mailto:karim@acme.example", "karim"),
        ("SUMMARY:sophie\nORGANIZER:mailto:ines@acme.example", "sophie"),
        ("SUMMARY:duty\nORGANIZER:mailto:ines@acme.example", "ines"),
    ],
)
def test_an_event_names_who_attends_then_who_stands_in_its_title_then_who_organises_it(event: str, person: str):
    (shift,) = read(question(calendar(f"DTSTART;VALUE=DATE:20260324\n{event}"))).shifts
    assert shift.person == person


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ("SUMMARY:Inez", "`Inez` names nobody of `people`; did you mean `ines`? (2026-03-24)"),
        (
            "SUMMARY:Team lunch",
            "`Team lunch` names nobody of `people`; valid here: ines, karim, sophie (2026-03-24)",
        ),
        ("SUMMARY:ines and sophie", "`ines and sophie` names ines and sophie (2026-03-24)"),
        ("X-A:b", "an event without a title names nobody of `people`; valid here: ines, karim, sophie (2026-03-24)"),
    ],
)  # fmt: skip
def test_an_event_that_names_nobody_or_two_is_left_out_and_told(event: str, said: str):
    found = read(question(calendar(f"DTSTART;VALUE=DATE:20260324\n{event}", one())))
    assert [shift.person for shift in found.shifts] == ["ines"]
    assert found.unnamed == (said,)


@pytest.mark.parametrize(
    ("week", "cover"),
    [
        ("CREATED:20260101T000000Z", "CREATED:20260201T000000Z"),  # made later
        ("", "CREATED:20260201T000000Z"),
        ("", ""),  # shorter
        ("CREATED:20260101T000000Z", "CREATED:20260101T000000Z"),
    ],
)
def test_of_events_that_overlap_the_one_made_last_wins_else_the_shorter(week: str, cover: str):
    both = [
        one("ines", "20260323T090000", "20260330T090000", week),
        one("karim", "20260325T180000", "20260326T090000", cover),
    ]
    for events in (both, both[::-1]):
        assert shifts(*events) == [
            ("03-23 09:00", "03-25 18:00", "ines"),
            ("03-25 18:00", "03-26 09:00", "karim"),
            ("03-26 09:00", "03-30 09:00", "ines"),
        ]


def test_a_cover_that_is_longer_than_the_weeks_that_it_covers_wins_if_it_was_made_later():
    weeks = [
        one("ines", "20260316T090000", "20260323T090000", CREATED),
        one("karim", "20260323T090000", "20260330T090000", CREATED),
    ]
    away = one("sophie", "20260318T090000", "20260328T090000", "CREATED:20260201T000000Z")
    assert shifts(*weeks, away) == [
        ("03-16 09:00", "03-18 09:00", "ines"),
        ("03-18 09:00", "03-28 09:00", "sophie"),
        ("03-28 09:00", "03-30 09:00", "karim"),
    ]


def test_days_that_follow_each_other_are_one_turn():
    days = [f"DTSTART;VALUE=DATE:202603{day}\nSUMMARY:ines" for day in (23, 24, 25, 27)]
    assert shifts(*days) == [("03-23 00:00", "03-26 00:00", "ines"), ("03-27 00:00", "03-28 00:00", "ines")]


def test_many_turns_at_once_are_put_in_order_quickly():
    turns = [Turn(n, 10_000 + n, "ines" if n % 2 else "karim", (n, -10_000, n, str(n))) for n in range(5_000)]
    found = flatten(turns)
    assert found[-1].until == 14_999
    assert all(one.until == other.since and one.person != other.person for one, other in pairwise(found))


def test_the_time_that_is_read_is_the_same_for_a_week_and_reaches_eight_weeks_from_any_day():
    monday = at("2026-03-23 02:00")
    assert len({window(monday + hours * HOUR) for hours in range(24 * 6)}) == 1
    assert window(monday)[1] - (monday + 7 * DAY) >= 55 * DAY


MANY = ",".join(map(str, range(60)))
STILL = "holds an event with INTERVAL=0, which repeats without ever getting on; write 1 or more"
FINE = "holds an event that repeats every minute or second; no shift does"
LONG = "DTSTART:20260101T000000Z\nDURATION:P9999999W\nRRULE:FREQ=DAILY\nSUMMARY:ines"
MONSTER = (
    "DTSTART:20200101T000000Z\nDTEND:20200101T010000Z\nSUMMARY:ines\n"
    f"RRULE:FREQ=DAILY;BYHOUR=1,2,3;BYMINUTE={MANY};BYSECOND={MANY}"
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<html>Sign in</html>", "is no iCalendar: it holds no BEGIN:VCALENDAR"),
        ("", "is no iCalendar: it holds no BEGIN:VCALENDAR"),
        ("BEGIN:VCALENDAR\r\n" + "BEGIN:VEVENT\r\n" * 5_001, "holds more than 5,000 events; let old ones go"),
        ("BEGIN:VCALENDAR\r\n" + "BEGIN:VEVENT\r\n" * 50, "is broken: it cannot be read as iCalendar (ValueError)"),
        (calendar(one(more="RRULE:FREQ=SECONDLY")), FINE),
        (calendar(one(more="RRULE:FREQ=WEEKLY;INTERVAL=0")), STILL),
        (calendar(one(more="RRULE:FREQ=WEEKLY;INTERVAL=00;COUNT=2")), STILL),
        (calendar(one(more="RRULE:COUNT=9;FREQ=MINU\r\n TELY")), FINE),
        (calendar(LONG), "is broken: it cannot be read as iCalendar (OverflowError)"),
    ],
)  # fmt: skip
def test_what_is_no_calendar_or_too_much_of_one_is_refused_in_words(text: str, said: str):
    with pytest.raises(CalendarError, match="^" + said.replace("(", r"\(").replace(")", r"\)")):
        read(question(text))


def test_too_many_events_in_the_time_that_is_read_are_refused(monkeypatch):
    monkeypatch.setattr(rota_ical, "MOST_EVENTS", 50)
    with pytest.raises(CalendarError, match="holds more than 50 events in 10 weeks"):
        read(question(calendar(one(more="RRULE:FREQ=DAILY"))))


def test_a_process_reads_it_and_one_that_takes_too_long_is_ended():
    found = expand(question(calendar(one())))
    assert found == Expansion(read(question(calendar(one()))).shifts)
    with pytest.raises(CalendarError, match=r"takes more than 10 s or 256 MB to read; is there an event that repeats"):
        expand(question(calendar(MONSTER), cpu_s=1))


def test_a_machine_that_starts_no_process_is_told(monkeypatch):
    monkeypatch.setattr(rota_ical.sys, "executable", "/nowhere")
    with pytest.raises(CalendarError, match="no process could be started"):
        expand(question(calendar(one())))
