"""Whose turn it is."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from stage import ACME

from buzzwatch.app.rulebook import compile_rules
from buzzwatch.model.instant import DAY, HOUR, Instant, Span, instant_of
from buzzwatch.model.rota import Listed, Night, Rota, Shift
from buzzwatch.notify.oncall import follower, gaps, on_duty, shift_at, shifts

PARIS = ZoneInfo("Europe/Paris")
PEOPLE = """
timezone: Europe/Paris
people:
  ines: {name: Inès, reach: {push: console}}
  karim: {name: Karim, reach: {push: console}}
  sophie: {name: Sophie, reach: {push: console}}
routes: {oncall: {steps: [{after: 0m, tell: "rota:comms"}]}, room: {copy: [console]}}
"""
WEEKLY = "people: [ines, karim], starts: 2026-03-02, hand_over: monday 09:00"


def at(text: str, fold: int = 0) -> Instant:
    return instant_of(datetime.fromisoformat(text).replace(tzinfo=PARIS, fold=fold))


def rota(written: str) -> Rota:
    files = {"acme.yaml": ACME.format(zone="Europe/Paris"), "oncall.yaml": f"{PEOPLE}rota: {{comms: {{{written}}}}}"}
    return compile_rules(files).rotas["comms"]


def turns(written: str, since: str, until: str) -> list[tuple[Instant, str]]:
    return [(shift.since, shift.person) for shift in shifts(rota(written), at(since), at(until))]


@pytest.mark.parametrize(
    ("moment", "person"),
    [
        ("2026-03-02 09:00", "ines"),
        ("2026-03-09 08:59", "ines"),
        ("2026-03-09 09:00", "karim"),
        ("2026-03-16 08:59", "karim"),
        ("2026-03-16 09:00", "ines"),
        ("2026-03-30 08:59", "karim"),  # the clocks went forward the day before
        ("2026-03-30 09:00", "ines"),
        ("2026-10-26 08:59", "karim"),  # and back
        ("2026-10-26 09:00", "ines"),
        ("2036-03-03 09:00", "ines"),
    ],
)
def test_weeks_alternate_at_the_local_hour_whatever_the_clocks_do(moment: str, person: str):
    assert on_duty(rota(WEEKLY), at(moment)) == person
    assert follower(rota(WEEKLY), at(moment)) == {"ines": "karim", "karim": "ines"}[person]


@pytest.mark.parametrize(
    ("day", "length"),
    [("2026-03-28 12:00", 7 * DAY - HOUR), ("2026-10-24 12:00", 7 * DAY + HOUR), ("2026-06-10 12:00", 7 * DAY)],
)
def test_the_week_of_a_clock_change_is_an_hour_shorter_or_longer(day: str, length: Span):
    shift = shift_at(rota(WEEKLY), at(day))
    assert shift.until is not None
    assert shift.until - shift.since == length


def test_a_hand_over_at_the_skipped_hour_comes_where_it_would_have_been_and_at_the_doubled_one_at_the_first():
    nightly = "people: [ines, karim], starts: 2026-03-01, hand_over: sunday 02:30"
    assert at("2026-03-29 03:30") in [since for since, _ in turns(nightly, "2026-03-25 00:00", "2026-04-01 00:00")]
    assert at("2026-10-25 02:30", fold=0) in [
        since for since, _ in turns(nightly, "2026-10-22 00:00", "2026-10-28 00:00")
    ]


def test_a_rota_that_starts_amid_a_week_hands_over_at_the_next_hand_over():
    started = "people: [ines, karim], starts: 2026-03-04, hand_over: monday 09:00"
    assert turns(started, "2026-03-04 09:00", "2026-03-20 00:00") == [
        (at("2026-03-04 09:00"), "ines"), (at("2026-03-09 09:00"), "karim"), (at("2026-03-16 09:00"), "ines"),
    ]  # fmt: skip


def test_an_override_cuts_the_turns_that_it_lies_in_and_the_later_one_written_counts():
    overridden = WEEKLY + (
        ', overrides: [{from: "2026-03-07 18:00", until: "2026-03-10 09:00", person: sophie, why: Noël},'
        ' {from: "2026-03-08 00:00", until: "2026-03-09 00:00", person: karim}]'
    )
    assert turns(overridden, "2026-03-02 09:00", "2026-03-12 00:00") == [
        (at("2026-03-02 09:00"), "ines"),
        (at("2026-03-07 18:00"), "sophie"),
        (at("2026-03-08 00:00"), "karim"),
        (at("2026-03-09 00:00"), "sophie"),
        (at("2026-03-10 09:00"), "karim"),
    ]
    known = rota(overridden)
    assert [shift.why for shift in shifts(known, at("2026-03-07 20:00"), at("2026-03-07 21:00"))] == ["Noël"]
    assert follower(known, at("2026-03-07 20:00")) == "karim"
    assert follower(known, at("2026-03-08 12:00")) == "ines"


@pytest.mark.parametrize(
    ("fallback", "before", "after"), [("", "ines", "karim"), (", fallback: sophie", "sophie", "sophie")]
)
def test_where_it_is_nobodys_turn_somebody_is_called_all_the_same(fallback: str, before: str, after: str):
    known = rota(WEEKLY + ", ends: 2026-03-16" + fallback)
    assert on_duty(known, at("2026-02-01 12:00")) == before
    assert on_duty(known, at("2026-03-16 08:59")) == "karim"
    assert on_duty(known, at("2027-01-01 12:00")) == after
    assert [(gap.since, gap.until) for gap in gaps(known, at("2026-02-01 12:00"), at("2027-01-01 00:00"))] == [
        (0, at("2026-03-02 09:00")), (at("2026-03-16 09:00"), None),
    ]  # fmt: skip


def test_one_person_alone_follows_themselves():
    assert (
        follower(rota("people: [ines], starts: 2026-03-02, hand_over: monday 09:00"), at("2026-03-05 12:00")) == "ines"
    )


@pytest.mark.parametrize(
    ("moment", "end"),
    [
        ("2026-03-02 21:59", None),
        ("2026-03-02 22:00", "2026-03-03 07:00"),
        ("2026-03-03 00:00", "2026-03-03 07:00"),
        ("2026-03-03 06:59", "2026-03-03 07:00"),
        ("2026-03-03 07:00", None),
        ("2026-03-28 23:00", "2026-03-29 07:00"),
        ("2026-10-24 23:00", "2026-10-25 07:00"),
    ],
)
def test_a_night_over_midnight_ends_at_its_local_hour(moment: str, end: str | None):
    night = Night(PARIS, 22 * 60, 7 * 60)
    assert night.end(at(moment)) == (end and at(end))
    assert night.share == 9 / 24


def test_a_night_within_a_day_ends_that_day():
    night = Night(PARIS, 60, 5 * 60)
    assert night.end(at("2026-03-03 01:00")) == at("2026-03-03 05:00")
    assert night.end(at("2026-03-03 00:59")) is None


SHIFTS = (
    Shift(at("2026-03-02 09:00"), at("2026-03-09 09:00"), "ines"),
    Shift(at("2026-03-09 09:00"), at("2026-03-10 09:00"), "karim"),
    Shift(at("2026-03-12 09:00"), at("2026-03-29 09:00"), "karim"),
    Shift(at("2026-03-29 09:00"), at("2026-04-06 09:00"), "ines"),
)


@pytest.mark.parametrize(
    ("moment", "person", "following", "until"),
    [
        ("2026-02-01 12:00", "sophie", "ines", "2026-03-02 09:00"),
        ("2026-03-02 09:00", "ines", "karim", "2026-03-09 09:00"),
        ("2026-03-09 08:59", "ines", "karim", "2026-03-09 09:00"),
        ("2026-03-09 09:00", "karim", "ines", "2026-03-10 09:00"),  # their own next shift is no relief
        ("2026-03-11 09:00", "sophie", "karim", "2026-03-12 09:00"),
        ("2026-03-29 08:59", "karim", "ines", "2026-03-29 09:00"),
        ("2026-04-01 12:00", "ines", "sophie", "2026-04-06 09:00"),  # nobody's is the next: the fallback
        ("2026-05-01 12:00", "sophie", "ines", None),
    ],
)
def test_of_a_calendar_the_next_shift_of_another_person_follows(moment, person, following, until):
    known = Listed("comms", "x.ics", PARIS, "sophie", SHIFTS)
    assert (on_duty(known, at(moment)), follower(known, at(moment))) == (person, following)
    assert shift_at(known, at(moment)).until == (until and at(until))


def test_a_calendar_that_was_never_read_calls_the_fallback():
    known = Listed("comms", "x.ics", PARIS, "sophie")
    assert (on_duty(known, 0), follower(known, 0), shift_at(known, 0).until) == ("sophie", "sophie", None)
    assert list(shifts(known, 0, DAY)) == [Shift(0, None, "")]
