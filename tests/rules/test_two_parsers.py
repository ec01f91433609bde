"""Right files are read by libyaml, all others by ruamel.yaml itself: both say the same of what both read."""

import gc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from buzzwatch.rules import text
from buzzwatch.rules.faults import RuleFaults
from buzzwatch.rules.text import Document, parse

EXAMPLES = sorted((Path(__file__).parents[2] / "rules").glob("*.yaml"))
PIECES = [
    *"abé😀-?:,[]{}#&*!|>'\"%@`~=\\ \n",
    *("b:", ": ", " :", "- ", ", ", " # x", "\n  ", "\n- ", "\n    ", "key: v\n", "k: [x, y]\n", "k: {a: b}\n"),
    *("\t", "\r", "\r\n", "---", "...", "\n...\n", "\n--- ", "!!str ", "&a ", "*a", "|-\n  ", ">\n  ", "? ", "<<: "),
    *("http://x", "x:@y", "22:00", "null", "~", "true", "1.5", '"a b"', "'it''s'", '"\\x41"', '"\\/"', '"a\n  b"'),
    *(
        "\x00",
        "\x07",
        "\x7f",
        "\x85",
        "\xa0",
        "\u200b",
        "\u2028",
        "\ud7ff",
        "\ufeff",
        "''",
        '""',
        "a\n  b",
        "%YAML 1.1\n",
    ),
]


def by_ruamel(written: str, monkeypatch: pytest.MonkeyPatch) -> Document | None:
    """As it is read without libyaml; None where it is refused."""
    with monkeypatch.context() as patch:
        patch.setattr(text, "_quick", lambda _bare, _text: None)
        try:
            return parse("a.yaml", written)
        except RuleFaults:
            return None


def by_libyaml(written: str) -> Document | None:
    """None where ruamel.yaml has to read it."""
    return text._quick(Document("a.yaml", tuple(text._BREAK.split(written)), None, {}, {}), written)


@pytest.fixture(scope="module")
def patches():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@given(st.lists(st.sampled_from(PIECES), max_size=16).map("".join))
@settings(max_examples=300)
def test_what_libyaml_reads_ruamel_reads_likewise_each_value_at_its_place(patches, written):
    quick = by_libyaml(written)
    assert quick is None or quick == by_ruamel(written, patches)


@given(st.sampled_from(EXAMPLES), st.integers(0, 4_000), st.integers(0, 8), st.sampled_from(PIECES))
@settings(max_examples=60)
def test_so_it_is_with_a_file_in_which_something_was_mistyped(patches, path, at, cut, piece):
    whole = path.read_text("utf-8")
    begin = whole.rfind("\n", 0, at % len(whole)) + 1
    written = whole[begin : begin + 300]
    at = at % max(1, len(written))
    written = written[:at] + piece + written[at + cut :]
    quick = by_libyaml(written)
    assert quick is None or quick == by_ruamel(written, patches)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_examples_are_read_by_libyaml(patches, path):
    written = path.read_text("utf-8")
    assert by_libyaml(written) == by_ruamel(written, patches)
    assert by_libyaml(written) is not None


@pytest.mark.parametrize(
    "written",
    [
        "a:",
        "a: |\n  b",
        "a: &x b\nc: *x",
        "%YAML 1.1\n---\na: b",
        "---\na: b",
        "a:\tb",
        "a: b\u2028",
        "a: [",
        "a: 1\na: 2",
    ],
)
def test_what_the_two_read_differently_and_what_is_wrong_is_left_to_ruamel(written):
    assert by_libyaml(written) is None


@pytest.mark.parametrize("text", ["brand: acme\n", "night: {from: 22:00, until: on}\n"])
def test_what_was_parsed_leaves_no_garbage_behind(text: str):
    """Whoever reads rules collects none, and looks at what is there no more."""
    parse("a.yaml", text)
    gc.collect()
    gc.disable()
    try:
        for _ in range(20):
            parse("a.yaml", text)
        assert gc.collect() == 0
    finally:
        gc.enable()
