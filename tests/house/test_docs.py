"""The documents keep up with the program."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from buzzwatch.cli import app
from buzzwatch.web.metrics import Metrics

ROOT = Path(__file__).parents[2]
DOCS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
OPERATIONS = (ROOT / "docs/operations.md").read_text("utf-8")
MONITORING = (ROOT / "docs/monitoring.md").read_text("utf-8")


def metric_names():
    families = Metrics("0").registry.collect()
    return [f"{family.name}_total" if family.type == "counter" else family.name for family in families]


@pytest.mark.parametrize("name", metric_names())
def test_every_metric_is_documented(name):
    assert f"| `{name}` |" in MONITORING


def test_no_metric_is_documented_that_does_not_exist():
    assert set(re.findall(r"^\| `(buzzwatch_\w+)`", MONITORING, re.MULTILINE)) == set(metric_names())


@pytest.mark.parametrize("name", sorted(get_command(app).commands))
def test_every_command_is_documented(name):
    assert f"| `buzzwatch {name}` |" in OPERATIONS


def test_no_command_is_documented_that_does_not_exist():
    documented = set(re.findall(r"^\| `buzzwatch ([\w-]+)`", OPERATIONS, re.MULTILINE))
    assert documented == set(get_command(app).commands)


@pytest.mark.parametrize("document", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(document):
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text("utf-8")):
        assert (document.parent / target).exists(), target


def anchors(document: Path) -> set[str]:
    """The names by which its headings are linked to, as GitHub and others make them."""
    prose = re.sub(r"^```.*?^```$", "", document.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    titles = re.findall(r"^#+ (.+)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("document", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_headings_that_are_there(document):
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)#([^)]+)\)", document.read_text("utf-8")):
        assert anchor in anchors((document.parent / target) if target else document), f"{target}#{anchor}"


def test_every_make_target_that_the_readme_names_exists():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    named = set(re.findall(r"^make (\w+)", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE))
    assert named >= {"demo", "test", "run"}
    assert named <= set(re.findall(r"^(\w+):", makefile, re.MULTILINE))


def test_the_readme_begins_with_the_packages_that_a_bare_system_lacks():
    first = (ROOT / "README.md").read_text("utf-8").splitlines()[0]
    for package in ("git", "make", "python3-venv", "mosquitto"):
        assert package in first


def test_decisions_are_numbered_without_gaps():
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs/decisions").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))
