"""The whole round: on a daemon that runs, on one that is dead, and what a command makes of it."""

import asyncio
import json
import os
import re
from pathlib import Path

from clinic import NOW, PATIENCE_S, RULES, keep, said
from typer.testing import CliRunner

from buzzwatch.app.config import load
from buzzwatch.app.doctor import daemon, database, files
from buzzwatch.app.doctor.finding import Finding, Level, fine, told, wary
from buzzwatch.app.doctor.french import SUBJECTS
from buzzwatch.app.doctor.patient import Patient
from buzzwatch.app.doctor.printing import line
from buzzwatch.app.doctor.round import ROUND, examine, exit_code
from buzzwatch.app.live import Daemon
from buzzwatch.app.secret import Secrets
from buzzwatch.cli import app
from buzzwatch.clock import SystemClock


async def test_a_daemon_that_runs_is_asked_and_found_well(patient):
    config = load(patient.file, {})
    running = Daemon(config, Secrets({}))
    alive = asyncio.create_task(running.run())
    await asyncio.wait_for(running.ready.wait(), PATIENCE_S)
    async with asyncio.timeout(PATIENCE_S):
        while running.reception.unready():  # noqa: ASYNC110 - nobody is told when a source is first heard
            await asyncio.sleep(0.01)
    await running.upkeep.look()
    patient = Patient(patient.file, SystemClock(0).now(), network=False, environment={})
    found = await asyncio.to_thread(lambda: list(examine(patient)))
    running.stop()
    await asyncio.wait_for(alive, PATIENCE_S)
    text = said(found)
    assert "✓ daemon     the daemon answers commands" in text
    assert "✓ daemon     it says that it is ready" in text
    assert "✓ daemon     sources that do well: 1" in text
    assert re.search(r"✓ daemon     it takes [\d.]+ [MG]B", text)
    assert "✓ database   the database is whole" in text
    assert "✗" not in text
    assert patient.pid == os.getpid()


def test_a_dead_daemon_is_what_must_be_mended_first_and_nothing_is_written(patient):
    keep(patient).close()
    assert patient.state is not None
    before = {path.name: path.read_bytes() for path in patient.state.iterdir()}
    found = list(examine(patient))
    assert "✗ daemon     no daemon answers: nobody watches at present" in said(found)
    assert f"→ buzzwatch run --config {patient.file}" in said(found)
    assert exit_code(found) == 2
    assert {path.name: path.read_bytes() for path in patient.state.iterdir()} == before


def test_where_nothing_was_ever_started_it_says_so(patient):
    assert "no database yet" in said(database.check_database(patient))
    assert patient.state is not None
    assert not patient.state.exists()


def test_no_configuration_is_one_fault_and_no_traceback():
    found = list(examine(Patient(None, NOW, network=False, environment={})))
    assert "✗ files      no configuration" in said(found)
    assert "could not be checked" not in said(found)


def test_faults_of_the_files_are_counted_with_the_first_in_the_readers_language(patient):
    assert patient.file is not None
    (patient.file.parent / "rules/acme.yaml").write_text(RULES.replace("severity", "severty"))
    (found,) = files.check_rules(patient)
    assert found.level is Level.WRONG
    assert "acme.yaml:4:" in line(found, "en")
    assert "did you mean `severity`?" in line(found, "en")
    assert "vouliez-vous écrire `severity` ?" in line(found, "fr")
    assert f"→ buzzwatch check --config {patient.file}" in line(found, "en")
    patient.file.write_text("sources: {push: {htp: {}}}\n")
    (found,) = files.check_configuration(patient)
    assert "htp" in told(found.said, "en")


def test_one_check_that_fails_says_so_and_the_others_go_on(patient):
    def check_this(_patient):
        yield fine("version {ours}", ours="1")
        raise RuntimeError("boom")

    def check_that(_patient):
        yield wary("no source is at work")

    found = list(examine(patient, (("program", (check_this, check_that)),)))
    assert [each.check for each in found] == ["this", "this", "that"]
    assert told(found[1].said, "en") == "this could not be checked: RuntimeError: boom"
    assert exit_code(found) == 2
    assert (exit_code(found[2:]), exit_code(found[:1]), exit_code([])) == (1, 0, 0)


def test_the_command_exits_by_what_is_worst_and_prints_json_for_programs(patient, monkeypatch):
    keep(patient).close()
    asked = ["doctor", "--no-network", "--config", str(patient.file)]
    answer = CliRunner().invoke(app, [*asked, "--json"], env={"LC_ALL": "C"}, catch_exceptions=False)
    body = json.loads(answer.stdout)
    assert answer.exit_code == body["exit"] == 2
    assert {"level", "subject", "check", "said", "remedy"} == set(body["findings"][0])
    assert {each["subject"] for each in body["findings"]} <= set(SUBJECTS)
    answer = CliRunner().invoke(app, asked, env={"LC_ALL": "fr_FR.UTF-8"}, catch_exceptions=False)
    assert "✗ démon      aucun démon ne répond" in answer.stdout


def test_findings_hold_no_more_than_the_checks_that_are_documented():
    document = (Path(__file__).parents[3] / "docs/monitoring.md").read_text("utf-8")
    for subject, _ in ROUND:
        assert f"\n| {subject} | " in document
    assert isinstance(fine("version {ours}"), Finding)
    assert daemon.check_logs in dict(ROUND)["logs"]
