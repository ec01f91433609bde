"""Why a brand did not ring: the record stepped again, every rule asked as it was asked then."""

from collections.abc import AsyncIterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from stage import MONDAY, House, mention, warmed
from typer.testing import CliRunner

from buzzwatch.app.explain.absence import Answer, ask_why_not
from buzzwatch.app.explain.absence_lines import tell
from buzzwatch.app.explain.asking import Asked, QuestionError, Wanted, read_asked, read_when
from buzzwatch.app.explain.past import Look, Watch, rebuild
from buzzwatch.app.recover import RulesOnRecord
from buzzwatch.app.rulebook import compile_rules
from buzzwatch.cli import app
from buzzwatch.clock import VirtualClock
from buzzwatch.model.brand import Rule, Ruleset
from buzzwatch.model.input import Command, Gap, RulesSwapped, Silenced, Verb
from buzzwatch.model.instant import HOUR, MINUTE, SECOND, Instant
from buzzwatch.model.mention import Author
from buzzwatch.model.signal import Finding
from buzzwatch.rules.condition import Compiled
from buzzwatch.spine import Spine
from buzzwatch.store.database import open_for_reading
from buzzwatch.store.journal import read_journal
from buzzwatch.store.snapshot import write_snapshot

EVENING = MONDAY + 20 * HOUR  # 21:00 in Paris
BRAND = """
brand: acme
name: Acme Airlines
timezone: Europe/Paris
match: {any: [acme]}
themes: {safety: [fumée]}
rules:
  - name: bad-buzz
    says: Many angry posts about {brand}
    when: {negativity: {over: 15m, at_least: 10, authors: 8}}
    severity: critical
    notify: oncall
  - name: by-day
    when: {negativity: {over: 15m, at_least: 4}}
    severity: warning
    at_night: wait
    notify: duty
  - {name: long-talk, when: {thread: {mentions: 6}}, severity: watch, notify: room}
  - {name: smoke, when: {mention: {theme: safety, authors: 3, over: 30m}}, severity: warning, notify: room}
  - {name: silent, when: {quiet: {over: 6h}}, severity: warning, notify: room}
"""
ONCALL = """
timezone: Europe/Paris
people:
  ines: {name: Inès, language: fr, reach: {sms: console}}
night: {from: "20:30", until: "07:00"}
routes:
  oncall: {steps: [{after: 0m, tell: ines}], copy: [console]}
  duty: {steps: [{after: 0m, tell: ines}]}
  room: {copy: [console]}
"""


def compiled(brand: str = BRAND) -> Ruleset:
    return compile_rules({"acme.yaml": brand, "oncall.yaml": ONCALL})


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    house = House(tmp_path, VirtualClock(EVENING - 2 * HOUR))
    house.open()
    await house.tell(RulesSwapped(0, compiled()))
    await house.tell(warmed(0, "acme"))
    await house.say(mention(house.clock.now(), "calm"))
    await house.move(EVENING - 20 * MINUTE)
    yield house
    await house.close()


async def anger(house: House, count: int, *, every: int = 30 * SECOND, name: str = "angry", **changes: object) -> None:
    for number in range(count):
        await house.move(house.clock.now() + every)
        await house.say(mention(house.clock.now(), f"{name}{number}", angry=True, **changes))
    await house.move(house.clock.now() + 2 * SECOND)


def answer(house: House, at: Instant = EVENING, **asked: object) -> Answer:
    db = open_for_reading(house.record.directory)
    try:
        return ask_why_not(db, house.record.directory, Asked("acme", at, **asked))
    finally:
        db.close()


def said(house: House, language: str = "en", at: Instant = EVENING, **asked: object) -> str:
    return "\n".join(tell(answer(house, at, **asked), language))


async def test_a_rule_that_missed_by_one_clause_says_which_and_what_it_saw_and_needed(house: House):
    await anger(house, 8)
    await house.move(EVENING + HOUR)
    (judged,) = answer(house, EVENING - 15 * MINUTE, rule="bad-buzz").judged
    (missed,) = judged.then.failed
    assert (missed.name, missed.needed) == ("negativity.at_least", 10.0)
    assert 5 < missed.observed < 8
    assert judged.held is None
    lines = said(house, at=EVENING - 15 * MINUTE, rule="bad-buzz")
    assert "✗ angry posts in 15\u00a0min: 7.4, at least 10 needed, usually" in lines, lines
    assert "bad-buzz (critical): Many angry posts about Acme Airlines" in lines, lines
    assert "this alone was missing" in lines
    assert "✓ authors in 15\u00a0min: 8, at least 8 needed" in lines


