"""What is legal in rule files and surely not meant is told with its place, in both languages, and refuses nothing."""

# ruff: noqa: E501 - a file and what is said of it stand together

import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from buzzwatch.app.unwise import renamed, unwise
from buzzwatch.cli import app
from buzzwatch.rules.ruleset import load, understand

HEAD = "brand: acme\nmatch: {any: [acme]}\n"
RULE = HEAD + "rules:\n  - name: one\n    severity: warning\n    "
LOUD = "when: {volume: {unusual: true, over: 1h}}\n"
OTHER = "  - {name: two, severity: warning, when: {mention: {negativity: 0.5}}}\n"
ONCALL = """people:
  ines: {name: Inès, reach: {sms: console}}
  karim: {name: Karim, reach: {sms: console}}
rota: {comms: {people: [ines, karim], starts: 2026-11-23, hand_over: monday 09:00}}
routes: {oncall: {steps: [{after: 0m, tell: "rota:comms"}]}}
"""


def found(language: str = "en", **files: str) -> list[str]:
    return [
        fault.head(language) for fault in unwise(understand({f"{name}.yaml": text for name, text in files.items()}))
    ]


@pytest.mark.parametrize(
    ("text", "english", "french"),
    [
        (RULE.replace("[acme]", "[Orange]") + LOUD, "2:15: `Orange` is also an everyday word: posts", "un mot courant"),
        (RULE.replace("[acme]", "[acme, la poste]") + LOUD, "2:21: `la poste` is also an everyday", "un mot courant"),
        (HEAD, "1:1: the brand `acme` has no rule: nobody is ever told", "n'a aucune règle"),
        (RULE + LOUD + 'official: ["x:@a", "x:@b"]\nvoices: {ours: ["x:@B"]}\n',
            "7:20: `x:@b` is in `official`, and in `voices` under `ours`", "est dans `official`, et dans `voices`"),
        (RULE + LOUD + "crm_link: https://crm.example/{source}\n", "7:11: this leads to the same page", "la même page"),
        (RULE + LOUD + "crm_link: http://crm.example/{handle}\n", "7:11: this address is read in the clear", "en clair"),
        (RULE + LOUD + "    runbook: http://wiki.example/x\n", "7:14: this address is read in the clear", "en clair"),
        (RULE + "when: {mention: {negativity: 0.7}}\n    budget: 1 per week\n",
            "7:5: `budget` has no effect", "`budget` est sans effet"),
        (RULE.replace("warning", "watch") + LOUD + "    at_night: wake\n", "7:5: `at_night` has no effect", "sans effet"),
        ("role: competitor\n" + RULE.replace("warning", "critical") + LOUD,
            "6:15: a competitor never pages anybody", "ne fait appeler personne"),
        (RULE + "when: {mention: {followers: 900000000}}\n", "6:33: no account has so many followers", "autant d'abonnés"),
        (RULE + "when: {mention: {negativity: 1}}\n", "6:34: no mention is so surely negative", "sûrement négatif"),
        (RULE + "when: {mention: {kind: post, authors: 1001}}\n", "6:43: at most 1,000 authors", "au plus 1,000 auteurs"),
        (RULE + 'when: {mention: {voice: press, authors: 3}}\nvoices: {press: ["x:@a", "x:@b"]}\n',
            "6:45: these voices have 2 accounts only", "que 2 comptes"),
        (RULE + "when: {volume: {at_least: 5000000, over: 1h}}\n", "6:31: no brand gets so many in 1h", "autant en 1h"),
        (RULE + "when: {volume: {at_least: 5, authors: 500000, over: 5m}}\n", "6:43: no brand gets so many in 5m", "en 5m"),
        (RULE + "when: {negativity: {share: 100%, at_least: 5}}\n", "6:32: a share of 100% is never", "jamais atteinte"),
        (RULE + "when: {thread: {negative_share: 100%}}\n", "6:37: a share of 100% is never reached", "jamais atteinte"),
        (RULE + 'when: {unanswered: {for: 1h, at_least: 1001}}\nofficial: ["x:@a"]\n',
            "6:44: at most 1,000 complaints", "1,000 plaintes"),
        (RULE + "when: {all: [{volume: {at_least: 50}}], none: [{volume: {at_least: 30}}]}\n",
            "6:52: this holds whenever what stands beside it does", "n'est jamais vrai"),
        (RULE + "when: {volume: {at_least: 50}, none: [{volume: {at_least: 50}}]}\n",
            "6:43: this holds whenever what stands", "n'est jamais vrai"),
        (RULE + "when: {any: [{volume: {at_least: 50}}, {volume: {at_least: 30}}]}\n",
            "6:18: this adds nothing: line 6 holds whenever", "n'ajoute rien"),
        (RULE + "when: {any: [{quiet: {over: 6h}}, {quiet: {over: 6h}}]}\n", "6:39: this adds nothing", "n'ajoute rien"),
        (RULE + LOUD + "  - {name: two, severity: warning, when: {volume: {unusual: true, over: 1h}}}\n",
            "7:42: the rule `two` asks for the same as `one`", "la même chose que `one`"),
        (RULE.replace("one", "big-voice") + LOUD + OTHER.replace("two", "big_voice"),
            "7:12: `big_voice` and `big-voice` are told apart by a stroke only", "seul un tiret"),
        (RULE + LOUD + "  - {name: two, severity: watch, when: {volume: {unusual: true, over: 1h, at_least: 9}}}\n",
            "7:40: whenever `two` rings, `one` rings too", "`two` n'ajoute rien"),
    ],
)  # fmt: skip
def test_what_is_unwise_in_a_brand_file_is_told_at_its_place(text, english, french):
    (told,) = found(acme=text)
    assert told.startswith(f"acme.yaml:{english}")
    assert french in found("fr", acme=text)[0]


