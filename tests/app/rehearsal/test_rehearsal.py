"""Tests inside rule files: what they play, when they fail, and what is said of it."""

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from buzzwatch.app.rehearsal.closest import find_approaches
from buzzwatch.app.rehearsal.invention import Inventor
from buzzwatch.app.rehearsal.junit import Result, as_junit
from buzzwatch.app.rehearsal.rehearsal import Played, Rehearsal
from buzzwatch.app.rehearsal.timeline import WORDS
from buzzwatch.app.rehearsal.verdict import Flaw, judge
from buzzwatch.cli import app
from buzzwatch.model.input import Gap
from buzzwatch.model.instant import HOUR, MINUTE
from buzzwatch.model.mention import Kind, Mention, Sighting
from buzzwatch.rules.ruleset import Placed, load_with_trials

ROOT = Path(__file__).parents[3]
RULES = ROOT / "rules"
ACME = """brand: acme
timezone: Europe/Paris
language: en
match: {any: [acme], not_us: ["acme corporation"]}
official: ["x:@acme"]
themes: {safety: [smoke]}
voices: {press: ["x:@paper"]}
rules:
  - {name: bad-buzz, when: {negativity: {over: 15m, at_least: 10, authors: 8}}, severity: critical}
  - {name: loud, when: {volume: {over: 15m, at_least: 12}}, severity: warning}
  - {name: smoke, when: {mention: {theme: safety, authors: 3}}, severity: critical}
  - {name: press, when: {mention: {voice: press}}, severity: watch}
  - {name: talk, when: {thread: {mentions: 12}}, severity: watch}
  - {name: silence, when: {quiet: {over: 2h}}, severity: watch}
  - {name: waiting, when: {unanswered: {for: 30m, at_least: 3}}, severity: watch}
  - {name: odd, when: {volume: {unusual: true, over: 15m, at_least: 5}}, severity: watch, budget: 1 per week}
tests:
"""
ZEPHYR = """brand: zephyr
match: {any: [zephyr]}
rules: [{name: any, when: {volume: {over: 5m, at_least: 1}}, severity: watch}]
"""


def written(*tests: str) -> str:
    return ACME + "".join(f"  - {{{test}}}\n" for test in tests)


def placed(test: str, **more: str) -> tuple[Rehearsal, Placed]:
    rules, trials = load_with_trials({"acme.yaml": written(test), "zephyr.yaml": ZEPHYR} | more)
    return Rehearsal(rules), trials[0]


def play(test: str) -> Played:
    rehearsal, trial = placed(test)
    return rehearsal.play(trial)


def flaws(test: str) -> list[tuple[Flaw, str]]:
    return [(failure.flaw, failure.rule) for failure in judge(play(test))]


def rang(given: str) -> list[str]:
    return [ring.rule for ring in play(f"given: {given}, expect: nothing").rings]


def invented(given: str) -> list[object]:
    rules, trials = load_with_trials({"acme.yaml": written(f"given: {given}, expect: nothing"), "zephyr.yaml": ZEPHYR})
    return [told.item for told in Inventor(rules.brands, "acme").tell(trials[0].trial.given, 0)]


def sightings(given: str) -> list[Sighting]:
    return [item for item in invented(given) if isinstance(item, Sighting)]


# what is invented