async def test_the_nearest_approach_of_the_hour_around_is_told(house: House):
    await anger(house, 9)
    await house.move(EVENING + HOUR)
    (judged,) = answer(house, EVENING + 10 * MINUTE, rule="bad-buzz").judged
    assert judged.nearest.at < judged.then.at
    assert judged.nearest.nearness > judged.then.nearness
    assert "nearest approach in the hour around, at 20:4" in said(house, at=EVENING + 10 * MINUTE, rule="bad-buzz")


async def test_what_is_part_of_an_incident_that_is_open_rings_no_second_time(house: House):
    await anger(house, 14)
    await house.move(EVENING)
    (incident,) = house.drive.spine.memory.desk.incidents.values()
    await house.tell(Command(0, Verb.TAKE, incident.id, "ines"))
    lines = said(house, at=EVENING - 10 * MINUTE, rule="bad-buzz")
    assert "YES at 20:50" in lines, lines
    assert f"it is part of {incident.id} (critical), open since 20:4" in lines
    assert f"rang in the hour around it: {incident.id}" in lines


async def test_a_silence_is_named_with_who_asked_for_it_until_when_and_why(house: House):
    await house.tell(Silenced(0, "acme", EVENING + 2 * HOUR, "exercise", "karim"))
    await anger(house, 14)
    await house.move(EVENING + 5 * MINUTE)
    lines = said(house)
    assert "acme silenced by karim until 23:00, because: exercise" in lines, lines
    assert "held at 20:4" in lines
    assert "silence sur acme, demandé par karim jusqu’à 23:00, parce que\u00a0: exercise" in said(house, "fr")


async def test_what_waits_for_the_morning_says_so(house: House):
    await anger(house, 6)
    await house.move(EVENING + 5 * MINUTE)
    lines = said(house, rule="by-day")
    assert "by-day (warning, waits for the morning)" in lines, lines
    assert "at night, " in lines
    assert "it was night until 2026-03-03 07:00" in lines


async def test_a_deaf_source_and_posts_that_came_late_are_told(house: House):
    began = house.clock.now()
    await house.tell(Gap(0, "broker", began, 2**62))
    await house.move(EVENING + 10 * MINUTE)
    await house.tell(Gap(0, "broker", began, EVENING + 10 * MINUTE))
    await house.say(*(mention(EVENING - n * MINUTE, f"late{n}", angry=True) for n in range(1, 13)))
    await house.move(EVENING + 40 * MINUTE)
    lines = said(house)
    assert "a source (broker) was deaf from 20:40 to 21:10" in lines, lines
    assert "12 posts of the hour before were heard only afterwards, the last at 21:10" in lines


async def test_a_downtime_is_told_and_nothing_is_judged_in_it(house: House, tmp_path: Path):
    await anger(house, 14, every=SECOND)
    folder = tmp_path / "again"
    folder.mkdir()
    (folder / "buzzwatch.db").write_bytes(house.record.write_now(lambda db: db.serialize()))
    again = House(folder, VirtualClock(EVENING + 20 * MINUTE))
    again.open()
    await again.move(EVENING + 25 * MINUTE)
    lines = said(again)
    await again.close()
    assert "buzzwatch was down from 20:40 to 21:20: nothing was judged" in lines, lines


async def test_a_conversation_a_post_and_a_silence_are_each_asked_about(house: House):
    await house.say(mention(house.clock.now(), "root"))
    for number in range(4):
        await house.move(house.clock.now() + MINUTE)
        await house.say(mention(house.clock.now(), f"re{number}", root="x:root"))
    for number in range(2):
        await house.say(mention(house.clock.now(), f"f{number}", text=f"fumée chez acme {number} {number}"))
    await house.move(EVENING + HOUR)
    lines = said(house)
    assert "no at 21:00, for the conversation x:root\n    ✗ posts: 5, at least 6 needed · 83%" in lines, lines
    assert "✗ authors: 2, at least 3 needed · 67% · this alone was missing" in lines, lines
    assert "silent (warning, waits for the morning)" in lines
    assert "without a post: 16\u00a0min, at least 6\u00a0h needed" in lines


