"""Wrong files: where each fault stands, and what it tells to do."""

# ruff: noqa: E501 - an expected fault stays on one line, as it is printed

import pytest

from buzzwatch.rules import when
from buzzwatch.rules.faults import Fault, RuleFaults
from buzzwatch.rules.files import read
from buzzwatch.rules.ruleset import load

HEAD = "brand: acme\nmatch: {any: [acme]}\n"
RULE = HEAD + "rules:\n  - name: one\n    severity: watch\n    "
ONCALL = "people:\n  ines: {name: Inès, reach: {sms: console}}\n"


def faults_of(**files: str) -> list[str]:
    with pytest.raises(RuleFaults) as refused:
        load({f"{name}.yaml": text for name, text in files.items()})
    return [str(fault).split("\n")[0] for fault in refused.value.faults]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "acme.yaml:1:1: expected a mapping (`key: value`), found nothing; write a value, or remove the key"),
        ("acme", "acme.yaml:1:1: expected a mapping (`key: value`), found `acme`; write a mapping (`key: value`)"),
        ("match: {any: [a]}", "acme.yaml:1:1: `brand` is missing; add `brand: acme`"),
        ("brand: acme", "acme.yaml:1:1: `match` is missing; add `match: {any: [acme]}`"),
        (
            "brand: Acme Air\nmatch: {any: [a]}",
            "acme.yaml:1:8: `Acme Air` is not a plain name; write small letters, digits and hyphens, such as `acme-air`",
        ),
        ("brand: 1664\nmatch: {any: [a]}", 'acme.yaml:1:8: expected text, found `1664`; put it in quotes: "1664"'),
        (
            "brand: acme\nmatch: {any: acme}",
            "acme.yaml:2:14: expected a list, found `acme`; put it in brackets: [acme]",
        ),
        (
            "brand: acme\nmatch: {any: []}",
            "acme.yaml:2:14: nothing is written here; write at least one, or remove the key",
        ),
        (
            'brand: acme\nmatch: {any: ["!?"]}',
            "acme.yaml:2:15: `!?` has neither letter nor digit; write a word that posts hold",
        ),
        (HEAD + "timezon: Europe/Paris", "acme.yaml:3:1: unknown key `timezon`; did you mean `timezone`?"),
        (
            HEAD + "zzz: 1",
            (
                "acme.yaml:3:1: unknown key `zzz`; "
                "valid here: brand, name, timezone, language, role, sector, match, official, voices, themes, "
                "crm_link, slow, rules, tests"
            ),
        ),
        (
            HEAD + "timezone: Europe/Pariss",
            "acme.yaml:3:11: `Europe/Pariss` is not a time zone; did you mean `Europe/Paris`?",
        ),
        (
            HEAD + "timezone: ../etc/passwd",
            "acme.yaml:3:11: `../etc/passwd` is not a time zone; did you mean `Europe/Paris`?",
        ),
        (HEAD + "language: de", "acme.yaml:3:11: `de` is not valid here; valid here: fr, en"),
        (HEAD + "role: competitors", "acme.yaml:3:7: `competitors` is not valid here; did you mean `competitor`?"),
        (
            HEAD + 'official: ["@acme"]',
            'acme.yaml:3:12: `@acme` is not an account; write the source and the handle, such as "x:@acme_fr"',
        ),
        (
            HEAD + "themes: {Sécurité: [b]}",
            "acme.yaml:3:10: `Sécurité` is not a plain name; write small letters, digits and hyphens, such as `securite`",
        ),
        (HEAD + "themes: {a: b}", "acme.yaml:3:13: expected a list, found `b`; put it in brackets: [b]"),
        (HEAD + "themes: {a: []}", "acme.yaml:3:13: nothing is written here; write at least one, or remove the key"),
        (
            HEAD + 'themes: {a: ["!?"]}',
            "acme.yaml:3:14: `!?` has neither letter nor digit; write a word that posts hold",
        ),
        (
            HEAD + "voices: {press: [paper]}",
            'acme.yaml:3:18: `paper` is not an account; write the source and the handle, such as "x:@acme_fr"',
        ),
        (
            HEAD + 'voices: {press: ["x:@a", "x:@b"], ours: ["x:@B"]}',
            "acme.yaml:3:9: `x:@b` is in `press` and in `ours`; keep one of them",
        ),
        (HEAD + "layers: []", "acme.yaml:3:1: not yet: `layers` comes with a later release; remove it"),
        (HEAD + "name: a\nname: b", "acme.yaml:4:1: `name` is written twice, first on line 3; keep one of them"),
        (HEAD + "name: !!str b", "acme.yaml:3:7: the tag `!!str` means nothing here; remove it"),
        (
            HEAD + "name: *b",
            "acme.yaml:3:7: the alias `*b` repeats nothing: there is no such anchor before it; write the values out",
        ),
        (
            HEAD + "? [a]\n: b",
            "acme.yaml:3:3: a key must be a word; write `key: value`, and put text with braces in quotes",
        ),
        (HEAD + "---\nbrand: b", "acme.yaml:3:1: a second document begins here; keep one document in a file"),
        (
            HEAD + "name: @acme",
            (
                "acme.yaml:3:7: not valid YAML: while scanning for the next token, found character '@' that cannot start any "
                "token; put text that begins with a sign such as @, % or ` in quotes"
            ),
        ),
        (
            HEAD + "name: a: b",
            (
                "acme.yaml:3:8: not valid YAML: mapping values are not allowed here; "
                "check the indentation, and put text that holds `: ` in quotes"
            ),
        ),
        (
            RULE + "when: {}",
            "acme.yaml:6:11: this asks for nothing; add one of: volume, negativity, thread, mention, quiet, spread, unanswered, all, any, none",
        ),
        (
            RULE + "when: {volume: {over: 1h}}",
            "acme.yaml:6:20: this asks for nothing; add one of: unusual, at_least, times, authors",
        ),
        (
            RULE + "when: {negativty: {at_least: 3}}",
            "acme.yaml:6:12: unknown key `negativty`; did you mean `negativity`?",
        ),
        (RULE + "when: {volume: {at_lest: 3}}", "acme.yaml:6:21: unknown key `at_lest`; did you mean `at_least`?"),
        (
            RULE + "when: {all: [{any: [{volume: {at_lest: 3}}]}]}",
            "acme.yaml:6:35: unknown key `at_lest`; did you mean `at_least`?",
        ),
        (
            RULE + "when: {volume: {at_least: 3, over: 20m}}",
            (
                "acme.yaml:6:40: `20m` is not a window that is watched; "
                "nearest: 15m or 30m (windows: 5m, 15m, 30m, 1h, 3h, 6h, 12h)"
            ),
        ),
        (
            RULE + "when: {volume: {at_least: 3, over: 2d}}",
            "acme.yaml:6:40: `2d` is not a window that is watched; nearest: 12h (windows: 5m, 15m, 30m, 1h, 3h, 6h, 12h)",
        ),
        (
            RULE + "when: {volume: {at_least: 3, over: 15}}",
            "acme.yaml:6:40: `15` is not a length of time; write a number and s, m, h or d, such as 90s or 15m",
        ),
        (
            RULE + "when: {volume: {unusual: false}}",
            "acme.yaml:6:30: `false` asks for nothing here; leave it out, or put the condition under `none`",
        ),
        (RULE + "when: {volume: {unusual: yes}}", "acme.yaml:6:30: expected true or false, found `yes`; write true"),
        (
            RULE + 'when: {volume: {at_least: "10"}}',
            "acme.yaml:6:31: expected a whole number, found `10`; write digits only, without quotes, spaces or units",
        ),
        (RULE + "when: {volume: {at_least: 0}}", "acme.yaml:6:31: `0` is too small; write 1 or more"),
        (RULE + "when: {volume: {times: 3}}", "acme.yaml:6:28: `3` is not a ratio; write 3x"),
        (RULE + "when: {negativity: {share: 0.4}}", "acme.yaml:6:32: `0.4` is not a share; write 40%"),
        (
            RULE + "when: {negativity: {share: 140%}}",
            "acme.yaml:6:32: `140%` is not a share; write 1% to 100%, such as 40%",
        ),
        (RULE + "when: {mention: {negativity: 70}}", "acme.yaml:6:34: `70` is too large; write 1 or less"),
        (RULE + "when: {mention: {kind: pots}}", "acme.yaml:6:28: `pots` is not valid here; did you mean `post`?"),
        (
            RULE + "when: {mention: {theme: fire}}",
            "acme.yaml:6:29: `fire` is not one of `themes`; add `themes: {fire: [word]}` to the file",
        ),
        (
            RULE + "when: {mention: {theme: safty}}\nthemes: {safety: [fire]}",
            "acme.yaml:6:29: `safty` is not one of `themes`; did you mean `safety`?",
        ),
        (
            RULE + "when: {any: [{mention: {theme: [safety, fire]}}]}\nthemes: {safety: [fire]}",
            "acme.yaml:6:45: `fire` is not one of `themes`; valid here: safety",
        ),
        (
            RULE + "when: {mention: {voice: press}}",
            'acme.yaml:6:29: `press` is not one of `voices`; add `voices: {press: ["x:@name"]}` to the file',
        ),
        (
            RULE + 'when: {mention: {voice: presse}}\nvoices: {press: ["x:@a"]}',
            "acme.yaml:6:29: `presse` is not one of `voices`; did you mean `press`?",
        ),
        (
            RULE + "when: {volume: {unusual: true, by: half_space_tree}}",
            "acme.yaml:6:40: `half_space_tree` is not valid here; did you mean `half_space_trees`?",
        ),
        (
            RULE + "when: {volume: {unusual: true, by: prophet}}",
            (
                "acme.yaml:6:40: `prophet` is not valid here; "
                "valid here: buzzwatch, gaussian, half_space_trees, one_class_svm"
            ),
        ),
        (
            RULE + "when: {negativity: {at_least: 5, by: gaussian}}",
            "acme.yaml:6:24: `by` says who judges `unusual`, and `unusual` is missing; add `unusual: true`",
        ),
        (
            RULE + "when: {volume: {by: gaussian, over: 1h}}",
            "acme.yaml:6:20: this asks for nothing; add one of: unusual, at_least, times, authors",
        ),
        (
            RULE + "when: {mention: {kind: post, over: 1h}}",
            "acme.yaml:6:21: `over` says in which time authors are counted, and `authors` is missing; add `authors: 3`",
        ),
        (
            RULE + "when: {thread: {escalating: true, over: 1h}}",
            "acme.yaml:6:39: not yet: `over` comes with a later release; remove it",
        ),
        (
            RULE + "when: {spread: {sources: 1}}",
            "acme.yaml:6:30: `1` is too small; write 2 or more",
        ),
        (
            RULE + "when: {spread: {over: 2h}}",
            "acme.yaml:6:20: `sources` is missing; add `sources: 3`",
        ),
        (
            RULE + "when: {unanswered: {for: 1h}}",
            (
                "acme.yaml:1:1: the rule `one` asks what is `unanswered`, and no account is known to answer; "
                'add `official: ["x:@name"]`'
            ),
        ),
        (
            RULE + "when: {unanswered: {at_least: 3}}",
            "acme.yaml:6:24: `for` is missing; add `for: 1h`",
        ),
        (
            RULE + "when: {unanswered: {for: 3d}}",
            "acme.yaml:6:30: `3d` is too long; write 1m to 2d",
        ),
        (
            RULE + "when: {quiet: {over: 1h}, volume: {at_least: 1}}",
            (
                "acme.yaml:6:11: `quiet` is mixed with other conditions, and a silence has neither mentions nor conversations; "
                "give it a rule of its own"
            ),
        ),
        (
            RULE + "when: {none: [{quiet: {over: 1h}}]}",
            (
                "acme.yaml:6:11: `quiet` is mixed with other conditions, and a silence has neither mentions nor conversations; "
                "give it a rule of its own"
            ),
        ),
        (
            RULE + "when: " + "{all: [" * 9 + "{quiet: {over: 1h}}" + "]}" * 9,
            "acme.yaml:6:11: `all`, `any` and `none` are nested more than 8 deep; write it flatter",
        ),
        (
            RULE + "when: {quiet: {over: 1h}}\n    budget: rarely",
            "acme.yaml:7:13: `rarely` is not a budget of false alarms; write `1 per month`, or per day, week, 2 weeks, 4 weeks",
        ),
        (
            RULE + "when: {quiet: {over: 1h}}\n    says: '{brnd} is down'",
            "acme.yaml:7:11: `{brnd}` is not a placeholder; did you mean `{brand}`?",
        ),
        (
            RULE + "when: {quiet: {over: 1h}}\n    do: ['}']",
            "acme.yaml:7:10: a lone brace; braces hold one of: brand, rule, observed, expected, share, over",
        ),
        (
            RULE + "when: {quiet: {over: 1h}}\n    runbook: javascript:x",
            "acme.yaml:7:14: `javascript:x` is not a web address; write it from https:// on",
        ),
        (
            HEAD + "crm_link: https://crm.example/{handel}",
            "acme.yaml:3:11: `{handel}` is not a placeholder; did you mean `{handle}`?",
        ),
        (
            HEAD + "crm_link: ftp://crm.example/{handle}",
            "acme.yaml:3:11: `ftp://crm.example/{handle}` is not a web address; write it from https:// on",
        ),
        (
            HEAD + "crm_link: https://{handle}/me",
            "acme.yaml:3:11: a placeholder stands in the name of the server; write it after the first slash",
        ),
        (
            HEAD + "crm_link: https://crm.example/}",
            "acme.yaml:3:11: a lone brace; braces hold one of: author_id, handle, source",
        ),
        (
            RULE + "when: {quiet: {over: 1h}}\n    at_night: sleep",
            "acme.yaml:7:15: `sleep` is not valid here; valid here: wake, wait",
        ),
        (
            RULE + "when: {quiet: {over: 1h}}\n  - name: one\n    severity: watch\n    when: {quiet: {over: 1h}}",
            "acme.yaml:7:11: a rule `one` is there already; choose another name",
        ),
        (
            RULE + "when: {quiet: {over: 1h}}\n  - name: two\n    severity:\n    when: {quiet: {over: 1h}}",
            "acme.yaml:8:5: nothing is not valid here; valid here: watch, warning, critical",
        ),
    ],
)
def test_a_wrong_brand_file_is_told_where_and_how_to_mend_it(text, fault):
    found = faults_of(acme=text)
    assert found == [fault]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            'night: {from: "22:00", until: "7:00"}',
            'oncall.yaml:1:31: `7:00` is not a time of day; write it such as "07:00"',
        ),
        (
            'night: {from: "07:00", until: "07:00"}',
            "oncall.yaml:1:8: this night never ends; let `until` differ from `from`",
        ),
        (
            ONCALL + "rota: {comms: {people: [ynes], starts: 2026-11-23, hand_over: monday 09:00}}",
            "oncall.yaml:3:25: `ynes` is not one of `people`; did you mean `ines`?",
        ),
        (
            ONCALL + "rota: {comms: {people: [ines], starts: 2026-02-30, hand_over: monday 09:00}}",
            "oncall.yaml:3:40: `2026-02-30` is in no calendar; check the day",
        ),
        (
            ONCALL + "rota: {comms: {people: [ines], starts: 2026-11-23, hand_over: lundi 09:00}}",
            "oncall.yaml:3:63: `lundi 09:00` is not a time of the week; write it such as monday 09:00",
        ),
        (
            ONCALL + "rota: {comms: {people: [ines], starts: 2026-11-23, hand_over: monday 09:00, ends: 2026-11-23}}",
            "oncall.yaml:3:15: `ends` is not after `starts`; check the two days",
        ),
        (
            ONCALL + "rota: {comms: {people: [ines], hand_over: monday 09:00}}",
            "oncall.yaml:3:15: `starts` is missing; add `starts: 2026-11-23`, or `ical`",
        ),
        (
            ONCALL + "rota: {comms: {ical: x.ics}}",
            (
                "oncall.yaml:3:15: `fallback` is missing: a calendar elsewhere can be out of reach, or end; "
                "add one of `people`"
            ),
        ),
        (
            ONCALL + "rota: {comms: {ical: x.ics, fallback: ynes}}",
            "oncall.yaml:3:39: `ynes` is not one of `people`; did you mean `ines`?",
        ),
        (
            ONCALL + 'rota: {comms: {ical: "ftp://x.example/a.ics", fallback: ines}}',
            (
                "oncall.yaml:3:22: this is not where a calendar can be read; write https://…, ${cred:name}, or the path of a "
                "file"
            ),
        ),
        (
            ONCALL + "rota: {comms: {ical: x.ics, fallback: ines, people: [ines]}}",
            "oncall.yaml:3:15: `people` stands beside `ical`; keep one of them: a calendar says all of it",
        ),
        (
            ONCALL + "rota: {comms: {people: [ines], starts: 2026-11-23, hand_over: monday 09:00, overrides: "
            '[{from: "2026-12-24 18:00", until: "2026-12-24 18:00", person: ines}]}}',
            "oncall.yaml:3:89: `until` is not after `from`; check the two dates",
        ),
        (
            "people: {ines: {name: Inès}}",
            "oncall.yaml:1:16: `reach` is missing; add `reach: {email: ines@acme.example}`",
        ),
        (
            "people: {Inès: {name: I, reach: {a: b}}}",
            "oncall.yaml:1:10: `Inès` is not a plain name; write small letters, digits and hyphens, such as `ines`",
        ),
        (
            ONCALL + "routes: {oncall: {steps: [{after: 0m, tell: ynes}]}}",
            "oncall.yaml:3:45: `ynes` is not one of `people`; did you mean `ines`?",
        ),
        (
            ONCALL + 'routes: {oncall: {steps: [{after: 0m, tell: "next:comms"}]}}',
            "oncall.yaml:3:45: `next:comms` names no rota; remove it",
        ),
        (
            ONCALL + "routes: {oncall: {steps: [{after: 0m, tell: ines, by: [sm]}]}}",
            "oncall.yaml:3:27: `ines` cannot be reached by `sm`; did you mean `sms`?",
        ),
        (
            ONCALL + "routes: {oncall: {steps: [{after: 5m, tell: ines}, {after: 0m, tell: ines}]}}",
            "oncall.yaml:3:18: the steps are not in the order of `after`; put the earliest first",
        ),
        (
            ONCALL + "routes: {oncall: {steps: [{after: 5m, tell: ines}], repeat: 15m}}",
            "oncall.yaml:3:61: `15m` is not a repetition; write `every 15m`",
        ),
        (ONCALL + "routes: {oncall: {}}", "oncall.yaml:3:18: this route leads nowhere; add `steps` or `copy`"),
        (
            ONCALL + "routes: {oncall: {copy: [a], repeat: every 5m}}",
            "oncall.yaml:3:18: `repeat` has no `steps` to repeat; add `steps`, or remove `repeat`",
        ),
        (
            ONCALL + "routes: {oncall: {copy: [a], taken_for: 30s}}",
            "oncall.yaml:3:41: `30s` is too short; write 1m to 30d",
        ),
        (
            ONCALL + "help: [ine]\nroutes: {oncall: {copy: [a]}}",
            "oncall.yaml:3:8: `ine` is not one of `people`; did you mean `ines`?",
        ),
    ],
)
def test_a_wrong_oncall_file_is_told_where_and_how_to_mend_it(text, fault):
    found = faults_of(acme=HEAD, oncall=text)
    assert found == [fault]


