"""What the doctor finds: on a daemon that runs, one that is dead, and installations that are wrong in every way."""

import ast
import asyncio
import json
import os
import re
import socket
import sqlite3
import ssl
import subprocess
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner

import buzzwatch
from buzzwatch.app.config import load
from buzzwatch.app.doctor import backup, clock, daemon, database, disk, files, network, people, secrets, service
from buzzwatch.app.doctor.finding import Bytes, Finding, Lasting, Level, fine, told, wary, wrong
from buzzwatch.app.doctor.french import FRENCH, SUBJECTS
from buzzwatch.app.doctor.patient import Patient
from buzzwatch.app.doctor.places import Place, places_of, proxy_of
from buzzwatch.app.doctor.printing import as_json, closing, line
from buzzwatch.app.doctor.round import ROUND, examine, exit_code
from buzzwatch.app.doctor.service import Unit, credentials_of
from buzzwatch.app.live import Daemon
from buzzwatch.app.secret import Secrets
from buzzwatch.cli import app
from buzzwatch.clock import SystemClock
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND
from buzzwatch.rules.words import Said
from buzzwatch.store.database import FILE, open_database

RULES = """
brand: acme
match: {any: [acme]}
rules: [{name: shout, when: {volume: {over: 5m, at_least: 3}}, severity: critical, notify: oncall}]
"""
ONCALL = """
people:
  ines: {name: Inès, reach: {push: console, sms: "json://127.0.0.1:9/sms"}}
  karim: {name: Karim, reach: {push: console}}
rota: {comms: {people: [ines, karim], starts: 2026-11-23, hand_over: monday 09:00}}
routes: {oncall: {steps: [{after: 0m, tell: "rota:comms"}]}}
"""
NOW = 1_796_000_000_000
"""In November 2026."""
PATIENCE_S = 20


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def site(folder: Path, more: str = "", oncall: str = ONCALL) -> Path:
    (folder / "rules").mkdir()
    (folder / "rules/acme.yaml").write_text(RULES)
    (folder / "rules/oncall.yaml").write_text(oncall)
    file = folder / "buzzwatch.yaml"
    file.write_text(
        f'sources: {{push: {{http: {{listen: "127.0.0.1:{free_port()}"}}}}}}\n'
        f'web: {{listen: "127.0.0.1:{free_port()}"}}\n{more}'
    )
    return file


@pytest.fixture
def patient(tmp_path: Path, monkeypatch) -> Patient:
    monkeypatch.setattr("buzzwatch.app.doctor.patient.ask_systemd", lambda: None)
    return Patient(site(tmp_path), NOW, network=False, environment={})


def keep(patient: Patient) -> sqlite3.Connection:
    assert patient.state is not None
    patient.state.mkdir(exist_ok=True)
    return open_database(patient.state)


def said(findings) -> str:
    return "\n".join(line(each, "en") for each in findings)


def levels(findings) -> set[Level]:
    return {each.level for each in findings}


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
    assert re.search(r"✓ daemon     it takes \d+ MB", text)
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


@pytest.mark.parametrize(
    ("name", "mode", "remedy"),
    [
        ("state/links.key", 0o640, "chmod 600"),
        (f"state/{FILE}", 0o644, "chmod o="),
        ("rules/oncall.yaml", 0o666, "chmod o-w"),
        ("buzzwatch.yaml", 0o646, "chmod o-w"),
    ],
)
def test_what_is_open_to_those_whom_it_is_not_for_is_told_with_the_command(patient, name, mode, remedy):
    keep(patient).close()
    assert patient.state is not None
    assert patient.file is not None
    patient.state.chmod(0o755)
    for path in (patient.state, *patient.state.iterdir()):
        path.chmod(0o750 if path.is_dir() else 0o640)
    (patient.state / "links.key").touch(0o600)
    (patient.state / "links.key").chmod(0o600)
    patient.file.chmod(0o644)
    assert levels(files.check_modes(patient)) == {Level.FINE}
    patient.state.chmod(0o755)
    path = patient.file.parent / name
    path.chmod(mode)
    found = [each for each in files.check_modes(patient) if str(path) in told(each.said, "en")]
    assert [each.level for each in found] == [Level.WRONG]
    assert told(found[0].remedy, "en") == f"{remedy} {path}"


