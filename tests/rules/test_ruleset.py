"""Rule sets, compiled from right files."""

from pathlib import Path

import pytest

from buzzwatch.app.rulebook import compile_rules
from buzzwatch.model.brand import Match, Person, Route, Step
from buzzwatch.model.incident import Severity
from buzzwatch.model.instant import MINUTE
from buzzwatch.rules.changes import changes
from buzzwatch.rules.files import read
from buzzwatch.rules.ruleset import check_channels, dead_ends, load
from buzzwatch.rules.text import parse

EXAMPLES = Path(__file__).parents[2] / "rules"
ALONE = """
brand: acme
match: {any: [acme]}
rules:
  - {name: page, severity: critical, when: {negativity: {unusual: true}}, notify: anybody}
  - {name: line, severity: watch, when: {volume: {unusual: true}}, budget: 3 per 2 weeks}
"""
ONCALL = """
people:
  ines: {name: Inès, language: fr, reach: {push: "${cred:push}", email: ines@acme.example}}
routes:
  oncall:
    steps: [{after: 0m, tell: ines}, {after: 5m, tell: ines, by: [email]}]
    copy: [slack]
  room: {copy: [slack], language: fr}
"""


def test_one_brand_file_alone_is_a_rule_set_that_goes_to_the_console():
    ruleset = load({"acme.yaml": ALONE})
    acme = ruleset.brands["acme"]
    assert (acme.name, acme.timezone, acme.language, acme.competitor) == ("acme", "UTC", "en", False)
    assert acme.match == Match(("acme",))
    assert [rule.notify for rule in acme.rules] == ["console", "console"]
    assert ruleset.routes == {"console": Route("console", copy=("console",))}
    assert ruleset.people == {}
    assert dead_ends(ruleset, []) == []


def test_budgets_are_false_alarms_a_day_with_defaults_by_severity():
    page, line = load({"acme.yaml": ALONE}).brands["acme"].rules
    assert (page.severity, page.rate) == (Severity.CRITICAL, 1 / 30)
    assert (line.severity, line.rate) == (Severity.WATCH, 3 / 14)


def test_a_rule_that_says_nothing_says_what_it_watches_in_the_language_of_the_brand():
    french = ALONE.replace("match", "language: fr\nmatch", 1)
    said = [[rule.says for rule in load({"a.yaml": text}).brands["acme"].rules] for text in (ALONE, french)]
    assert said == [
        ["More angry posts than usual", "More posts than usual"],
        ["Plus de messages en colère que d'habitude", "Plus de messages que d'habitude"],
    ]


def test_people_and_routes_are_compiled_with_their_defaults():
    ruleset = load({"acme.yaml": ALONE.replace(", notify: anybody", ""), "oncall.yaml": ONCALL})
    assert ruleset.people == {
        "ines": Person("ines", "Inès", "fr", {"push": "${cred:push}", "email": "ines@acme.example"})
    }
    assert ruleset.routes["oncall"] == Route(
        "oncall",
        steps=(Step(0, "ines", ("push", "email")), Step(5 * MINUTE, "ines", ("email",))),
        repeat=15 * MINUTE,
        copy=("slack",),
    )
    assert ruleset.routes["room"] == Route("room", copy=("slack",), language="fr")
    assert [rule.notify for rule in ruleset.brands["acme"].rules] == ["oncall", "oncall"]


def test_a_copy_to_an_unknown_channel_is_a_fault_with_its_place():
    files = {"acme.yaml": ALONE, "oncall.yaml": ONCALL}
    assert check_channels(files, ["slack"]) == []
    heads = [str(fault).split("\n")[0] for fault in check_channels(files, ["slack-crise"])]
    assert heads == [
        f"oncall.yaml:{place}: `slack` is not a channel of buzzwatch.yaml; did you mean `slack-crise`?"
        for place in ("7:12", "8:17")
    ]


def test_a_critical_rule_whose_route_reaches_nobody_is_a_dead_end():
    files = {"acme.yaml": ALONE.replace("anybody", "room"), "oncall.yaml": ONCALL}
    assert dead_ends(load(files), ["slack"]) == []
    assert [str(line) for line in dead_ends(load(files), [])] == [
        "acme: the critical rule `page` reaches nobody by the route `room`"
    ]


def test_the_digest_names_the_content_and_nothing_else():
    one = load({"a.yaml": ALONE, "oncall.yaml": ONCALL.replace("room", "anybody")})
    assert one.digest == load({"oncall.yaml": ONCALL.replace("room", "anybody"), "a.yaml": ALONE}).digest
    assert one.digest != load({"b.yaml": ALONE, "oncall.yaml": ONCALL.replace("room", "anybody")}).digest
    assert len(one.digest) == 16


def test_changes_are_told_one_by_one():
    old = compile_rules({"acme.yaml": ALONE})
    assert changes(old, compile_rules({"acme.yaml": ALONE + "# a comment\n"}))["en"] == ()
    edited = ALONE.replace("3 per 2 weeks", "1 per week").replace("name: page", "name: wake").replace("anybody", "room")
    assert changes(old, compile_rules({"acme.yaml": edited, "oncall.yaml": ONCALL}))["en"] == (
        "acme: rule `line`: `budget` 3 per 2 weeks → 1 per week",
        "acme: rule `page` removed",
        "acme: rule `wake` added",
        "person `ines` added",
        "route `oncall` added",
        "route `room` added",
    )


def test_words_are_words_and_times_are_text():
    written = "a: no\nb: 22:00\nc: 2026-11-23\nd: 0x1F\ne: on\nf: ~\ng: 1_000\nh: 1.5\ni: 'true'\nj: 12\nk: .inf\n"
    assert parse("a.yaml", written).value == {
        "a": "no", "b": "22:00", "c": "2026-11-23", "d": "0x1F", "e": "on", "f": None,
        "g": "1_000", "h": 1.5, "i": "true", "j": 12, "k": ".inf",
    }  # fmt: skip


def test_an_alias_repeats_what_its_anchor_names():
    files = {"a.yaml": "brand: acme\nmatch: {any: &names [acme], near: *names}"}
    assert load(files).brands["acme"].match == Match(("acme",), (), ("acme",))


def test_the_examples_are_valid_and_reach_somebody_on_the_console():
    ruleset = load(read(EXAMPLES))
    assert list(ruleset.brands) == ["acme", "zephyr"]
    assert check_channels(read(EXAMPLES), []) == []
    assert dead_ends(ruleset, []) == []
    assert {brand.language for brand in ruleset.brands.values()} == {"fr", "en"}


@pytest.mark.parametrize("file", ["acme.yaml", "zephyr.yaml", "oncall.yaml"])
def test_an_example_begins_with_the_line_that_editors_complete_from(file):
    assert (EXAMPLES / file).read_text().startswith("# yaml-language-server: $schema=buzzwatch.schema.json\n")
