"""Who is on duty, as `buzzwatch oncall` and `buzzwatch check` say it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from buzzwatch.app.duty import as_calendar, as_lines, as_table, burden, read_time, uncovered, unheard
from buzzwatch.app.rulebook import compile_rules
from buzzwatch.cli import app
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.instant import instant_of

BRAND = """
brand: acme
match: {any: [acme]}
rules:
  - {name: shout, when: {mention: {negativity: 0.8}}, severity: critical, notify: oncall, budget: 2 per month}
  - {name: smoke, when: {mention: {negativity: 0.9}}, severity: critical, notify: oncall, at_night: wait}
  - {name: murmur, when: {mention: {negativity: 0.3}}, severity: warning, notify: oncall}
"""
ONCALL = """
timezone: Europe/Paris
people:
  ines: {name: Inès, reach: {push: console}}
  karim: {name: "Karim; le second, de l'équipe de nuit et de tous les jours fériés de l'année", reach: {push: console}}
night: {from: "22:00", until: "07:00"}
rota:
  comms: {people: [ines, karim], starts: 2026-11-23, hand_over: monday 09:00,
          overrides: [{from: "2026-12-24 18:00", until: "2026-12-26 09:00", person: karim, why: Noël}]}
routes: {oncall: {steps: [{after: 0m, tell: "rota:comms"}]}}
"""
NOON = instant_of(datetime(2026, 12, 22, 11, tzinfo=UTC))


def rules(oncall: str = ONCALL) -> Ruleset:
    return compile_rules({"acme.yaml": BRAND, "oncall.yaml": oncall})


def command(folder: Path, *said: str, oncall: str = ONCALL) -> Result:
    (folder / "acme.yaml").write_text(BRAND)
    (folder / "oncall.yaml").write_text(oncall)
    return CliRunner().invoke(app, list(said))


def test_it_says_who_is_on_duty_until_when_and_who_follows():
    (line,) = as_lines(rules(), NOON)
    assert line.startswith("comms: Inès until Thu 2026-12-24 18:00; next: Karim")


def test_the_table_shows_each_turn_of_the_week():
    lines = list(as_table(rules(), NOON))
    assert lines[0] == "comms"
    assert [line[2:22].strip() for line in lines[1:]] == [
        "Tue 2026-12-22 12:00", "Thu 2026-12-24 18:00", "Sat 2026-12-26 09:00", "Mon 2026-12-28 09:00",
    ]  # fmt: skip
    assert lines[2].endswith("Noël")


def test_the_calendar_is_escaped_and_folded_and_each_turn_is_an_event():
    lines = list(as_calendar(rules(), NOON))
    assert (lines[0], lines[-1]) == ("BEGIN:VCALENDAR", "END:VCALENDAR")
    assert all(len(line.encode()) <= 75 for line in lines)
    assert "SUMMARY:comms: Karim\\; le second\\, de" in "".join(lines)
    assert lines[lines.index("DTSTART:20261224T170000Z") + 1] == "DTEND:20261226T080000Z"
    uids = [line for line in lines if line.startswith("UID:")]
    assert len(uids) == len(set(uids)) == lines.count("END:VEVENT")


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2026-12-22 12:00", NOON),
        ("2026-12-22T11:00+00:00", NOON),
        ("tomorrow", None),
    ],
)
def test_a_time_is_local_unless_it_names_its_offset(written: str, instant: int | None):
    assert read_time(written, rules()) == instant


def test_a_gap_is_dated_and_an_error_only_without_a_fallback():
    ending = ONCALL.replace("hand_over: monday 09:00,", "hand_over: monday 09:00, ends: 2027-01-11,")
    missing, covered = uncovered(rules(ending), NOON)
    assert [str(line).partition(";")[0] for line in missing] == [
        "rota `comms`: it is nobody's turn from Mon 2027-01-11 09:00"
    ]
    assert covered == []
    missing, covered = uncovered(rules(ending.replace("ends:", "fallback: ines, ends:")), NOON)
    assert missing == []
    assert [str(line).rpartition("; ")[2] for line in covered] == ["Inès is called instead"]
    assert uncovered(rules(), NOON) == ([], [])


def test_all_rules_are_added_up_for_each_person():
    at_worst = "Inès: at worst 3 pages a month by mistake, 1 of them at night"

    def first(text: str) -> tuple[str, bool]:
        line, too_many = burden(rules(text))[0]
        return str(line), too_many

    assert first(ONCALL) == (at_worst, False)
    most = "pages_per_person: 2 per month\n"
    assert first(ONCALL + most) == (f"{at_worst}; more than `pages_per_person`", True)
    assert first(ONCALL + most.replace("2", "3")) == (at_worst, False)


def test_what_wakes_nobody_is_told_only_where_it_is_known_what_wakes():
    assert unheard(rules(), ()) == []
    assert unheard(rules(), ("push",)) == []
    assert [str(line).partition(":")[2][:48] for line in unheard(rules(), ("sms",))] == [
        " nobody wakes by the critical rule `shout`: the "
    ]


def test_the_command_says_it_and_refuses_what_it_cannot_know(tmp_path: Path):
    told = command(tmp_path, "oncall", "--rules", str(tmp_path), "--at", "2026-12-25 08:00")
    assert told.exit_code == 0
    assert "(Noël) until Sat 2026-12-26 09:00; next: Inès" in told.output
    assert command(tmp_path, "oncall", "--rules", str(tmp_path), "--at", "noon").exit_code == 1
    calendar = command(tmp_path, "oncall", "--rules", str(tmp_path), "--ics").stdout_bytes
    assert calendar.endswith(b"END:VCALENDAR\r\n")


def test_check_fails_on_a_gap_without_a_fallback(tmp_path: Path):
    ended = ONCALL.replace("hand_over: monday 09:00,", "hand_over: monday 09:00, ends: 2026-11-24,")
    told = command(
        tmp_path,
        "check",
        str(tmp_path),
        oncall=ended.replace("2026-11-23", "2020-11-23").replace("2026-11-24", "2020-11-24"),
    )
    assert told.exit_code == 1
    assert "it is nobody's turn from" in told.output