def test_a_database_that_is_damaged_is_wrong(patient):
    db = keep(patient)
    db.execute("INSERT INTO refused (seen_at, source, reason, head) SELECT 1, 'a', 'b', zeroblob(200000)")
    db.close()
    assert patient.state is not None
    path = patient.state / FILE
    raw = bytearray(path.read_bytes())
    raw[8192:12_000] = os.urandom(3808)
    path.write_bytes(raw)
    (found, *_) = database.check_database(patient)
    assert found.level is Level.WRONG
    assert "the database is damaged" in told(found.said, "en")


def test_a_look_through_the_database_is_bounded_and_shows_how_far_it_is(patient, monkeypatch):
    keep(patient).close()
    shown: list[float] = []
    patient.progress = shown.append
    monkeypatch.setattr(database, "_STEPS", 1)
    monkeypatch.setattr(database, "_LONGEST_LOOK_S", -1.0)
    (found, *_) = database.check_database(patient)
    assert found.level is Level.ASIDE
    assert "PRAGMA quick_check" in told(found.remedy, "en")
    assert shown
    assert all(0 <= each < 1 for each in shown)


def test_an_old_copy_is_told_when_nobody_goes_back_to_it(patient):
    keep(patient).close()
    assert patient.state is not None
    copy = patient.state / f"{FILE}.before-0013"
    copy.write_bytes(b"x")
    os.utime(copy, (NOW / SECOND, NOW / SECOND))
    assert levels(database.check_old_copies(patient)) == {Level.FINE}
    patient.now = NOW + 40 * DAY
    (found,) = database.check_old_copies(patient)
    assert (found.level, told(found.remedy, "en")) == (Level.WARNING, f"rm {copy}")


def test_a_state_from_before_a_restore_is_told_and_after_a_month_to_be_removed(patient):
    aside = patient.state / "before-restore-20260301T000000000000Z"
    aside.mkdir(parents=True)
    (aside / FILE).write_bytes(bytes(2_000_000))
    os.utime(aside, (NOW / SECOND, NOW / SECOND))
    (found,) = database.check_old_copies(patient)
    assert found.level is Level.FINE
    assert "2.0 MB" in told(found.said, "en") or "2 MB" in told(found.said, "en")
    patient.now = NOW + 40 * DAY
    (found,) = database.check_old_copies(patient)
    assert (found.level, told(found.remedy, "en")) == (Level.WARNING, f"rm -r {aside}")


@pytest.mark.parametrize(
    ("off", "level", "words"),
    [
        (-10 * 365 * DAY, Level.WRONG, "behind the last instant on record"),
        (-DAY, Level.WRONG, "1 d behind"),
        (10 * 365 * DAY, Level.WARNING, "runs ahead, or nobody has watched"),
    ],
)
def test_a_clock_that_disagrees_with_the_record_is_told(patient, monkeypatch, off, level, words):
    db = keep(patient)
    db.execute("UPDATE position SET seq = 1, now = ?", (NOW,))
    db.close()
    monkeypatch.setattr(clock, "is_kept", lambda: True)
    assert levels(clock.check_clock(patient)) == {Level.FINE}
    patient.now = NOW + off
    found = [each for each in clock.check_clock(patient) if each.level is not Level.FINE]
    assert [each.level for each in found] == [level]
    assert words in told(found[0].said, "en")


def test_a_full_disk_is_wrong_and_one_that_fills_is_foretold(patient, monkeypatch):
    db = keep(patient)
    rows = ((seq, NOW - 8 * DAY + seq * HOUR) for seq in range(1, 190))
    db.executemany("INSERT INTO journal (seq, kind, seen_at, body) VALUES (?, 'gap', ?, zeroblob(4000))", rows)
    assert disk._seq_at(db, NOW - 7 * DAY, 1, 189) == 23
    db.close()
    told_by = os.statvfs("/")

    def statvfs(_path):
        return os.statvfs_result((4096, 4096, 1_000, 10, free, 1_000, 900, 900, told_by[8], 255))

    monkeypatch.setattr(disk.os, "statvfs", statvfs)
    free = 10
    first, second = disk.check_room(patient)
    assert first.level is Level.WRONG
    assert "41 kB free of 4.1 MB" in told(first.said, "en")
    assert "41 ko libres sur 4,1 Mo" in told(first.said, "fr")
    assert second.level is Level.WARNING
    free = 900
    assert next(disk.check_room(patient)).level is Level.FINE


