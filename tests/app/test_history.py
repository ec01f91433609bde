"""The record in lines: who was told what and when, by which attempts, and what they answered."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from stage import MONDAY, House, mention

from buzzwatch.app.history import as_line, history, since_of
from buzzwatch.app.rulebook import compile_rules
from buzzwatch.clock import VirtualClock
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.input import Command, Delivered, RulesSwapped, Silenced, Verb
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND
from buzzwatch.rules.words import Language

NIGHT = MONDAY + 22 * HOUR
BRAND = """
brand: acme
timezone: Europe/Paris
match: {any: [acme]}
rules:
  - {name: shout, when: {mention: {negativity: 0.3}}, severity: critical, notify: oncall}
"""
ONCALL = """
timezone: Europe/Paris
people:
  ines: {name: Inès, language: fr, reach: {sms: console}}
  karim: {name: Karim, language: fr, reach: {sms: console}}
routes:
  oncall: {steps: [{after: 0m, tell: ines}, {after: 5m, tell: karim}], copy: [console]}
"""


def compiled() -> Ruleset:
    return compile_rules({"acme.yaml": BRAND, "oncall.yaml": ONCALL})


async def opened(folder: Path) -> House:
    house = House(folder, VirtualClock(NIGHT))
    house.open()
    await house.tell(RulesSwapped(0, compiled()))
    await house.say(mention(house.clock.now(), "loud", angry=True))
    await house.move(NIGHT + 5 * SECOND)
    return house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    house = await opened(tmp_path)
    yield house
    await house.close()


def told(house: House, what: str = "acme", limit: int = 500, language: Language = "en") -> list[str]:
    page = house.record.write_now(lambda db: history(db, what, None, house.clock.now(), limit, language))
    assert page is not None
    return [as_line(event).partition("  ")[2] for event in page.events]


async def test_every_message_attempt_answer_and_silence_is_a_line_in_the_order_of_time(house: House):
    (incident,) = house.drive.spine.memory.desk.incidents
    (console, push) = await house.record.lease(house.clock.now(), 9, {})
    await house.record.postpone(push.notice.key, house.clock.now(), "503 from https://sms.example/?key=secret")
    ines = (console, push)[push.notice.target.by == "sms"]
    await house.tell(Delivered(0, console.notice.key, incident, console.notice.target, sent=True))
    await house.move(NIGHT + MINUTE)
    await house.tell(Command(0, Verb.WAIT, incident, "ines", NIGHT + HOUR, "the press release leaves at eleven"))
    await house.tell(Silenced(0, incident, NIGHT + 2 * HOUR, "exercise, call +33 6 12 34 56 78", "karim"))
    lines, midnight = told(house, incident), "2026-03-03 00:00:00"
    assert lines[:3] == [
        f"{incident}  opened (critical)",
        f"{incident}  message to console: opened",
        f"{incident}  page to ines/sms: opened",
    ]
    assert ines.notice.target.by == "sms"
    for line in (
        f"{incident}  not sent to ines/sms, to be tried again: 503 from […]",
        f"{incident}  sent to console",
        f"{incident}  waiting by ines, until 2026-03-03 00:00:00: the press release leaves at eleven (critical)",
        f"{incident}  held for karim/sms: taken by ines: we wait, the press release leaves at eleven, until {midnight}",
        f"{incident}  not sent to ines/sms: a later message takes its place",
        f"-  {incident} silenced by karim until 2026-03-03 01:00:00: exercise, call […]",
    ):
        assert line in lines, lines
    assert set(lines) <= set(told(house))
    assert not any("secret" in line for line in told(house, ""))


async def test_the_history_is_told_in_french_where_the_terminal_is(house: House):
    (incident,) = house.drive.spine.memory.desk.incidents
    (first, second) = await house.record.lease(house.clock.now(), 9, {})
    await house.record.postpone(first.notice.key, house.clock.now(), "503")
    await house.tell(Delivered(0, second.notice.key, incident, second.notice.target, sent=True))
    await house.tell(Command(0, Verb.WAIT, incident, "ines", NIGHT + HOUR, "à onze heures"))
    await house.tell(Silenced(0, "acme", NIGHT + 2 * HOUR, "exercice", "karim"))
    await house.tell(Silenced(0, "acme", house.clock.now(), "", "karim"))
    lines = [line.replace("\u00a0", " ").partition("  ")[2] for line in told(house, language="fr")]
    for line in (
        "ouvert (critique)",
        "message à console : ouvert",
        "appel à ines/sms : ouvert",
        f"pas envoyé à {first.notice.target}, nouvel essai à venir : 503",
        f"envoyé à {second.notice.target}",
        "mis en attente par ines, jusqu’à 2026-03-03 00:00:00 : à onze heures (critique)",
        "silence sur acme, demandé par karim jusqu'à 2026-03-03 01:00:00 : exercice",
        "karim a mis fin au silence sur acme",
    ):
        assert line in lines, lines


async def test_an_attempt_that_a_power_cut_ended_is_doubtful(tmp_path: Path):
    house = await opened(tmp_path)
    assert len(await house.record.lease(house.clock.now(), 9, {})) == 2
    await house.kill()
    again = House(tmp_path, house.clock)
    again.open()
    await again.record.lease(again.clock.now(), 9, {})
    lines = told(again, "")
    await again.kill()
    assert sum("perhaps sent to" in line for line in lines) == 2
    assert sum(line.startswith("-  started again") for line in lines) == 1


async def test_a_name_that_somebody_gave_cannot_write_over_the_terminal(house: House):
    now = house.clock.now()
    await house.tell(Silenced(0, "acme", now + HOUR, "why", "ines\x1b[2J\nkarim\u202e"))
    await house.tell(Silenced(0, "acme", now, "why", "ines\x1b[2J\nkarim\u202e"))
    lines = [line for line in told(house) if "silence" in line]
    assert len(lines) == 4
    assert all(character.isprintable() for line in lines for character in line)


async def test_times_are_local_to_the_brand_and_objects_hold_both(house: House):
    page = house.record.write_now(lambda db: history(db, "acme", None, house.clock.now()))
    assert page is not None
    opened = next(event for event in page.events if event.what == "opened")
    assert (opened.at, opened.local) == ("2026-03-02T22:00:01.000Z", "2026-03-02 23:00:01")
    body = msgspec.json.decode(msgspec.json.encode(opened))
    assert {"at", "local", "what", "says", "incident", "brand"} == set(body)


async def test_pages_of_the_history_follow_each_other_without_loss_or_repetition(house: House):
    await house.move(NIGHT + 20 * MINUTE)
    await house.deliver()
    whole = told(house, "")
    gathered, since = [], 0
    while True:
        page = house.record.write_now(lambda db, since=since: history(db, "", since, house.clock.now(), limit=2))
        assert page is not None
        gathered += [as_line(event).partition("  ")[2] for event in page.events]
        if not page.following:
            break
        following = since_of(page.following, 0)
        assert following is not None
        assert following > since
        since = following
    assert gathered == whole
    assert len(whole) > 4


async def test_a_rule_change_names_the_files(house: House):
    louder = compile_rules({"acme.yaml": BRAND.replace("0.3", "0.4"), "oncall.yaml": ONCALL})
    await house.tell(RulesSwapped(0, louder))
    assert told(house)[-1] == "-  rules changed: acme.yaml +1 −1"


async def test_what_is_not_on_record_is_said(house: House):
    assert house.record.write_now(lambda db: history(db, "nobody", None, house.clock.now())) is None
    assert told(house, "acme")


@pytest.mark.parametrize(("text", "instant"), [("7d", NIGHT - 7 * DAY), ("2026-03-02", MONDAY), ("soon", None)])
def test_since_is_so_far_back_or_a_day(text: str, instant: int | None):
    assert since_of(text, NIGHT) == instant


def test_a_day_that_no_calendar_has_is_refused():
    assert since_of("2026-02-30", NIGHT) is None