def test_every_fault_of_every_file_is_told_at_once():
    found = faults_of(
        acme=HEAD + "zone: a\nrules: [{name: A, when: {quiet: {over: x}}, notify: oncal}, {severity: watch}]",
        beta="brand: beta\nmatch: {any: [",
        oncall="people: []\nroutes: {oncall: {copy: [a]}}",
    )
    assert [line.partition(";")[0] for line in found] == [
        "acme.yaml:3:1: unknown key `zone`",
        "acme.yaml:4:9: `severity` is missing",
        "acme.yaml:4:16: `A` is not a plain name",
        "acme.yaml:4:40: `x` is not a length of time",
        "acme.yaml:4:53: `oncal` is not a route of oncall.yaml",
        "acme.yaml:4:61: `name` is missing",
        "acme.yaml:4:61: `when` is missing",
        "beta.yaml:2:15: not valid YAML: while parsing a flow node, expected the node content, but found '<stream end>'",
        "oncall.yaml:1:9: expected a mapping (`key: value`), found a list",
    ]


def test_a_fault_shows_its_line_with_a_caret_under_the_place():
    with pytest.raises(RuleFaults) as refused:
        load({"acme.yaml": HEAD + "timezon: x"})
    assert str(refused.value).split("\n")[1:] == ["    3 | timezon: x", "      | ^"]