async def test_other_rules_are_asked_in_the_place_of_those_in_force(house: House):
    await anger(house, 8)
    await house.move(EVENING + HOUR)
    other = compiled(BRAND.replace("at_least: 10", "at_least: 5"))
    found = answer(house, EVENING - 15 * MINUTE, rule="bad-buzz", rules=other, where="draft")
    (judged,) = found.judged
    assert judged.then.finding.passed
    assert found.rang
    assert "By the rules of draft, put in the place of the others at 20:15" in "\n".join(tell(found, "en"))


async def test_it_sees_what_the_live_lookout_saw(house: House, monkeypatch: pytest.MonkeyPatch):
    live: list[tuple[Instant, str, str, Finding]] = []

    def apply(spine: Spine, rule: Rule, lookout, changes) -> None:
        assert isinstance(rule.when, Compiled)
        finding = rule.when.judge(lookout)
        live.append((lookout.now, rule.name, lookout._thread, finding))
        if finding.passed:
            changes.append(spine._ring(rule, lookout.subject(finding), finding, lookout))

    monkeypatch.setattr(Spine, "_apply", apply)
    await house.say(mention(house.clock.now(), "root"))
    await anger(house, 12, root="x:root")
    await anger(house, 5, name="smoke", text="de la fumée chez acme", author=Author(id="one"))
    await anger(house, 3, name="fire", text="fumée à bord, acme")
    await house.move(EVENING + 40 * MINUTE)
    heard, live[:] = list(live), []
    db = open_for_reading(house.record.directory)
    rules = RulesOnRecord(db, compile_rules)
    spine, row = rebuild(db, house.record.directory, EVENING - 30 * MINUTE, rules)
    watch, looks = Watch(spine, "acme"), []
    for _, item in read_journal(db, row, 10**9, rules):
        looks += watch.feed(item)
    looks += watch.run_to(EVENING + 40 * MINUTE + 1)
    db.close()
    asked = [look for look in looks if look.at > EVENING - 30 * MINUTE]
    told = [each for each in heard if each[0] > EVENING - 30 * MINUTE]
    assert len(told) > 40
    assert any(finding.passed for *_, finding in told)
    assert [as_live(look) for look in asked] == told
    assert live[-len(told) :] == told  # asking beforehand has changed nothing for who asks afterwards
    house.drive.spine.memory.desk.take_touched()
    assert spine.memory.digest() == house.drive.spine.memory.digest()


def as_live(look: Look) -> tuple[Instant, str, str, Finding]:
    finding = look.finding if look.finding.passed else Finding(passed=False, clauses=())
    return look.at, look.rule, look.thread, finding


async def test_a_kept_snapshot_shortens_the_way_and_changes_no_answer(house: House):
    await anger(house, 8)
    await house.move(EVENING)
    whole = said(house, at=EVENING + 10 * MINUTE)
    await house.record.snapshot(house.record.position[0], house.drive.spine.memory.dump())
    await house.move(EVENING + 40 * MINUTE)
    assert said(house, at=EVENING + 35 * MINUTE)
    assert list(house.record.directory.glob("snapshot-*"))
    assert said(house, at=EVENING + 10 * MINUTE) == whole


async def test_it_writes_nothing(house: House, tmp_path: Path):
    await anger(house, 14)
    await house.move(EVENING)
    folder = tmp_path / "copy"
    folder.mkdir()
    (folder / "buzzwatch.db").write_bytes(house.record.write_now(lambda db: db.serialize()))
    write_snapshot(folder, house.record.position[0], house.drive.spine.memory.dump())
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    db = open_for_reading(folder)
    assert ask_why_not(db, folder, Asked("acme", EVENING)).judged
    assert db.total_changes == 0
    db.close()
    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert {name: body for name, body in after.items() if not name.endswith(("-wal", "-shm"))} == before


