"""What an edit changed, in the names that people write, and nothing that is private."""

import pytest

from buzzwatch.app.rulebook import compile_rules
from buzzwatch.rules.changes import changes
from buzzwatch.rules.edits import edits

ACME = """
brand: acme
match: {any: [acme, "acme air"]}
rules:
  - name: bad-buzz
    when: {negativity: {unusual: true, over: 15m, at_least: 10}}
    severity: critical
    notify: oncall
  - {name: loud, when: {volume: {over: 5m, at_least: 3}}, severity: watch}
"""
ONCALL = """
people:
  ines: {name: Inès, reach: {push: "pover://secret@key", email: ines@acme.example}}
  karim:
    name: Karim
    reach:
      push: |-
        json://several.example/lines
      sms: "+33612345678"   # before: twilio://token@secret
routes:
  oncall: {steps: [{after: 0m, tell: ines}, {after: 5m, tell: karim}]}
  crisis-room: {copy: [console]}
"""


def told(brand=ACME, oncall=ONCALL, language="en", **files):
    old = compile_rules({"acme.yaml": ACME, "oncall.yaml": ONCALL})
    return [*changes(old, compile_rules({"acme.yaml": brand, "oncall.yaml": oncall} | files))[language]]


def test_a_rule_is_told_field_by_field():
    edited = ACME.replace("at_least: 10", "at_least: 8").replace("notify: oncall", "notify: crisis-room")
    assert told(edited) == ["acme: rule `bad-buzz`: `negativity.at_least` 10 → 8, `notify` oncall → crisis-room"]


def test_what_is_added_and_removed_is_told_in_french_too():
    edited = ACME.replace("name: loud", "name: louder").replace('"acme air"', '"acme jet"')
    edited = edited.replace("    severity: critical\n", "    severity: critical\n    budget: 1 per week\n")
    assert told(edited, language="fr") == [
        "acme: `match.any` +acme jet −acme air",
        "acme: règle `bad-buzz`: `budget` rien → 1 per week",
        "acme: règle `loud` supprimée",
        "acme: règle `louder` ajoutée",
    ]


def test_a_new_brand_is_one_line_and_a_moved_file_none():
    zephyr = {"zephyr.yaml": "brand: zephyr\nmatch: {any: [zephyr]}\n"}
    assert told(**zephyr) == ["brand `zephyr` added"]
    old = compile_rules({"acme.yaml": ACME})
    assert changes(old, compile_rules({"a.yaml": ACME + "# moved\n"}))["en"] == ()


def test_steps_of_a_route_are_told_by_their_place():
    assert told(oncall=ONCALL.replace("after: 5m, tell: karim", "after: 7m, tell: ines")) == [
        "route `oncall`: `steps.2.after` 5m → 7m, `steps.2.tell` karim → ines"
    ]
    assert told(oncall=ONCALL.replace(", {after: 5m, tell: karim}", "")) == ["route `oncall`: `steps` 2 → 1 entries"]


SECRETS = ("pover", "secret", "key@", "ines@", "several", "336", "twilio", "token")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("pover://secret@key", "pover://secret@key2"),
        ("several.example/lines", "several.example/secret"),
        ("+33612345678", "+33612345679"),
        ("before: twilio", "once: twilio"),
    ],
)
def test_an_address_is_said_to_have_changed_and_never_said(before, after):
    lines = told(oncall=ONCALL.replace(before, after))
    assert not any(secret in line for line in lines for secret in SECRETS)
    assert lines == [] or "changed" in lines[0]
    for old, new in ((ONCALL, ONCALL.replace(before, after)), ("", ONCALL), (ONCALL, "{broken: [" + ONCALL)):
        (edit,) = edits({"oncall.yaml": old}, {"oncall.yaml": new})
        assert edit.added
        assert not any(secret in line for line in edit.lines for secret in SECRETS)


def test_a_diff_shows_lines_around_what_differs_and_counts_them():
    (edit,) = edits({"acme.yaml": ACME}, {"acme.yaml": ACME.replace("at_least: 10", "at_least: 8") + "# \x1b[2J\n"})
    assert (edit.added, edit.removed) == (2, 1)
    assert edit.lines[0] == "@@ -3,9 +3,10 @@" or edit.lines[0].startswith("@@ -")
    assert [line[0] for line in edit.lines].count("+") == 2
    assert "\x1b" not in "".join(edit.lines)


def test_a_file_that_came_and_one_that_went_are_whole():
    came, went = edits({"b.yaml": "x: 1\n"}, {"a.yaml": "y: 1\nz: 2\n"})
    assert (came.lines, came.added, came.removed) == (("@@ -1,0 +1,2 @@", "+y: 1", "+z: 2"), 2, 0)
    assert (went.lines, went.added, went.removed) == (("@@ -1,1 +1,0 @@", "-x: 1"), 0, 1)


def test_a_value_shows_no_control_characters_and_is_cut():
    edited = ACME.replace("brand: acme\n", 'brand: acme\nname: "\\e[2J' + "x" * 200 + '"\n')
    (line,) = told(edited)
    assert "\x1b" not in line
    assert len(line) < 100
