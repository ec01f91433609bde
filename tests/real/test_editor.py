"""What comms staff see in an editor, by the language server that editors run, with no network."""

import json
import re
from pathlib import Path

import pytest
from language_server import SETTINGS, LanguageServer

from buzzwatch.app.config import Config
from buzzwatch.rules.editor import SNIPPETS, rules_schema, schema_of
from buzzwatch.rules.ruleset import load

ROOT = Path(__file__).parents[2]
RULES = ROOT / "rules"
RULES_LINE = "# yaml-language-server: $schema=buzzwatch.schema.json\n"
DAEMON_LINE = "# yaml-language-server: $schema=daemon.schema.json\n"
BRAND = RULES_LINE + "brand: acme\nmatch: {any: [acme]}\n"
RULE = BRAND + "rules:\n  - name: one\n    severity: watch\n    "
ONCALL = RULES_LINE + "people:\n  ines: {name: Inès, reach: {sms: console}}\n"
CALENDAR = RULES_LINE + 'campaigns:\n  - {from: "2026-12-01 09:00", until: "2026-12-03 23:00", why: Soldes, '
SOURCES = DAEMON_LINE + "sources: {push: {http: {}}}\n"


@pytest.fixture(scope="module")
def server():
    """Listening as an editor sets it up."""
    server = LanguageServer()
    yield server
    server.close()


def page(name: str, info: str) -> list[str]:
    """The examples of a page of docs."""
    return re.findall(rf"^```{info}\n(.*?)^```$", (ROOT / "docs" / name).read_text("utf-8"), re.MULTILINE | re.DOTALL)


def test_nothing_is_underlined_in_the_files_that_are_shipped_nor_in_the_examples_of_the_pages(server):
    shipped = {path.name: path.read_text("utf-8") for path in RULES.glob("*.yaml")}
    assert all(text.startswith(RULES_LINE) for text in shipped.values())
    whole = [text for text in page("rules.md", "yaml") if text.strip()]
    assert server.diagnose(RULES, *shipped.values(), *(RULES_LINE + text for text in whole)) == [[]] * (
        len(shipped) + len(whole)
    )
    daemon = (ROOT / "buzzwatch.yaml").read_text("utf-8")
    assert daemon.startswith(DAEMON_LINE)
    told = page("configuration.md", "yaml")
    assert server.diagnose(ROOT, daemon, *(DAEMON_LINE + text for text in told)) == [[]] * (1 + len(told))


RULE_FILES = {
    BRAND + "timezon: Europe/Paris": ["4:1: Property timezon is not allowed."],
    BRAND + "people: {}": ["4:1: Property people is not allowed."],
    BRAND + "name:\n": ['4:6: Incorrect type. Expected "string".'],
    BRAND + "themes: {Sécurité: [a]}": ["4:10: Write small letters, digits and hyphens, such as bad-buzz."],
    BRAND + "official: [acme]": ['4:12: Write the source and the handle, such as "x:@acme_fr".'],
    BRAND + "slow: off": [],
    BRAND + "slow: {budgett: 1 per week}": ["4:8: Property budgett is not allowed."],
    RULES_LINE + "brand: acme": ['2:1: Missing property "match".'],
    RULES_LINE + "match: {any: [acme]}": ['2:1: Missing property "brand".'],
    RULES_LINE + "routs: {}": ["2:1: Property routs is not allowed."],
    RULE + "when: {negativty: {unusual: true}}": ["7:12: Property negativty is not allowed."],
    RULE + "when: {volume: {over: 20m}}": [
        '7:27: Value is not accepted. Valid values: "5m", "15m", "30m", "1h", "3h", "6h", "12h".'
    ],
    RULE + "when: {quiet: {over: 12 hours}}": ["7:26: Write a number and s, m, h or d, such as 1d."],
    RULE + "when: {negativity: {share: 0.4}}": ['7:32: Incorrect type. Expected "string".'],
    RULE + "when: {quiet: {over: 12h}}\n    budget: once": [
        "8:13: Write a number per day, week or month, such as 1 per month or 1 per 2 weeks."
    ],
    RULE + "when: {mention: {voice: press, theme: [safety, boycott], kind: review}}": [],
    RULE + "when: {quiet: {over: 12h}}\n    at_night: no": [
        '8:15: Value is not accepted. Valid values: "wake", "wait".'
    ],
    ONCALL + "night: {from: 22:00, until: 7h}": ["4:29: Write a time of day, such as 07:00."],
    ONCALL + "routes: {oncall: {copy: console}}": ['4:25: Incorrect type. Expected "array".'],
    ONCALL + "routes: {oncall: {copy: [console], repeat: 15m}}": [
        "4:44: Write `every` and a length of time, such as every 15m."
    ],
    ONCALL + "brnad: acme": ["4:1: Property brnad is not allowed."],
    CALENDAR + "expect: 5x, brand: acme}": [],
    CALENDAR + "expect: 500%}": ["3:80: Write 0.05x to 50x, such as 5x."],
}
DAEMON_FILES = {
    DAEMON_LINE + "rules: rules": ['2:1: Missing property "sources".'],
    SOURCES + "channels: {a: console, b: {slack: {token: x}}}": ['3:28: Missing property "channel".'],
    SOURCES + 'heartbeat: {url: "${cred:beat}", every: 1 minute}': [
        "3:41: Write a number and s, m, h or d, such as 1d."
    ],
    SOURCES + "webb: {}": ["3:1: Property webb is not allowed."],
}


