"""Rule files that were refused: who is told, how often, and in which words."""

import pytest

from buzzwatch.model.brand import Ruleset
from buzzwatch.model.incident import ChangeKind
from buzzwatch.model.input import RulesMended, RulesRefused
from buzzwatch.model.instant import HOUR, MINUTE
from buzzwatch.model.reading import How, Origin
from buzzwatch.notify.refusal import hear
from buzzwatch.notify.render import render
from buzzwatch.rules.ruleset import load

NOON = 1_795_435_200_000  # 2026-11-23T12:00:00Z, 13:00 in Paris
BRAND = "brand: acme\nmatch: {any: [acme]}\n"
ONCALL = """
timezone: Europe/Paris
people:
  ines: {{name: Inès, language: fr, reach: {{push: console}}}}
routes:
  oncall: {{steps: [{{after: 0m, tell: ines}}]}}
  ops: {{copy: [admins]}}
{}
"""
EDITORS = "  editors: {steps: [{after: 0m, tell: ines}], copy: [writers], language: fr}"


def in_force(more: str = "") -> Ruleset:
    return load({"acme.yaml": BRAND, "oncall.yaml": ONCALL.format(more)})


def refused(
    digest: str = "one", text: str = "acme.yaml:7:13: `criticl` is unknown; did you mean `critical`?", number=1
):
    return RulesRefused(NOON, digest, ({"en": text},), number, NOON - 2 * HOUR, Origin(How.ITSELF))


def targets(told):
    return [str(notice.target) for notice in told.notices]


def test_those_who_edit_are_told_and_where_there_are_none_those_who_run_it():
    _, told = hear(refused(), None, in_force(EDITORS), NOON)
    assert targets(told) == ["writers", "ines/push"]
    _, told = hear(refused(), None, in_force(), NOON)
    assert targets(told) == ["admins"]
    _, told = hear(refused(), None, load({"acme.yaml": BRAND}), NOON)
    assert targets(told) == ["console"]


def test_the_same_faults_are_told_once_and_others_after_an_hour_and_once_when_they_are_mended():
    rules = in_force()
    stands, told = hear(refused(), None, rules, NOON)
    assert told is not None
    for at, digest in ((NOON + MINUTE, "one"), (NOON + 2 * MINUTE, "two"), (NOON + 2 * HOUR, "one")):
        again, told = hear(refused(digest), stands, rules, at)
        assert (again, told) == (stands, None)
    stands, told = hear(refused("three"), stands, rules, NOON + HOUR)
    assert told.notices[0].refused.again
    assert stands.since == NOON
    assert hear(refused("four"), stands, rules, NOON + 2 * HOUR - 1)[1] is None
    stands, told = hear(RulesMended(NOON), stands, rules, NOON + 3 * HOUR)
    assert (stands, told.notices[0].kind) == (None, ChangeKind.OVER)
    assert hear(RulesMended(NOON), None, rules, NOON + 4 * HOUR) == (None, None)


def test_each_message_has_a_key_of_its_own():
    rules, keys = in_force(), []
    stands, told = hear(refused(), None, rules, NOON)
    keys += [notice.key for notice in told.notices]
    stands, told = hear(refused("two"), stands, rules, NOON + HOUR)
    keys += [notice.key for notice in told.notices]
    stands, told = hear(RulesMended(NOON), stands, rules, NOON + 2 * HOUR)
    keys += [notice.key for notice in told.notices]
    _, told = hear(refused(), stands, rules, NOON + 2 * HOUR + MINUTE)
    assert len({*keys, *(notice.key for notice in told.notices)}) == 4


def test_the_words_name_the_faults_what_stays_and_since_when_in_the_readers_language():
    _, told = hear(refused(number=25), None, in_force(EDITORS), NOON)
    message = render(told.notices[1], [], None, NOON)
    assert "fichiers de règles refusés (25 fautes)" in message.title
    assert "7:13: 'criticl'" in message.text
    assert "+24" in message.text
    assert "en vigueur depuis le 23/11 11:00" in message.text
    _, told = hear(refused(), None, in_force(), NOON)
    message = render(told.notices[0], [], None, NOON)
    assert "rule files refused (1 fault)" in message.title
    assert "in force since 2026-11-23 11:00" in message.text
    assert len(message.short) <= 160


def test_the_end_is_told_in_words_of_its_own():
    stands, _ = hear(refused(), None, in_force(), NOON)
    _, told = hear(RulesMended(NOON), stands, in_force(), NOON + HOUR)
    message = render(told.notices[0], [], None, NOON + HOUR)
    assert message.title.endswith("rule files accepted again")
    assert message.severity is None


@pytest.mark.parametrize(
    "hostile",
    ["<!channel> <script>alert(1)</script>", "@here [x](https://evil.example)", "a\r\nBcc: x@y.example\x1b[2J"],
)
def test_what_a_file_says_does_nothing_in_any_channel(hostile):
    _, told = hear(refused(text=f"acme.yaml:1:1: {hostile}"), None, in_force(), NOON)
    message = render(told.notices[0], [], None, NOON)
    assert not {"\r", "\n", "\x1b"} & set(message.short)
    for text in (message.title, message.text):
        assert not {"<", "\r", "\x1b"} & set(text)
        assert "evil.example" not in text
        assert "@here" not in text
        assert "x@y" not in text
    assert "<script>" not in message.html


def test_who_sleeps_is_not_woken_by_a_file():
    night = ONCALL.format(EDITORS) + 'night: {from: "22:00", until: "07:00"}\n'
    rules = load({"acme.yaml": BRAND, "oncall.yaml": night})
    _, told = hear(refused(), None, rules, NOON + 11 * HOUR)
    assert targets(told) == ["writers"]
    assert [held.target for held in told.held] == ["ines/push"]
