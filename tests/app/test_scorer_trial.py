"""`buzzwatch check` on a plugged-in scorer."""

import asyncio
import re

import pytest
from stage import MONDAY
from typer.testing import CliRunner

from buzzwatch.app.config import Scorer
from buzzwatch.app.scorer_trial import try_out
from buzzwatch.cli import app
from buzzwatch.model.instant import SECOND

PLAIN = """
class Plugged:
    name = "plain@1"

    def score(self, texts, langs):
        print("warming up", flush=True)
        return [0.5] * len(texts)
"""
SPITEFUL = PLAIN.replace("[0.5] *", "[0.5] if len(texts) == 1 else [1.5] *")
RULES = "brand: acme\nmatch: {any: [acme]}\n"


class StridingClock:
    """Three seconds pass between any two looks at it, and nothing is ever late."""

    def __init__(self):
        self._now = MONDAY

    def now(self):
        self._now += 3 * SECOND
        return self._now

    async def wait_until(self, _instant):
        await asyncio.get_running_loop().create_future()


@pytest.fixture
def check(tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "acme.yaml").write_text(RULES)
    config = tmp_path / "buzzwatch.yaml"

    def run(use):
        config.write_text(f"sources: {{push: {{http: {{}}}}}}\nscorer: {{use: {use}, batch: 20}}\n")
        return CliRunner().invoke(app, ["check", "--config", str(config)])

    return run


def test_it_is_tried_and_its_speed_told_and_what_it_prints_is_shown_aside(check, plug_in, capfd):
    plug_in("plain", PLAIN)
    result = check("plain")
    assert result.exit_code == 0
    assert re.search(r"^scorer plain@1: loaded in [0-9.]+ s, 20 texts in [0-9.]+ s$", result.stdout, re.MULTILINE)
    assert capfd.readouterr() == ("", "warming up\n" * 2)


def test_one_that_is_not_worth_its_name_fails_the_check(check, plug_in):
    plug_in("spiteful", SPITEFUL)
    result = check("spiteful")
    assert result.exit_code == 1
    assert "scorer spiteful: it gave 1.5, which is not within 0 to 1" in result.stderr


def test_one_that_is_not_installed_fails_the_check(check, plug_in):
    plug_in("spiteful", SPITEFUL)
    result = check("roberta")
    assert result.exit_code == 1
    assert "scorer: no scorer `roberta` is installed; installed are: spiteful" in result.stderr


def test_what_is_learnt_from_an_export_is_said_to_be_read_without_it(check, tmp_path):
    check("plain")
    result = CliRunner().invoke(app, ["learn", str(tmp_path / "none"), "--config", str(tmp_path / "buzzwatch.yaml")])
    assert "warning: this is read with the built-in scorer, not with plain" in result.stderr


async def test_one_that_would_never_be_in_time_is_warned_of(plug_in):
    plug_in("plain", PLAIN)
    spoken, warning = await try_out(Scorer.model_validate({"use": "plain"}), StridingClock())
    assert spoken.endswith("32 texts in 3.00 s")
    assert warning.startswith("warning: 32 texts take longer than the 2 s that a batch waits")