def test_a_long_line_is_cut_around_the_place_and_control_characters_are_shown_as_such():
    fault = Fault("a.yaml", 7, 301, "x" * 300 + "\x1b!" + "y" * 300, "wrong")
    head, line, caret = str(fault).split("\n")
    assert head == "a.yaml:7:301: wrong"
    assert line == "    7 | " + "x" * 50 + "\N{REPLACEMENT CHARACTER}!" + "y" * 48
    assert caret.index("^") == line.index("\N{REPLACEMENT CHARACTER}")


def test_addresses_in_the_oncall_file_are_blotted_out_and_values_of_reach_not_repeated():
    text = 'people: {i: {name: I, reach: {a: "tgram://se/cret", b: "+33 6 12 34 56 78", c: 0612345678}, x: 1}}'
    with pytest.raises(RuleFaults) as refused:
        load({"acme.yaml": HEAD, "oncall.yaml": text})
    said = str(refused.value)
    assert "unknown key `x`" in said
    assert "expected text, found this" in said
    assert not any(secret in said for secret in ("cret", "12 34", "0612345678"))


def test_two_files_of_one_brand_are_a_fault_of_the_second():
    assert faults_of(acme=HEAD, other=HEAD) == [
        "other.yaml:1:8: the brand `acme` is described in acme.yaml already; choose another key"
    ]