def test_people_who_can_be_reached_in_one_way_or_not_at_all_are_named(patient):
    text = said(people.check_reach(patient))
    assert "reached by one means alone: karim" in text
    assert "nobody knows which means wake people" in text
    assert levels(people.check_rota(patient)) == {Level.FINE}


def test_a_gap_of_the_rota_is_wrong_where_nobody_is_called(tmp_path, monkeypatch):
    monkeypatch.setattr("buzzwatch.app.doctor.patient.ask_systemd", lambda: None)
    ends = ONCALL.replace("starts: 2026-11-23", "starts: 2026-11-23, ends: 2026-12-01")
    for oncall, level in ((ends, Level.WRONG), (ends.replace("ends:", "fallback: karim, ends:"), Level.WARNING)):
        folder = tmp_path / level
        folder.mkdir()
        (found,) = people.check_rota(Patient(site(folder, oncall=oncall), NOW, environment={}))
        assert found.level is level


def test_what_was_delivered_last_and_the_last_drill_are_told_from_the_record(patient):
    db = keep(patient)
    db.execute(
        "INSERT INTO outbox (key, incident, target, severity, state, written_at, due_at, done_at, body) "
        "VALUES ('k', 'i', 'ines/sms', 1, 'sent', 0, 0, ?, '')",
        (NOW - 3 * HOUR,),
    )
    db.close()
    assert "last message to ines/sms: 3 h ago" in said(people.check_delivered(patient))
    assert "no drill is on record" in said(people.check_drill(patient))


def test_no_secret_is_ever_said(tmp_path, monkeypatch):
    monkeypatch.setattr("buzzwatch.app.doctor.patient.ask_systemd", lambda: None)
    more = (
        'channels: {hook: "json://user:${env:HOOK}@127.0.0.1:9/x?token=${env:HOOK}", mail: "${env:MAIL}"}\n'
        'heartbeat: {url: "${env:BEAT}"}\n'
    )
    environment = {
        "HOOK": "Gehe1mnis",
        "MAIL": "mailto://me:Gehe1mnis@127.0.0.1:9?to=a@acme.example&from=b@acme.example",
        "BEAT": "http://127.0.0.1:9/Gehe1mnis",
        "http_proxy": "http://me:Gehe1mnis@127.0.0.1:9",
    }
    patient = Patient(site(tmp_path, more), NOW, environment=environment)
    found = list(examine(patient))
    text = said(found) + as_json(found, "fr", NOW)
    assert "127.0.0.1:9 cannot be reached" in text
    assert "secrets that are named and there: 3" in text
    assert "Gehe1mnis" not in text


def test_a_secret_that_is_named_and_not_there_is_wrong_with_the_command(tmp_path, monkeypatch):
    monkeypatch.setattr("buzzwatch.app.doctor.patient.ask_systemd", lambda: None)
    monkeypatch.setattr(secrets.os, "geteuid", lambda: 0)
    file = site(tmp_path, 'channels: {hook: "${cred:hook}", other: "${env:OTHER}"}\n')
    text = said(secrets.check_present(Patient(file, NOW, environment={"OTHER": " "})))
    assert "${cred:hook}: outside systemd there are no credentials" in text
    assert "${env:OTHER} is empty" in text
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "hook").write_text("json://127.0.0.1:9")
    environment = {"OTHER": "json://127.0.0.1:9", "CREDENTIALS_DIRECTORY": str(credentials)}
    assert levels(secrets.check_present(Patient(file, NOW, environment=environment))) == {Level.FINE}


UNIT = {
    "LoadState": "loaded",
    "ActiveState": "active",
    "SubState": "running",
    "UnitFileState": "enabled",
    "ExecStart": "{ path=/bin/sh ; argv[]=/bin/sh run --config CONFIG ; ignore_errors=no ; }",
    "MainPID": "17",
    "NRestarts": "0",
    "Result": "success",
    "ActiveEnterTimestamp": f"@{(NOW - DAY) // SECOND}",
    "WatchdogUSec": "1min",
    "NeedDaemonReload": "no",
    "User": "",
}


def served(patient: Patient, credentials=None, **properties: str) -> Patient:
    told_by = {**UNIT, "ExecStart": UNIT["ExecStart"].replace("CONFIG", str(patient.file)), **properties}
    patient.__dict__["unit"] = Unit(told_by, credentials or {})
    return patient


