"""What the doctor says, in both languages."""

import ast
import re
from pathlib import Path

import pytest

import buzzwatch
from buzzwatch.app.doctor.finding import Bytes, Lasting, told, wrong
from buzzwatch.app.doctor.french import FRENCH, SUBJECTS
from buzzwatch.app.doctor.printing import closing, line
from buzzwatch.app.doctor.round import ROUND
from buzzwatch.model.instant import DAY
from buzzwatch.rules.words import Said


def test_sizes_times_and_faults_are_said_in_the_readers_language():
    finding = wrong("{path} has grown to {size}: something reads the database without end", path="x", size=Bytes(2.5e9))
    assert line(finding, "fr") == "✗            x a grossi jusqu'à 2,5 Go : quelque chose lit la base sans fin"
    assert (
        told(Said("the last drill was {span} ago", {"span": Lasting(3 * DAY)}), "fr")
        == "le dernier exercice date de 3 j"
    )
    assert closing([finding], "en").startswith("to mend: 1,")


class Sentences(ast.NodeVisitor):
    """What the doctor says: of findings their sentence and their remedy, of variables of these names the value."""

    def __init__(self) -> None:
        self.said: set[str] = set()
        self.remedies: set[str] = set()

    def visit_Call(self, node: ast.Call) -> None:
        if getattr(node.func, "id", "") in {"fine", "aside", "wary", "wrong", "find"}:
            for argument, kept in zip(node.args, (self.said, self.remedies), strict=False):
                kept.update({argument.value} if isinstance(argument, ast.Constant) else set())
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        names = {target.id for target in node.targets if isinstance(target, ast.Name)}
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            self.said |= {node.value.value} if names & {"said", "_CLOSING"} else set()
            self.remedies |= {node.value.value} if names & {"remedy", "_REMEDY"} else set()


@pytest.fixture(scope="module")
def sentences() -> Sentences:
    found = Sentences()
    for path in (Path(buzzwatch.__file__).parent / "app/doctor").glob("*.py"):
        found.visit(ast.parse(path.read_text("utf-8")))
    return found


COMMAND = re.compile(r"(?:sudo )?(?:[a-z]+[a-z0-9-]*|\{command\}|\{write\}|\{program\});?(?: .*)?")
PROSE = re.compile(
    r", and |docs/|\bor\b|\bsee\b|\badd\b|\bmend\b|\bask\b|\bgive\b|\blet it\b|\bin its place\b|\bkeep less\b|YOUR"
)


def test_everything_that_it_says_has_its_french_with_the_same_values(sentences):
    assert len(sentences.said) > 90
    assert "{placeholder} cannot be read ({why}): add LoadCredential={name}:… to the service" in sentences.said
    sentences.said.discard(
        "{placeholder} cannot be read ({why}): add LoadCredential={name}:… to the service"
    )  # rules.french
    assert sentences.said - FRENCH.keys() == set()
    prose = {remedy for remedy in sentences.remedies if PROSE.search(remedy)}
    assert prose - FRENCH.keys() == set()
    assert {remedy for remedy in sentences.remedies - prose if not COMMAND.fullmatch(remedy)} == set()
    for english, french in FRENCH.items():
        assert set(re.findall(r"(?<!\$)\{(\w+)\}", english)) == set(re.findall(r"(?<!\$)\{(\w+)\}", french)), english


def test_no_french_is_kept_of_what_it_does_not_say(sentences):
    formed = {"{check} could not be checked: {why}"}
    used = sentences.said | sentences.remedies | formed
    spoken = {each for each in FRENCH if each not in used}
    source = "".join(
        path.read_text("utf-8") for path in (Path(buzzwatch.__file__).parent / "app/doctor").glob("[!f]*.py")
    )
    assert {each for each in spoken if f'"{each}"' not in source} == set()


def test_every_subject_has_its_french():
    assert [subject for subject, _ in ROUND] == list(SUBJECTS)
    assert all(len(word) <= 10 for word in SUBJECTS.values())
