"""river takes seconds to load and 230 MB to install: whoever names no comparator does without it."""

import json
import subprocess
import sys

import pytest

RULES = """
brand: acme
match: {any: [acme]}
rules:
  - {name: loud, when: {volume: {unusual: true, over: 15m%s}}, severity: warning}
"""
RUN = """
import sys
import buzzwatch.app.live, buzzwatch.app.demo, buzzwatch.app.detect_volume
from buzzwatch import cli
sys.argv = ["buzzwatch", *sys.argv[1:]]
try:
    cli.main()
except SystemExit as ended:
    assert not ended.code, ended.code
print("river" in sys.modules)
"""


def loads_river(*arguments):
    run = subprocess.run([sys.executable, "-c", RUN, *map(str, arguments)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()[-1] == "True"


@pytest.fixture
def export(tmp_path):
    rows = [
        {"id": f"x:{hour}", "text": "acme", "created_at": f"2026-01-{1 + hour // 24:02}T{hour % 24:02}:00:00Z"}
        for hour in range(96)
    ]
    path = tmp_path / "export.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


@pytest.fixture
def rules(tmp_path):
    def written(by):
        folder = tmp_path / "rules"
        folder.mkdir(exist_ok=True)
        (folder / "acme.yaml").write_text(RULES % by)
        return folder

    return written


def test_nothing_that_runs_without_a_comparator_loads_river(rules, export):
    assert not loads_river("replay", export, "--rules", rules(""))


def test_a_check_of_a_rule_that_names_one_loads_none(rules):
    assert not loads_river("check", rules(", by: one_class_svm"))