def test_a_service_that_is_as_it_should_be_is_fine(patient):
    assert served(patient).served
    assert levels(service.check_unit(patient)) <= {Level.FINE, Level.WARNING}  # pytest is no /bin/sh
    assert "it has run for 1 d, restarts 0" in said(service.check_unit(patient))


@pytest.mark.parametrize(
    ("properties", "level", "words"),
    [
        ({"LoadState": "not-found"}, Level.WRONG, "is not installed"),
        ({"LoadState": "masked"}, Level.WRONG, "is masked"),
        ({"UnitFileState": "disabled"}, Level.WRONG, "does not start at boot (disabled)"),
        ({"ActiveState": "failed", "Result": "watchdog"}, Level.WRONG, "result watchdog"),
        ({"NRestarts": "4", "ActiveEnterTimestamp": f"@{(NOW - MINUTE) // SECOND}"}, Level.WARNING, "4 times in all"),
        ({"WatchdogUSec": "0"}, Level.WARNING, "no watchdog"),
        ({"NeedDaemonReload": "yes"}, Level.WARNING, "systemd has not read it"),
    ],
)
def test_a_service_that_is_not_as_it_should_be_is_told(patient, properties, level, words):
    found = list(service.check_unit(served(patient, **properties)))
    assert [each.level for each in found if words in told(each.said, "en")] == [level]
    assert all(each.remedy for each in found if each.level is Level.WRONG)


@pytest.mark.parametrize(
    ("state", "receivers", "level"),
    [
        ("inactive", "https://pager.example", Level.WARNING),
        ("active", "# nobody yet\n\n", Level.WARNING),
        ("active", None, Level.WARNING),
        ("active", "https://pager.example\n", Level.FINE),
    ],
)
def test_the_page_of_last_resort_needs_its_timer_and_an_address(tmp_path, state, receivers, level):
    path = tmp_path / "last_resort"
    if receivers is not None:
        path.write_text(receivers)
    found = list(service.judge_last_resort(state, path))
    assert levels(found) == {level}
    assert "pager" not in said(found)


def test_a_backup_beside_the_state_is_told_and_the_newest_named(tmp_path):
    for name, at in (("old.tar", NOW - 2 * DAY), ("new.tar", NOW - HOUR)):
        (tmp_path / name).write_bytes(b"x" * 2_000)
        os.utime(tmp_path / name, (at / SECOND, at / SECOND))
    newest, beside = backup.judge_files(tmp_path, tmp_path, NOW)
    assert told(newest.said, "en") == f"{tmp_path / 'new.tar'} is 1 h old (2 kB)"
    assert beside.level is Level.WARNING
    assert list(backup.judge_files(tmp_path / "none", tmp_path, NOW)) == []


def test_the_files_of_secrets_are_those_of_the_unit_and_its_drop_ins():
    unit = "[Service]\nLoadCredential=old:/old\n#LoadCredential=no:/no\n"
    more = "[Service]\nLoadCredential=\nLoadCredential=mqtt:/etc/x/mqtt\nLoadCredentialEncrypted=store\n"
    assert credentials_of([unit, more]) == {"mqtt": Path("/etc/x/mqtt"), "store": Path("/etc/credstore/store")}


def test_a_file_of_a_secret_that_others_read_or_that_is_gone_is_wrong(patient, tmp_path):
    shut, opened = tmp_path / "shut", tmp_path / "opened"
    for path, mode in ((shut, 0o600), (opened, 0o640)):
        path.write_text("x")
        path.chmod(mode)
    named = {"shut": shut, "opened": opened, "gone": tmp_path / "gone"}
    text = said(secrets.check_files(served(patient, named)))
    assert f"{opened}: others may read this secret (mode 640)" in text
    assert f"{tmp_path / 'gone'} is not there: the service will not start again" in text
    assert "files of secrets, each for its owner alone: 1" in text
    assert "the service loads the secret shut, which nothing names" in text


