"""Whatever is saved in its rules directory, a running daemon keeps its last good rules and says why."""

import shutil

import wrong_files
from typer.testing import CliRunner
from wrong_files import WRONG, write_good

from buzzwatch.cli import app
from buzzwatch.web.desk import Reload

RULES, ONCALL = wrong_files.GOOD, wrong_files.ONCALL
BY_COMMAND = ("tabs for indentation", "escape sequences of a terminal", "a pipe", "an anchor bomb", "ten megabytes")
"""Of which the command itself is tried too."""


async def test_no_wrong_file_takes_the_last_good_rules_away(daemon):
    folder = daemon.config.rules
    in_force = daemon.drive.spine.memory.rules
    assert list(in_force.brands) == ["acme"]
    for wrong in WRONG:
        shutil.rmtree(folder)
        write_good(folder)
        if wrong.file == "calendar.yml":
            (folder / "calendar.yaml").write_text("campaigns: []\n")
        wrong.write(folder)
        answer = await daemon.reception.reload(Reload(language="fr"))
        assert not answer.done, wrong.name
        assert any(line.startswith(wrong.where) and wrong.french[0] in line for line in answer.lines), wrong.name
        assert daemon.drive.spine.memory.rules is in_force, wrong.name
        assert "buzzwatch_rules_refused 1.0" in daemon.metrics.exposition().decode()
        assert any("the rules on disk are refused" in trouble for trouble in daemon.rulebook.troubles())
    shutil.rmtree(folder)
    write_good(folder)
    assert (await daemon.reception.reload(Reload())).done
    assert "buzzwatch_rules_refused 0.0" in daemon.metrics.exposition().decode()
    assert daemon.rulebook.troubles() == ()


def test_check_tells_of_a_wrong_file_in_the_language_of_the_terminal(tmp_path, monkeypatch):
    for wrong in (each for each in WRONG if each.name in BY_COMMAND):
        folder = tmp_path / wrong.name.replace(" ", "-")
        write_good(folder)
        wrong.write(folder)
        for language, (message, remedy) in (("fr_FR.UTF-8", wrong.french), ("en_GB.UTF-8", wrong.english)):
            monkeypatch.setenv("LC_ALL", language)
            told = CliRunner().invoke(app, ["check", str(folder)])
            assert (told.exit_code, told.stdout) == (1, "")
            assert wrong.where in told.stderr
            assert message in told.stderr
            assert remedy in told.stderr
            assert "\x1b" not in told.stderr
            assert "Traceback" not in told.stderr
