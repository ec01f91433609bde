"""Every sentence about files exists in French and in English, with the same values in it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import buzzwatch
from buzzwatch.rules.faults import Fault
from buzzwatch.rules.french import FRENCH
from buzzwatch.rules.words import Said, either, in_language, said

PACKAGE = Path(buzzwatch.__file__).parent
SPEAKERS = {
    "mistake": (0, 1),
    "Said": (0,),
    "fault": (1, 2),
    "whole_fault": (1, 2),
    "_refuse": (1, 2),
    "Fault": (4, 5),
    "Flaw": (1, 2),
    "unknown": (2,),
    "FaultError": (0,),
    "_wrong": (0,),
    "fail": (0,),
    "speak": (0,),
    "_said": (0,),
}
"""What is given sentences, and as which of its arguments."""
HOLES = re.compile(r"\{([a-z_]+)\}")


class Sentences(ast.NodeVisitor):
    """The sentences of one module, and what keeps one from being found in the table."""

    def __init__(self, path: Path) -> None:
        self.name = str(path.relative_to(PACKAGE))
        self.found: dict[str, str] = {}
        self.wrong: list[str] = []
        text = path.read_text("utf-8")
        self._scope: ast.AST = ast.parse(text)
        self._module = self._scope
        self._speaks = "from buzzwatch.rules.words import" in text or self.name == "rules/words.py"
        self.visit(self._scope)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        outer, self._scope = self._scope, node
        if self._speaks and node.returns is not None and "Words" in ast.unparse(node.returns):
            for each in ast.walk(node):
                if isinstance(each, ast.Return) and each.value is not None:
                    for part in each.value.elts if isinstance(each.value, ast.Tuple) else [each.value]:
                        self._take(part)
        self.generic_visit(node)
        self._scope = outer

    def visit_Call(self, node: ast.Call) -> None:
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        speaks = self._speaks or called != "Said"  # a scorer says something else
        places = SPEAKERS.get(called, ()) if speaks else ()
        keywords = {each.arg for each in node.keywords}
        for place in places:
            for sentence in self._take(node.args[place]) if place < len(node.args) else []:
                if called in {"mistake", "fault", "whole_fault", "_refuse"} and None not in keywords:
                    lacking = set(HOLES.findall(sentence)) - keywords
                    if lacking and keywords:
                        self.wrong.append(f"{self._at(node)}: nothing fills {lacking} in {sentence!r}")
        self.generic_visit(node)

    def _take(self, node: ast.AST) -> list[str]:
        """The sentences an argument may be, noted."""
        match node:
            case ast.Constant(value=str(sentence)):
                if sentence:
                    self.found[sentence] = self._at(node)
                return [sentence]
            case ast.IfExp():
                return [*self._take(node.body), *self._take(node.orelse)]
            case ast.BoolOp():
                return [sentence for value in node.values for sentence in self._take(value)]
            case ast.Name():
                values = [*self._assigned(node.id, self._scope)] or [*self._assigned(node.id, self._module)]
                return [sentence for value in values for sentence in self._take(value)]
            case ast.JoinedStr() | ast.BinOp():
                self.wrong.append(f"{self._at(node)}: keep the sentence apart from its values")
        return []

    def _assigned(self, name: str, scope: ast.AST) -> Iterator[ast.AST]:
        for node in ast.walk(scope):
            if not isinstance(node, ast.Assign):
                continue
            for target in node.targets:
                if isinstance(target, ast.Name) and target.id == name:
                    yield node.value
                elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    yield from (
                        value
                        for part, value in zip(target.elts, node.value.elts, strict=False)
                        if isinstance(part, ast.Name) and part.id == name
                    )

    def _at(self, node: ast.AST) -> str:
        return f"{self.name}:{node.lineno}"


@pytest.fixture(scope="module")
def modules() -> list[Sentences]:
    return [Sentences(path) for path in sorted(PACKAGE.rglob("*.py"))]


def test_every_sentence_has_a_french_twin(modules):
    lacking = [f"{at}: {text}" for each in modules for text, at in each.found.items() if text not in FRENCH]
    assert not lacking, "\n".join(lacking)


def test_no_sentence_is_written_together_with_its_values(modules):
    wrong = [line for each in modules for line in each.wrong]
    assert not wrong, "\n".join(wrong)


def test_no_french_sentence_has_lost_its_english(modules):
    written = {text for each in modules for text in each.found}
    assert not sorted(FRENCH.keys() - written)


@pytest.mark.parametrize("english", FRENCH)
def test_twins_hold_the_same_values(english):
    assert set(HOLES.findall(FRENCH[english])) >= set(HOLES.findall(english))
    assert set(HOLES.findall(FRENCH[english])) <= set(HOLES.findall(english))


def test_the_search_finds_what_it_is_for(tmp_path, monkeypatch):
    monkeypatch.setattr(f"{__name__}.PACKAGE", tmp_path)
    (tmp_path / "a.py").write_text(
        "from buzzwatch.rules.words import Words\n"
        "def f(x):\n"
        "    said = 'one {x}' if x else 'two'\n"
        "    raise mistake(said, f'three {x}', y=1)\n"
        "def g() -> Words:\n"
        "    return 'four'\n"
    )
    found = Sentences(tmp_path / "a.py")
    assert set(found.found) == {"one {x}", "two", "four"}
    assert found.wrong == [
        "a.py:4: nothing fills {'x'} in 'one {x}'",
        "a.py:4: keep the sentence apart from its values",
    ]


def test_a_fault_is_said_in_the_language_of_who_reads_it():
    fault = Fault(
        "a.yaml",
        3,
        5,
        "",
        Said("{value} is not one of `{key}`", {"value": Said("nothing"), "key": "themes"}),
        Said("did you mean `{word}`?", {"word": "nothing"}),
    )
    assert str(fault) == "a.yaml:3:5: nothing is not one of `themes`; did you mean `nothing`?"
    assert fault.said("fr") == "a.yaml:3:5: rien n'est pas dans `themes` ; vouliez-vous écrire `nothing` ?"


def test_what_has_no_french_is_shown_in_english():
    assert in_language("a sentence of a plug-in {x}", "fr") == "a sentence of a plug-in {x}"


def test_values_are_put_in_once_and_braces_without_a_value_stay():
    words = said("{a} and {b} in {c}", {"a": "{b}", "b": 2})
    assert in_language(words, "en") == "{b} and 2 in {c}"


def test_words_that_have_their_values_keep_them():
    words = Said("did you mean `{word}`?", {"word": "a"})
    assert said(words, {"word": "b"}) is words


def test_a_choice_is_joined_as_the_reader_joins_it():
    assert [in_language(either(list("abc")), language) for language in ("fr", "en")] == ["a, b ou c", "a, b or c"]
    assert in_language(either(["a"]), "fr") == "a"


def test_no_control_character_of_a_file_reaches_the_terminal():
    fault = Fault(
        "a\x1b]0;x\x07.yaml", 1, 1, "x\x1b[2J\u202e", Said("unknown key {value}", {"value": "`\x1b[31m\n\x9b`"})
    )
    for language in ("fr", "en"):
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", fault.said(language))