@pytest.mark.parametrize(
    ("timer", "made", "level"),
    [
        ({"LoadState": "not-found"}, {}, Level.WARNING),
        ({}, {"ExecMainExitTimestamp": f"@{(NOW - HOUR) // SECOND}", "Result": "success"}, Level.FINE),
        ({}, {"ExecMainExitTimestamp": f"@{(NOW - 9 * DAY) // SECOND}", "Result": "success"}, Level.WARNING),
        ({}, {"ExecMainExitTimestamp": f"@{(NOW - HOUR) // SECOND}", "Result": "exit-code"}, Level.WRONG),
        ({}, {"ExecMainExitTimestamp": ""}, Level.WARNING),
    ],
)
def test_a_backup_is_judged_by_its_timer_and_its_last_run(timer, made, level):
    running = {"LoadState": "loaded", "ActiveState": "active", **timer}
    assert levels(backup.judge(running, made, NOW)) == {level}


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


def test_sizes_times_and_faults_are_said_in_the_readers_language():
    finding = wrong("{path} has grown to {size}: something reads the database without end", path="x", size=Bytes(2.5e9))
    assert line(finding, "fr") == "✗            x a grossi jusqu'à 2,5 Go : quelque chose lit la base sans fin"
    assert (
        told(Said("the last drill was {span} ago", {"span": Lasting(3 * DAY)}), "fr")
        == "le dernier exercice date de 3 j"
    )
    assert closing([finding], "en").startswith("to mend: 1,")


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


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("certificate")
    request = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "5",
    ]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files_of = ["-keyout", str(folder / "key"), "-out", str(folder / "cert")]
    subprocess.run([*request, *names, *files_of], check=True, capture_output=True)
    return folder


