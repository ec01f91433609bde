"""Whatever is written, the answer is a rule set or a list of faults."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from buzzwatch.rules.faults import Fault, RuleFaults
from buzzwatch.rules.ruleset import load
from buzzwatch.rules.text import parse

PIECES = [
    *"{}[],:-?!&*#|>%@`\"'\\\n \t~<=0",
    "\n  ",
    "\n    - ",
    ": ",
    "- ",
    "brand",
    "acme",
    "match",
    "any",
    "all",
    "none",
    "rules",
    "when",
    "volume",
    "negativity",
    "over",
    "15m",
    "40%",
    "unusual",
    "true",
    "no",
    "null",
    "name",
    "severity",
    "people",
    "routes",
    "steps",
    "tell",
    "&a ",
    "*a",
    "<<: ",
    "!!str ",
    "!!python/object:os.system ",
    "%YAML 1.1\n",
    "%TAG ! x\n",
    "---\n",
    "...\n",
    "|2-\n",
    '"\\uD800"',
    '"\\UFFFFFFFF"',
    '"\\x0"',
    "\x00",
    "\x85",
    "\u2028",
    "\ufeff",
    "\ud800",
    "é",
    "😀",
    "1e999",
    "9" * 400,
    ".nan",
]
TEXT = st.lists(st.sampled_from(PIECES), max_size=60).map("".join) | st.text(max_size=200)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(PIECES),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(PIECES) | st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=20,
)


def judged(files: dict[str, str]) -> None:
    faults: tuple[Fault, ...] = ()
    try:
        assert load(files).brands
    except RuleFaults as refused:
        faults = refused.faults
    assert all(fault.message and str(fault) for fault in faults)


@settings(max_examples=400)
@given(brand=TEXT, oncall=TEXT)
@example(brand="a: *a", oncall="&a [*a]")
@example(brand="? [a]\n: b", oncall="? \n")
def test_any_text_gives_a_rule_set_or_faults(brand, oncall):
    judged({"acme.yaml": brand, "oncall.yaml": oncall})


@settings(max_examples=200)
@given(value=VALUES)
def test_any_value_under_a_known_key_gives_faults_or_a_rule_set(value):
    quoted = repr(value) if isinstance(value, str) else str(value)
    for key in ("brand", "match", "rules", "official", "timezone"):
        judged({"acme.yaml": f"brand: acme\n{key}x: 1\n{key}: {quoted}\n"})
    judged({"acme.yaml": f"brand: acme\nmatch: {{any: [acme]}}\nrules: [{{name: a, severity: watch, when: {quoted}}}]"})
    judged({"acme.yaml": "brand: acme\nmatch: {any: [acme]}", "oncall.yaml": f"people: {quoted}\nroutes: {quoted}\n"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: " + "[" * 100_000, "nested more than 40 deep"),
        ("{a: " * 100_000, "nested more than 40 deep"),
        ("- " * 100_000, "nested more than 40 deep"),
        ("- a\n" * 100_000, "more than 20,000 values"),
        ("a: &a [*a]", "stands inside what it repeats"),
        ("a: x\n" * 300_000, "longer than 1,000,000 characters"),
        (
            "a: &a [1, 1, 1, 1]\n"
            + "".join(f"{x}: &{x} [{f'*{y}, ' * 9}]\n" for y, x in zip("abcdef", "bcdefg", strict=True)),
            "20,000",
        ),
    ],
    ids=["lists", "mappings", "block", "many", "loop", "long", "laughs"],
)
def test_a_bomb_is_refused_before_it_grows(text, message):
    with pytest.raises(RuleFaults, match=message):
        parse("acme.yaml", text)