def test_a_directory_without_a_brand_is_a_fault():
    assert faults_of() == ["*.yaml: no brand is described here; add a file that begins with `brand: …`"]
    assert faults_of(oncall="people: {}") == faults_of()


def test_files_that_cannot_be_read_are_faults(tmp_path):
    (tmp_path / "acme.yaml").write_text(HEAD)
    (tmp_path / "notes.txt").write_bytes(b"\xff")
    (tmp_path / "bytes.yaml").write_bytes(b"brand: x\nname: caf\xe9\n")
    (tmp_path / "dir.yaml").mkdir()
    (tmp_path / "gone.yml").symlink_to(tmp_path / "nowhere")
    (tmp_path / "large.yaml").write_bytes(b"#" * 1_000_001)
    with pytest.raises(RuleFaults) as refused:
        read(tmp_path)
    assert [str(fault) for fault in refused.value.faults] == [
        "bytes.yaml:2:10: not UTF-8 text (byte 0xe9); save the file as UTF-8",
        "dir.yaml: not a regular file; move it out of the way",
        "gone.yml: cannot be read: No such file or directory; check its path and permissions",
        "large.yaml: larger than 1,000,000 bytes; split it",
    ]


def test_a_directory_that_is_not_there_is_a_fault(tmp_path):
    with pytest.raises(RuleFaults, match="cannot be read: No such file or directory; check `rules` in buzzwatch"):
        read(tmp_path / "none")


@pytest.mark.parametrize("comparator", ["gaussian", "half_space_trees", "one_class_svm"])
def test_a_comparator_that_is_not_installed_is_a_fault_that_says_what_to_install(comparator, monkeypatch):
    monkeypatch.setattr(when, "find_spec", lambda name: None if name == "river" else name)
    assert faults_of(acme=RULE + f"when: {{volume: {{unusual: true, by: {comparator}}}}}") == [
        f'acme.yaml:6:40: `{comparator}` needs river, which is not installed; pip install "buzzwatch[river]"'
    ]
    load({"acme.yaml": RULE + "when: {volume: {unusual: true, by: buzzwatch}}"})