@pytest.mark.parametrize(("folder", "cases"), [(RULES, RULE_FILES), (ROOT, DAEMON_FILES)], ids=["rules", "daemon"])
def test_a_mistake_is_underlined_where_it_is_and_a_right_file_nowhere(server, folder, cases):
    assert dict(zip(cases, server.diagnose(folder, *cases), strict=True)) == cases


@pytest.mark.parametrize(
    ("text", "offered", "not_offered"),
    [
        (RULES_LINE + "|", {"brand", "people", "routes", "campaigns"}, {"sources"}),
        (RULES_LINE + "brand: acme\n|", {"match", "rules", "themes"}, {"people", "campaigns", "brand"}),
        (ONCALL + "|", {"rota", "routes", "digest"}, {"brand", "rules", "campaigns", "people"}),
        (RULES_LINE + "campaigns:\n  - |", {"from", "until", "expect", "why", "brand"}, {"rules"}),
        (RULE + "|", {"when", "budget", "notify", "do"}, {"name", "severity"}),
        (RULE + "when:\n      |", {"negativity", "mention", "any"}, {"budget"}),
        (RULE + "when:\n      negativity:\n        |", {"unusual", "share", "at_least"}, {"theme"}),
        (RULE + "when: {neg|}", {"negativity"}, {"budget"}),
        (ONCALL + "routes:\n  oncall:\n    steps:\n      - |", {"after", "tell", "by"}, {"copy"}),
    ],
)
def test_the_keys_that_may_stand_there_are_offered_each_with_a_sentence(server, text, offered, not_offered):
    found = server.complete(RULES, text)
    assert offered <= set(found)
    assert not not_offered & set(found)
    assert [key for key in offered if not str(found[key].get("documentation", "")).strip()] == []


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        (RULE + "budget: |", {"1 per month", "1 per 2 weeks"}),
        (RULE + "when: {volume: {over: |}}", {"5m", "12h"}),
        (BRAND + "timezone: |", {"Europe/Paris", "America/Montreal"}),
        (ONCALL + "night:\n  from: |", {"22:00"}),
        (ONCALL + "routes:\n  oncall:\n    steps:\n      - after: 0m\n        tell: |", {"rota:comms", "next:comms"}),
    ],
)
def test_values_are_offered(server, text, offered):
    assert offered <= set(server.complete(RULES, text))


def test_what_each_severity_does_is_said_where_one_is_chosen(server):
    found = server.complete(RULES, BRAND + "rules:\n  - name: one\n    severity: |")
    assert set(found) == {"watch", "warning", "critical"}
    assert found["critical"]["documentation"].startswith("A page to who is on duty")


@pytest.mark.parametrize("label", SNIPPETS)
def test_a_whole_rule_that_is_offered_is_a_right_one(server, label):
    found = server.complete(RULES, BRAND + "rules:\n  - |")[label]
    written = BRAND + "rules:\n  - " + found["insertText"].replace("\n", "\n  ")  # an editor indents as the line is
    [rule] = load({"acme.yaml": written}).brands["acme"].rules
    assert rule.name == SNIPPETS[label]["name"]
    assert server.diagnose(RULES, written) == [[]]


def test_the_keys_of_the_daemons_file_are_offered_and_none_of_the_rules(server):
    found = server.complete(ROOT, DAEMON_LINE + "|")
    assert {"sources", "channels", "web", "heartbeat"} <= set(found)
    assert not {"brand", "people", "campaigns"} & set(found)
    assert set(server.complete(ROOT, DAEMON_LINE + "sources:\n  push:\n    http:\n      |")) >= {"listen", "token"}


@pytest.mark.parametrize(
    ("folder", "text", "told"),
    [
        (RULES, RULE + "bud|get: 1 per month", "How many false alarms you accept"),
        (RULES, ONCALL + "night: {from: 22:00, unt|il: 07:00}", "When it ends"),
        (RULES, CALENDAR + "exp|ect: 5x}", "usual number of mentions"),
        (ROOT, SOURCES + "heart|beat: {url: x}", "A sign of life"),
    ],
)
def test_a_key_is_explained_with_an_example_under_the_pointer(server, folder, text, told):
    shown = server.hover(folder, text)
    assert told in shown
    assert "Example:" in shown


def test_every_example_of_every_field_is_right_in_the_eyes_of_the_editor(server, tmp_path):
    texts = []
    for told in (rules_schema(), schema_of(Config)):
        for name, model in told["$defs"].items():
            (tmp_path / f"{name}.json").write_text(json.dumps({"$ref": f"#/$defs/{name}", "$defs": told["$defs"]}))
            examples = [(key, each) for key, field in model.get("properties", {}).items() for each in field["examples"]]
            line = f"# yaml-language-server: $schema={name}.json\n"
            texts += [f"{line}{key}: {json.dumps(each, ensure_ascii=False)}" for key, each in examples]
    found = dict(zip(texts, server.diagnose(tmp_path, *texts), strict=True))
    assert len(found) > 100
    wrong = {text: [each for each in faults if "Missing property" not in each] for text, faults in found.items()}
    assert {text: faults for text, faults in wrong.items() if faults} == {}


def test_an_editor_that_reads_yaml_as_of_2005_takes_times_for_numbers(server):
    text = ONCALL + "night: {from: 22:00, until: 07:00}"
    server.configure({**SETTINGS, "yaml": {**SETTINGS["yaml"], "yamlVersion": "1.1"}})
    try:
        assert server.diagnose(RULES, text) == [['4:15: Incorrect type. Expected "string".']]
    finally:
        server.configure(SETTINGS)
    assert server.diagnose(RULES, text) == [[]]