def test_mentions_are_evenly_spread_each_in_its_own_slice():
    said = sightings("[120/h for 1h]")
    assert [one.seen_at * 120 // HOUR for one in said] == list(range(120))
    assert len({one.seen_at % (30 * 1_000) for one in said}) > 100


def test_of_any_ten_mentions_the_right_number_is_negative():
    said = sightings("['100 in 1h, 70% negative']")
    assert {sum(one.negativity == 1 for one in said[start : start + 10]) for start in range(91)} == {7}


def test_no_more_authors_write_than_were_named():
    said = sightings("['100 in 1h, 20% negative, by 30 authors']")
    assert len({one.author for one in said}) == 30
    assert len({one.author for one in said if one.negativity}) == 20


def test_parts_follow_each_other_and_those_together_begin_at_once():
    items = invented("[6/h for 1h, {together: [6/h for 1h, {thread: root + 6 replies in 30m}]}, 6/h for 1h]")
    times = [item.seen_at for item in items if isinstance(item, Sighting)]
    assert times == sorted(times)
    assert [sum(at // HOUR == hour for at in times) for hour in range(3)] == [6, 13, 6]


def test_no_two_mentions_have_one_name():
    items = invented("[6/h for 1h, 6/h for 1h, {together: [6/h for 1h, 6/h for 1h]}, {mention: {text: acme}}]")
    names = [item.mention if isinstance(item, Sighting) else getattr(item, "id", "") for item in items]
    assert len(set(names)) == len(names) == 25


def test_reposts_hang_on_the_first_and_say_the_same():
    first, *others = sightings("[5 reposts in 10m]")
    assert {one.thread for one in others} == {first.mention}
    assert {one.copy for one in others} == {first.copy}
    assert all(one.keys == first.keys and one.keys.pairs for one in others)


def test_copies_say_the_same_in_conversations_of_their_own():
    said = sightings("[5 copies in 10m]")
    assert len({one.copy for one in said}) == 1
    assert all(one.is_root for one in said)


def test_a_conversation_is_its_root_and_what_hangs_on_it():
    root, *replies = sightings("[{thread: 'root + 5 quotes in 10m on bluesky'}]")
    assert root.is_root
    assert root.source == "bluesky"
    assert {(one.thread, one.parent, one.kind) for one in replies} == {(root.mention, root.mention, Kind.QUOTE)}


def test_each_negative_mention_is_answered_where_answers_are_asked_for():
    said = sightings("['10 in 1h, 50% negative, answered after 5m']")
    asked = {one.mention: one.seen_at for one in said if one.negativity == 1}
    answers = [one for one in said if one.official]
    assert [one.seen_at for one in said] == sorted(one.seen_at for one in said)
    assert {one.parent: one.seen_at - 5 * MINUTE for one in answers} == asked


def test_a_reply_hangs_on_the_conversation_before_it():
    root, reply = invented("[{mention: {text: acme}}, {mention: {text: indeed, kind: reply}}]")
    assert isinstance(root, Mention)
    assert isinstance(reply, Mention)
    assert reply.thread == reply.parent == root.id


def test_a_gap_is_known_when_it_begins_and_when_it_ends():
    gaps = [item for item in invented("[{gap: 6h}]") if isinstance(item, Gap)]
    assert [(gap.seen_at, gap.since) for gap in gaps] == [(0, 0), (6 * HOUR, 0)]
    assert gaps[1].until == 6 * HOUR < gaps[0].until


# what is played


@pytest.mark.parametrize(
    ("given", "rules"),
    [
        ("[5/h for 1h]", []),
        ("['60/h, 0% negative, for 30m']", ["loud"]),
        ("['60/h, 90% negative, for 15m']", ["bad-buzz", "loud"]),
        ("['20/h, 100% negative, by 3 authors, for 30m']", []),
        ("[{mentions: 3 posts in 5m, text: smoke on an acme plane}]", ["smoke"]),
        ("[{mentions: 3 posts in 5m by 1 author, text: smoke on an acme plane}]", []),
        ("[{mentions: 3 posts in 5m, text: smoke at acme corporation}]", []),
        ("['3 posts in 5m about safety']", ["smoke"]),
        ("[{mention: {text: acme opens a line, by: 'x:@paper'}}]", ["press"]),
        ("['1 post in 1m by 1 author of press']", ["press"]),
        ("[{thread: root + 12 replies in 30m}]", ["talk"]),
        ("[{thread: root + 12 replies in 30m, brand: zephyr}]", []),
        ("[5/h for 1h, nothing for 3h]", ["silence"]),
        ("[5/h for 1h, {gap: 3h}, 5/h for 1h]", []),
        ("['6 in 30m, 100% negative', nothing for 40m]", ["waiting"]),
        ("['6 in 30m, 100% negative, answered after 10m', nothing for 40m]", []),
        ("[{mention: {text: acme lost my bag, negativity: 0.9}}]", []),
    ],
)
def test_what_is_given_rings_what_it_would_live(given, rules):
    assert rang(given) == rules


def test_ordinary_days_make_the_same_hour_unusual_or_not():
    spike = "'60/h, 0% negative, for 15m'"
    assert "odd" in rang(f"[2/h for 2d, {spike}]")
    assert "odd" not in rang(f"[60/h for 8h, {spike}]")


def test_a_campaign_makes_a_busy_hour_ordinary():
    assert "odd" in rang("[4/h for 3d, {mentions: 40/h for 1h}]")
    assert "odd" not in rang("[4/h for 3d, {mentions: 40/h for 1h, campaign: 10x}]")


def test_the_calendar_is_in_force_only_on_a_day_that_is_named():
    busy = "given: [4/h for 3d, 40/h for 1h], expect: nothing"
    calendar = '{campaigns: [{from: "2026-03-02 00:00", until: "2026-03-03 00:00", expect: 10x, why: sale}]}'
    for at, rings in (("", True), ('at: "2026-03-02 12:00", ', False)):
        rehearsal, trial = placed(at + busy, **{"calendar.yaml": calendar})
        assert ("odd" in [ring.rule for ring in rehearsal.play(trial).rings]) == rings


@pytest.mark.parametrize("at", ["2026-03-29 02:30", "2026-03-29 12:00", "2026-10-25 02:30", "2026-10-25 12:00"])
def test_a_test_may_lie_where_the_clock_is_changed(at):
    test = f'at: "{at}", given: [5/h for 1d, "60/h, 90% negative, for 15m"], expect: [{{rule: bad-buzz, within: 16m}}]'
    assert flaws(test + ", others: allowed") == []


def test_two_runs_are_equal_and_no_test_knows_of_the_one_before():
    rehearsal, trial = placed("given: [5/h for 1d, '60/h, 90% negative, for 15m'], expect: nothing")
    first, second = rehearsal.play(trial), rehearsal.play(trial)
    assert (first.rings, first.minutes) == (second.rings, second.minutes)
    assert first.rings


def test_mentions_that_name_no_brand_are_told_of():
    assert play("given: [{mentions: 4 posts in 5m, text: nobody}], expect: nothing").unheard == 4


def test_a_test_that_passes_since_nothing_was_heard_says_so(tmp_path):
    _, out, _ = run(
        tmp_path, acme=written("name: a, given: [{mentions: 4 posts in 5m, text: nobody}], expect: nothing")
    )
    assert "  a (4 mentions name no brand described here)\n" in out


# what fails


ANGRY = "given: [5/h for 2h, '60/h, 90% negative, for 30m']"


@pytest.mark.parametrize(
    ("expect", "failed"),
    [
        ("[{rule: bad-buzz}]", []),
        ("[{rule: bad-buzz, within: 30m, not_before: 5m, severity: critical, notify: console, times: 1}]", []),
        ("[{rule: bad-buzz, within: 5m}]", [(Flaw.LATE, "bad-buzz")]),
        ("[{rule: bad-buzz, not_before: 25m}]", [(Flaw.EARLY, "bad-buzz")]),
        ("[{rule: bad-buzz, severity: warning}]", [(Flaw.SEVERITY, "bad-buzz")]),
        ("[{rule: bad-buzz, notify: room}]", [(Flaw.ROUTE, "bad-buzz")]),
        ("[{rule: bad-buzz, times: 2}]", [(Flaw.TIMES, "bad-buzz")]),
        ("[{rule: bad-buzz}, {rule: loud, times: 0}]", [(Flaw.TIMES, "loud")]),
        ("[{rule: bad-buzz}, {rule: smoke}]", [(Flaw.SILENT, "smoke")]),
        ("nothing", [(Flaw.UNEXPECTED, "bad-buzz"), (Flaw.UNEXPECTED, "loud")]),
    ],
)
def test_what_is_not_as_expected_fails(expect, failed):
    rehearsal, trial = placed(f"{ANGRY}, expect: {expect}", **({"oncall.yaml": ONCALL} if "room" in expect else {}))
    assert [(each.flaw, each.rule) for each in judge(rehearsal.play(trial))] == failed


ONCALL = "routes: {room: {copy: [console]}, oncall: {copy: [console]}}\n"


def test_a_rule_that_rings_for_the_trouble_of_an_expected_one_is_passed_over():
    assert flaws(f"{ANGRY}, expect: [{{rule: bad-buzz}}]") == []  # `loud` rang too


def test_a_rule_more_severe_than_what_is_expected_is_not():
    assert flaws(f"{ANGRY}, expect: [{{rule: loud}}]") == [(Flaw.UNEXPECTED, "bad-buzz")]


def test_a_trouble_of_its_own_is_not_passed_over_unless_others_are_allowed():
    test = "given: [{mention: {text: acme, by: 'x:@paper'}}, nothing for 3h], expect: [{rule: silence}], count_from: 1"
    assert flaws(test) == [(Flaw.UNEXPECTED, "press")]
    assert flaws(f"{test}, others: allowed") == []


def test_an_expected_rule_that_rings_before_the_counted_part_fails():
    test = "given: ['60/h, 90% negative, for 30m', nothing for 1h], expect: [{rule: bad-buzz}]"
    assert (Flaw.SILENT, "bad-buzz") in flaws(test)
    assert (Flaw.UNEXPECTED, "bad-buzz") in flaws(test)
    assert flaws(f"{test}, count_from: 1, others: allowed") == []


def test_a_rule_made_blunter_fails_its_test_and_says_how_near_it_came():
    test = f"{ANGRY}, expect: [{{rule: bad-buzz}}]"
    blunt = written(test).replace("at_least: 10, authors: 8", "at_least: 20, authors: 8")
    rules, trials = load_with_trials({"acme.yaml": blunt})
    rehearsal = Rehearsal(rules)
    played = rehearsal.play(trials[0])
    assert (Flaw.SILENT, "bad-buzz") in [(failure.flaw, failure.rule) for failure in judge(played)]
    near = find_approaches(rehearsal, played, {"bad-buzz": played.end})["bad-buzz"]
    assert [(clause.name, clause.passed, clause.observed) for clause in near.clauses] == [
        ("negativity.at_least", False, 14.0),
        ("negativity.authors", True, 14.0),
    ]
    assert 14 * MINUTE < near.at - played.zero < 30 * MINUTE


@pytest.mark.parametrize(
    ("given", "rule", "nearest"),
    [
        ("[{mentions: 2 posts in 5m, text: smoke at acme}]", "smoke", ("mention.authors", 2.0)),
        ("[{thread: root + 9 replies in 30m}]", "talk", ("thread.mentions", 10.0)),
        ("['2 in 30m, 100% negative', nothing for 1h]", "waiting", ("unanswered.at_least", 2.0)),
        ("[5/h for 1h, nothing for 1h]", "silence", ("quiet.over", pytest.approx(HOUR, rel=0.3))),
    ],
)
def test_of_each_kind_of_rule_it_is_known_how_near_it_came(given, rule, nearest):
    rehearsal, trial = placed(f"given: {given}, count_from: 1, expect: [{{rule: {rule}}}]")
    played = rehearsal.play(trial)
    clauses = find_approaches(rehearsal, played, {rule: played.end})[rule].clauses
    assert nearest in [(clause.name, clause.observed) for clause in clauses]


# what is said


def run(folder: Path, *said: str, lang: str = "en_GB.UTF-8", **files: str) -> tuple[int, str, str]:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    result = CliRunner().invoke(app, ["test", str(folder), *said], env={"LANG": lang, "LC_ALL": "", "LC_MESSAGES": ""})
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.stdout, result.stderr


GOOD = "name: calm, given: [5/h for 1h], expect: nothing"
BAD = "name: angry, given: ['20/h, 100% negative, for 20m'], expect: [{rule: bad-buzz, within: 10m}]"


def test_the_exit_code_is_0_if_all_pass_1_if_one_fails_and_2_if_there_is_nothing_to_say(tmp_path):
    assert run(tmp_path, acme=written(GOOD))[:2] == (
        0,
        f"passed  {tmp_path}/acme.yaml:18  calm\n{tmp_path}: 1 passed, 0 failed\n",
    )
    assert run(tmp_path, acme=written(GOOD, BAD))[0] == 1
    assert run(tmp_path, "-k", "CALM")[0] == 0
    assert run(tmp_path, "-k", "zzz") == (2, "", f"{tmp_path}: no test has `zzz` in its name or file\n")
    assert run(tmp_path, acme=written(GOOD).replace("nothing", "nothin"))[0] == 2
    assert run(tmp_path, acme=ACME.removesuffix("tests:\n"))[0] == 2
    assert run(tmp_path / "nowhere")[0] == 2


def test_one_file_may_be_named(tmp_path):
    run(tmp_path, acme=written(GOOD), zephyr=ZEPHYR + f"tests:\n  - {{{GOOD}}}\n")
    code, out, _ = run(tmp_path / "acme.yaml")
    assert (code, out.count("passed  ")) == (0, 1)


def test_a_failure_shows_what_was_expected_beside_what_happened(tmp_path):
    code, out, _ = run(tmp_path, acme=written(BAD))
    assert code == 1
    assert "bad-buzz did not ring" in out
    assert "✗ bad-buzz rings by Mon 12:10                  |   no rule rang" in out
    assert "✗ negativity.at_least: 5 of 10" in out
    assert "  Mon 12:19  ████" in out


def test_it_is_french_where_the_terminal_is(tmp_path):
    code, out, _ = run(tmp_path, acme=written(BAD), lang="fr_FR.UTF-8")
    assert code == 1
    assert "ÉCHEC" in out
    assert ", d'habitude 0," in out
    assert "bad-buzz n'a pas sonné" in out
    assert "✗ bad-buzz sonne avant lun. 12:10              |   aucune règle n'a sonné" in out


def test_both_languages_have_words_for_every_flaw():
    assert {*WORDS["fr"].flaws} == {*WORDS["en"].flaws} == {flaw.value for flaw in Flaw}


def test_results_are_written_as_junit(tmp_path):
    file = tmp_path / "results.xml"
    code, _, _ = run(tmp_path, "--junit", str(file), acme=written(GOOD.replace("calm", '"bell \\a & <b>"'), BAD))
    root = ET.parse(file).getroot()
    assert code == 1
    assert (root.tag, root.get("tests"), root.get("failures"), root.get("errors")) == ("testsuites", "2", "1", "0")
    suite = root.find("testsuite")
    assert suite is not None
    assert suite.get("name") == "acme.yaml"
    cases = suite.findall("testcase")
    assert [case.get("name") for case in cases] == ["bell \N{REPLACEMENT CHARACTER} & <b>", "angry"]
    assert all(case.get("classname") == "acme.yaml" and float(case.get("time", "")) >= 0 for case in cases)
    failure = cases[1].find("failure")
    assert failure is not None
    assert failure.get("message") == "bad-buzz did not ring"
    assert "negativity.at_least" in (failure.text or "")


def test_results_that_cannot_be_written_are_told_of(tmp_path):
    code, _, err = run(tmp_path, "--junit", str(tmp_path / "nowhere/results.xml"), acme=written(GOOD))
    assert (code, err) == (2, f"{tmp_path}/nowhere/results.xml: cannot be written: No such file or directory\n")


def test_whatever_a_test_is_called_the_xml_can_be_read():
    name = "\x00\x1b[31m ]]> \ud800 \ufffe \u202e \" ' & < > \n\t é\u00a0!"
    case = ET.fromstring(as_junit([Result(name, 1, name, 0.1, name, name)])).find("testsuite/testcase")
    assert case is not None
    assert case.get("name") == "".join(
        "\N{REPLACEMENT CHARACTER}" if char in "\x00\x1b\ud800\ufffe\u202e" else char for char in name
    )


def test_a_terminal_is_not_moved_by_what_a_test_is_called(tmp_path):
    _, out, _ = run(tmp_path, acme=written('name: "a\\e[31mb\\a", given: [5/h for 1h], expect: nothing'))
    assert not {"\x1b", "\a"} & set(out)


def test_the_same_is_said_under_any_hash_seed(tmp_path):
    (tmp_path / "acme.yaml").write_text(written(BAD, f"{ANGRY}, expect: nothing"))
    there = subprocess.run(
        [sys.executable, "-m", "buzzwatch", "test", str(tmp_path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONHASHSEED": "1", "LC_ALL": "C.UTF-8"},
        timeout=60,
        check=False,
    )
    code, here, _ = run(tmp_path, lang="C.UTF-8")
    assert (there.returncode, there.stdout.decode()) == (code, here)
    assert code == 1


def test_the_example_rules_pass_their_own_tests():
    code, out, _ = run(RULES)
    assert code == 0, out
    assert out.count("passed  ") > 20


def test_every_example_rule_has_a_test_that_rings_and_files_have_ones_that_stay_quiet():
    rules, trials = load_with_trials({path.name: path.read_text() for path in RULES.glob("*.yaml")})
    ringing = {(placed.brand, each.rule) for placed in trials for each in placed.trial.expect}
    assert ringing == {(brand.key, rule.name) for brand in rules.brands.values() for rule in brand.rules}
    quiet = [placed.brand for placed in trials if not placed.trial.expect]
    assert all(quiet.count(key) >= 3 for key in rules.brands)


def test_an_example_rule_that_is_blunted_fails(monkeypatch):
    monkeypatch.setenv("LC_ALL", "C")
    files = {path.name: path.read_text() for path in RULES.glob("*.yaml")}
    files["acme.yaml"] = files["acme.yaml"].replace("theme: safety, authors: 3", "theme: safety, authors: 4")
    rules, trials = load_with_trials(files)
    rehearsal = Rehearsal(rules)
    safety = [trial for trial in trials if any(each.rule == "safety" for each in trial.trial.expect)]
    assert [trial.brand for trial in safety if judge(rehearsal.play(trial))] == ["acme"]


def test_slices_do_not_overlap():
    times = [one.seen_at for one in sightings("[1000 in 10m]")]
    assert all(before < after or before == after for before, after in pairwise(times))
