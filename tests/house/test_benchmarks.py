"""Every figure that is measured has its place in the document, and every place its figures."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "benchmarks.md").read_text("utf-8")


@pytest.fixture(scope="module")
def report():
    """The script, which is no part of the package."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        spec = importlib.util.spec_from_file_location("report", ROOT / "benchmarks" / "report.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(ROOT / "benchmarks"))
    return module


def test_every_benchmark_is_run_and_has_its_place_in_the_document(report):
    scripts = {path.stem for path in (ROOT / "benchmarks").glob("*.py")} - {"report"}
    assert scripts == set(report.OURS)
    begun = re.findall(r"<!-- (\w+): begin -->", DOCUMENT)
    assert sorted(begun) == sorted([*report.OURS, *report.THEIRS])
    assert begun == re.findall(r"<!-- (\w+): end -->", DOCUMENT)


def test_figures_take_the_place_of_the_earlier_ones_and_of_nothing_else(report):
    document = "one\n<!-- a: begin -->\n\nold\n\n<!-- a: end -->\ntwo\n<!-- b: begin -->\n<!-- b: end -->\n"
    once = report.put(document, "a", "new \\1")
    assert once == document.replace("old", "new \\1")
    assert report.put(once, "a", "new \\1") == once
    assert report.put(document, "missing", "new") == document


def test_tables_stay_tables_and_everything_else_stays_as_printed(report):
    output = f"{ROOT}/x, 2 cores\n| a | b |\n|---|---|\n| 1 | 2 |\n\nkey 3"
    assert (
        report.as_markdown(output)
        == "```text\nx, 2 cores\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```text\nkey 3\n```"
    )
