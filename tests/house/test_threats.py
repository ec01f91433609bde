"""The threat model names tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_proof_in_the_threat_model_is_a_test():
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs/threats.md").read_text("utf-8")))
    written = "".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    there = set(re.findall(r"^(?:async )?def (test_\w+)", written, re.MULTILINE))
    assert named - there == set()
    assert len(named) > 40