@pytest.mark.parametrize(
    "text",
    [
        RULE + LOUD + OTHER,
        RULE.replace("[acme]", "[Orange], near: [forfait]") + LOUD,
        RULE.replace("[acme]", "[orange telecom, '@orange']") + LOUD,
        "role: competitor\n" + HEAD,
        RULE + "when: {thread: {escalating: true}}\n    budget: 1 per month\n",
        RULE + "when: {volume: {at_least: 50}, none: [{volume: {at_least: 80}}]}\n",
        RULE + "when: {volume: {at_least: 50}, none: [{volume: {at_least: 30, over: 5m}}]}\n",
        RULE + "when: {any: [{volume: {at_least: 50, over: 5m}}, {volume: {at_least: 80, over: 1h}}]}\n",
        RULE + LOUD + "  - {name: two, severity: critical, when: {volume: {unusual: true, over: 1h, at_least: 9}}}\n",
        RULE + LOUD + "  - {name: two, severity: watch, notify: console, when: {volume: {unusual: true, over: 1h, at_least: 9}}}\n",
        RULE + LOUD + "    budget: 1 per day\n  - {name: two, severity: warning, when: {volume: {unusual: true, over: 1h}}}\n",
        RULE + "when: {mention: {kind: post, authors: 3}}\n  - {name: two, severity: watch, when: {mention: {kind: post, "
        "followers: 9, authors: 3}}}\n",
    ],
)  # fmt: skip
def test_what_may_be_meant_is_not_spoken_of(text):
    assert found(acme=text) == []


def test_a_name_of_two_brands_is_told_unless_both_say_what_stands_near():
    mine, other = RULE + LOUD, (RULE + LOUD).replace("brand: acme", "brand: beta").replace("[acme]", "[beta, ACMÉ]")
    told = (
        "beta.yaml:2:21: `ACMÉ` is a name of `acme` too, in acme.yaml: its posts count for both; "
        "keep it in one of them, or add `near` to both"
    )
    assert found(acme=mine, beta=other) == [told]
    near = [text.replace("]}", "], near: [air]}", 1) for text in (mine, other)]
    assert found(acme=near[0], beta=near[1]) == []