@pytest.fixture
def secured(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert", certificate / "key")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        served_by = threading.Thread(target=_greet, args=(listening, context), daemon=True)
        served_by.start()
        yield listening.getsockname()[1]


def _greet(listening: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        try:
            with context.wrap_socket(connection, server_side=True) as shaken:
                shaken.recv(1)
        except OSError:
            connection.close()


def test_a_certificate_that_nobody_vouches_for_is_told_and_one_that_ends_soon_too(patient, secured, certificate):
    place = Place("localhost", secured, tls=True, names=("heartbeat",))
    patient.now = SystemClock(0).now()
    patient.__dict__["environment"] = {}
    (reached,) = network.reach([place], patient).values()
    assert reached.why.startswith("certificate: self")
    patient.__dict__["environment"] = {"SSL_CERT_FILE": str(certificate / "cert")}
    (reached,) = network.reach([place], patient).values()
    assert (reached.why, reached.days) == ("", 4)
    found = network._judge(place, reached, {})
    assert found is not None
    assert "the certificate of localhost" in told(found.said, "en")


def test_what_refuses_or_does_not_exist_is_told_beside_the_others(patient):
    refused = Place("127.0.0.1", free_port(), tls=False, names=("broker",))
    patient.__dict__["environment"] = {}
    reached = network.reach([refused], patient)
    assert "refused" in reached[refused].why


def test_the_proxy_of_the_environment_is_what_a_web_place_is_reached_through():
    place, broker = Place("acme.example", 443, tls=True), Place("mq.example", 8883, tls=True, web=False)
    environment = {"HTTPS_PROXY": "http://proxy.example:3128", "NO_PROXY": ".internal"}
    through = proxy_of(place, environment)
    assert through is not None
    assert (through.host, through.port) == ("proxy.example", 3128)
    assert proxy_of(broker, environment) is None
    assert proxy_of(Place("a.internal", 443, tls=True), environment) is None


def test_a_connection_through_a_proxy_is_asked_for_and_its_refusal_told(patient):
    asked: list[bytes] = []

    def refuse() -> None:
        connection, _ = listening.accept()
        with connection:
            asked.append(connection.recv(1_000))
            connection.sendall(b"HTTP/1.1 407 no\r\nContent-Length: 0\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        answering = threading.Thread(target=refuse)
        answering.start()
        port = listening.getsockname()[1]
        patient.__dict__["environment"] = {"https_proxy": f"http://me:pass@127.0.0.1:{port}"}
        place = Place("acme.example", 443, tls=True, names=("press",))
        (reached,) = network.reach([place], patient).values()
        answering.join()
    assert asked[0].startswith(b"CONNECT acme.example:443 HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic bWU6cGFzcw==" in asked[0]
    found = network._judge(place, reached, patient.environment)
    assert found is not None
    assert f"through the proxy 127.0.0.1:{port} (the proxy answered 407)" in told(found.said, "en")


def test_every_kind_of_source_and_channel_has_its_place(tmp_path, monkeypatch):
    monkeypatch.setattr("buzzwatch.app.doctor.patient.ask_systemd", lambda: None)
    file = site(tmp_path)
    file.write_text(
        "sources:\n"
        '  broker: {mqtt: {url: "mqtts://mq.example", topics: ["a/#"]}}\n'
        "  sky: {bluesky: {}}\n"
        '  press: {feed: {urls: ["https://paper.example/rss"]}}\n'
        '  fedi: {mastodon: {url: "https://m.example", token: "${env:T}"}}\n'
        "channels:\n"
        '  team: "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"\n'
        '  hook: "jsons://hook.example:8443/x"\n'
        '  mail: "mailtos://a:b@acme.example?smtp=smtp.example&to=c@acme.example"\n'
        'web: {listen: "127.0.0.1:8788", public_url: "https://bw.acme.fr"}\n'
        'heartbeat: {url: "${env:GONE}"}\n'
    )
    places, unknown = places_of(Patient(file, NOW, environment={"T": "x"}))
    found = {name: (place.host, place.port) for place in places for name in place.names}
    assert found["broker"] == ("mq.example", 8883)
    assert found["sky"] == ("jetstream2.us-east.bsky.network", 443)
    assert found["press"] == ("paper.example", 443)
    assert found["fedi"] == ("m.example", 443)
    assert found["team"] == ("hooks.slack.com", 443)
    assert found["hook"] == ("hook.example", 8443)
    assert found["mail"] == ("smtp.example", 587)
    assert found["public_url"] == ("bw.acme.fr", 443)
    assert unknown == ["heartbeat"]


@pytest.fixture
def mail_server():
    """Takes one caller, and keeps what it says."""
    heard: list[str] = []

    def serve() -> None:
        connection, _ = listening.accept()
        with connection, connection.makefile("rwb", buffering=0) as lines:
            lines.write(b"220 mx\r\n")
            for raw in lines:
                heard.append(raw.decode().strip())
                verb = heard[-1].split(" ")[0].upper()
                answers = {"EHLO": b"250-mx\r\n250 AUTH PLAIN\r\n", "AUTH": b"535 no: me@acme.example\r\n"}
                lines.write(answers.get(verb, b"221 bye\r\n"))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = threading.Thread(target=serve, daemon=True)
        serving.start()
        yield listening.getsockname()[1], heard
        serving.join(PATIENCE_S)


@pytest.mark.parametrize("login", [False, True])
def test_a_mail_server_is_greeted_and_sent_nothing(tmp_path, monkeypatch, mail_server, login):
    monkeypatch.setattr("buzzwatch.app.doctor.patient.ask_systemd", lambda: None)
    port, heard = mail_server
    url = f"mailto://me:Gehe1mnis@127.0.0.1:{port}?mode=insecure&to=c@acme.example&from=b@acme.example"
    patient = Patient(site(tmp_path, f'channels: {{mail: "{url}"}}\n'), NOW, login=login, environment={})
    (place,) = [place for place in places_of(patient)[0] if place.mail]
    (reached,) = network.reach([place], patient).values()
    verbs = [line.split(" ")[0].upper() for line in heard]
    assert {"MAIL", "RCPT", "DATA"}.isdisjoint(verbs)
    assert ("AUTH" in verbs) == login
    assert reached.why == ("SMTPAuthenticationError 535" if login else "")


def test_a_member_of_nothing_is_told_what_cannot_be_seen(patient, monkeypatch):
    monkeypatch.setattr(files.os, "geteuid", lambda: 65_534)
    monkeypatch.setattr(files.grp, "getgrnam", lambda name: files.grp.struct_group((name, "x", 77_777, [])))
    monkeypatch.setattr(
        files.pwd, "getpwuid", lambda _uid: files.pwd.struct_passwd(("lea", "x", 65_534, 1, "", "", ""))
    )
    (found,) = files.check_group(served(patient))
    assert found.level is Level.ASIDE
    assert told(found.remedy, "en") == "sudo usermod --append --groups buzzwatch-admin lea, and log in again"


def test_findings_hold_no_more_than_the_checks_that_are_documented():
    document = (Path(__file__).parents[3] / "docs/monitoring.md").read_text("utf-8")
    for subject, _ in ROUND:
        assert f"\n| {subject} | " in document
    assert isinstance(fine("version {ours}"), Finding)
    assert daemon.check_logs in dict(ROUND)["logs"]
