"""What the doctor finds of the service, its secrets and its backup."""

import os
from pathlib import Path

import pytest
from clinic import NOW, levels, said, site

from buzzwatch.app.doctor import backup, files, secrets, service
from buzzwatch.app.doctor.finding import Level, told
from buzzwatch.app.doctor.patient import Patient
from buzzwatch.app.doctor.printing import as_json
from buzzwatch.app.doctor.round import examine
from buzzwatch.app.doctor.service import Unit, credentials_of
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND


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


def test_a_member_of_nothing_is_told_what_cannot_be_seen(patient, monkeypatch):
    monkeypatch.setattr(files.os, "geteuid", lambda: 65_534)
    monkeypatch.setattr(files.grp, "getgrnam", lambda name: files.grp.struct_group((name, "x", 77_777, [])))
    monkeypatch.setattr(
        files.pwd, "getpwuid", lambda _uid: files.pwd.struct_passwd(("lea", "x", 65_534, 1, "", "", ""))
    )
    (found,) = files.check_group(served(patient))
    assert found.level is Level.ASIDE
    assert told(found.remedy, "en") == "sudo usermod --append --groups buzzwatch-admin lea, and log in again"