def test_who_and_what_nobody_uses_in_the_oncall_file_is_told():
    idle = ONCALL.replace("  karim", "  sophie: {name: Sophie, reach: {sms: console}}\n  karim").replace(
        "rota: {", "rota: {press: {people: [ines], starts: 2026-11-23, hand_over: monday 09:00}, "
    )
    idle = idle.replace("routes: {", "routes: {crisis-room: {copy: [console]}, ops: {copy: [console]}, ")
    assert [line.partition(";")[0] for line in found(acme=RULE + LOUD, oncall=idle)] == [
        "oncall.yaml:3:3: no route, rota or `help` names `sophie`, who is never told anything",
        "oncall.yaml:5:8: no route tells the rota `press`",
        "oncall.yaml:6:10: no rule notifies the route `crisis-room`",
    ]
    used = RULE.replace("severity", "notify: crisis-room\n    severity") + LOUD
    assert len(found(acme=used, oncall=idle)) == 2
    assert len(found(acme=RULE + LOUD + "slow: {notify: crisis-room}\n", oncall=idle)) == 2
    assert len(found(acme=used, oncall=idle + "help: [sophie]\n")) == 1
    assert found(acme=RULE + LOUD, oncall=ONCALL) == []


def test_a_rule_under_another_name_is_told_and_what_begins_anew_with_it():
    before = load({"acme.yaml": RULE + LOUD + OTHER})
    after = (RULE + LOUD + OTHER).replace("one", "bad-buzz")
    (told,) = renamed(understand({"acme.yaml": after}), before)
    assert told.head("en").startswith("acme.yaml:4:11: the rule `one` is now `bad-buzz`: its record and the authors")
    assert "la règle `one` s'appelle maintenant `bad-buzz`" in told.head("fr")
    assert renamed(understand({"acme.yaml": RULE + LOUD + OTHER}), before) == []
    assert (
        renamed(understand({"acme.yaml": RULE + LOUD + OTHER.replace("0.5", "0.6").replace("two", "three")}), before)
        == []
    )
    assert renamed(understand({"acme.yaml": RULE + LOUD}), before) == []
    assert renamed(understand({"other.yaml": after.replace("brand: acme", "brand: other")}), before) == []


def test_check_tells_of_them_as_warnings_and_refuses_nothing(tmp_path: Path, monkeypatch):
    (tmp_path / "acme.yaml").write_text(RULE.replace("[acme]", "[orange]") + LOUD)
    for language, word in (("fr_FR.UTF-8", "attention : "), ("C", "warning: ")):
        monkeypatch.setenv("LC_ALL", language)
        told = CliRunner().invoke(app, ["check", str(tmp_path)])
        assert told.exit_code == 0
        assert told.stderr.startswith(f"acme.yaml:2:15: {word}`orange`")
        assert told.stderr.endswith("    2 | match: {any: [orange]}\n      |               ^\n")
    monkeypatch.setenv("LC_ALL", "fr_FR.UTF-8")
    last = CliRunner().invoke(app, ["check", str(tmp_path)]).stdout.splitlines()[-1]
    assert last == f"{tmp_path} : 1 marque, 1 règle, 0 erreur"


async def test_check_compares_with_the_rules_last_in_force_where_the_state_can_be_read(daemon, monkeypatch):
    monkeypatch.setenv("LC_ALL", "C")
    folder = daemon.config.rules
    path = folder / "acme.yaml"
    path.write_text(path.read_text().replace("name: one", "name: renamed"))
    said = ["check", "--config", str(folder.parent / "buzzwatch.yaml")]
    assert "the rule `one` is now `renamed`" in CliRunner().invoke(app, said).stderr
    (folder.parent / "state").chmod(0o700)
    monkeypatch.setattr(sqlite3, "connect", refuse)
    assert "is now" not in CliRunner().invoke(app, said).stderr


def refuse(*_args, **_kwargs):
    raise sqlite3.OperationalError("unable to open database file")


RULES = RULE + LOUD