async def test_the_first_minute_that_can_be_asked_about_is_the_one_that_is_named(tmp_path: Path):
    house = House(tmp_path, VirtualClock(MONDAY + 3 * SECOND))
    house.open()
    await house.tell(RulesSwapped(0, compile_rules({"acme.yaml": BRAND, "oncall.yaml": ONCALL})))
    await house.move(MONDAY + HOUR)
    await house.close()
    db = open_for_reading(tmp_path)
    with pytest.raises(QuestionError) as refused:
        read_asked(db, Wanted("acme", "2026-03-02 01:00"), house.clock.now(), "en")
    named = str(refused.value).partition("starts at ")[2]
    assert named == "2026-03-02 01:01"
    asked, _ = read_asked(db, Wanted("acme", named), house.clock.now(), "en")
    assert asked.at == MONDAY + MINUTE
    db.close()


async def test_what_cannot_be_asked_is_said_in_plain_words(house: House):
    def ask(brand: str, at: str, rule: str = "", language: str = "en") -> str:
        db = open_for_reading(house.record.directory)
        try:
            read_asked(db, Wanted(brand, at, rule), house.clock.now(), language)
        except QuestionError as refused:
            return str(refused)
        finally:
            db.close()
        return ""

    assert ask("acme", "2026-03-02 20:10") == ""
    assert ask("acne", "2026-03-02 20:10") == "there is no brand acne; did you mean acme?"
    assert ask("acme", "2026-03-02 20:10", "bad-bus") == "there is no rule bad-bus; did you mean bad-buzz?"
    assert ask("acme", "yesterday").startswith("yesterday is no time")
    assert ask("acme", "2026-03-02 23:10") == "2026-03-02 23:10 is still to come: nothing is known of it"
    assert "starts at 2026-03-02 19:00" in ask("acme", "2026-03-02 12:00")
    assert (
        ask("acne", "2026-03-02 20:10", language="fr")
        == "la marque acne n’existe pas\u00a0; vouliez-vous dire acme\u00a0?"
    )


async def test_the_command_asks_in_the_language_of_the_terminal_and_refuses_half_a_question(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "buzzwatch.yaml").write_text(
        f"state: {tmp_path}\nrules: {tmp_path}\nsources: {{push: {{http: {{listen: '127.0.0.1:8787'}}}}}}\n"
    )
    monkeypatch.setenv("LC_ALL", "fr_FR.UTF-8")

    def run(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["explain", *arguments, "--config", str(tmp_path / "buzzwatch.yaml")])
        return done.exit_code, done.output

    status, lines = run("--not", "acme", "--at", "2026-03-02 20:30", "--rule", "bad-buzz")
    assert status == 0, lines
    assert lines.startswith("Acme Airlines, le 2026-03-02 20:30 (Europe/Paris)\u00a0: rien n’a sonné")
    assert "✗ posts en colère en 15\u00a0min\u00a0: 0, minimum 10, habituel" in lines
    assert run("--not", "acne", "--at", "2026-03-02 20:30") == (
        1,
        "la marque acne n’existe pas\u00a0; vouliez-vous dire acme\u00a0?\n",
    )
    for half in ([], ["--not", "acme"], ["acme-1", "--not", "acme", "--at", "20:00"], ["acme-1", "--rule", "x"]):
        assert run(*half)[0] == 1


async def test_a_competitor_and_a_brand_that_is_new_say_so(tmp_path: Path):
    house = House(tmp_path, VirtualClock(EVENING))
    house.open()
    await house.tell(RulesSwapped(0, compiled(BRAND.replace("name: Acme", "role: competitor\nname: Acme"))))
    await house.say(mention(EVENING, "one"))
    await house.move(EVENING + MINUTE)
    lines = said(house, at=EVENING + 30 * SECOND)
    await house.close()
    assert "- it is a competitor: it never pages anybody" in lines
    assert "- what is usual was not learnt yet: it is an estimate" in lines


def test_an_hour_that_comes_twice_or_never_says_which_was_taken():
    paris = ZoneInfo("Europe/Paris")
    twice, note = read_when("2026-10-25 02:30", paris, "en") or (0, "")
    assert "comes twice that night: the first is taken (2026-10-25 02:30+02:00)" in note
    second = read_when("2026-10-25 02:30+01:00", paris, "en")
    assert second == (twice + HOUR, "")
    _, note = read_when("2026-03-29 02:30", paris, "fr") or (0, "")
    assert "03:30 qui est pris" in note
    assert read_when("2026-11-22 21:00", paris, "en") == (1_795_377_600_000, "")
