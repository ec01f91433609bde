"""The unit as systemd itself reads it."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parents[2] / "systemd"
INSTALLED = Path(sys.executable).with_name("buzzwatch")


def systemd(program, *arguments):
    path = shutil.which(program, path="/usr/bin:/bin:/usr/sbin:/sbin")
    assert path, f"{program} is missing: sudo apt install systemd"
    return subprocess.run([path, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def unit(tmp_path):
    """A copy that points at the script installed here: `verify` wants to find the program."""
    text = (HERE / "buzzwatch.service").read_text("utf-8")
    assert "/opt/buzzwatch/current/bin/buzzwatch " in text
    copy = tmp_path / "buzzwatch.service"
    copy.write_text(text.replace("/opt/buzzwatch/current/bin/buzzwatch", str(INSTALLED)), "utf-8")
    shutil.copytree(HERE / "buzzwatch.service.d", tmp_path / "buzzwatch.service.d")
    for beside in ("buzzwatch-failed.service", "buzzwatch-failed.timer"):
        shutil.copy(HERE / beside, tmp_path)
    return copy


def test_systemd_finds_nothing_to_say_about_the_unit(unit):
    answer = systemd("systemd-analyze", "verify", "--man=no", "--recursive-errors=yes", unit)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")


def test_systemd_still_sees_a_mistake_in_it(unit):
    unit.write_text(unit.read_text("utf-8").replace("Restart=always", "Restart=allways"), "utf-8")
    assert "allways" in systemd("systemd-analyze", "verify", "--man=no", "--recursive-errors=yes", unit).stderr


@pytest.mark.parametrize("name", ["buzzwatch.service", "buzzwatch-failed.service"])
def test_the_services_are_exposed_to_little(unit, name):
    answer = systemd("systemd-analyze", "security", "--offline=true", "--no-pager", unit.with_name(name))
    exposure = re.search(r"Overall exposure level for \S+: ([\d.]+)", answer.stdout)
    assert exposure, answer.stderr
    assert float(exposure[1]) <= 1.5


def test_a_daemon_that_ends_is_restarted_without_limit_and_somebody_looks(unit):
    text = unit.read_text("utf-8")
    for line in ("Restart=always", "StartLimitIntervalSec=0", "OnFailure=buzzwatch-failed.service"):
        assert line in text.splitlines()
    for line in ("Wants=buzzwatch-failed.timer", "Also=buzzwatch-failed.timer"):
        assert line in text.splitlines()
    beside = unit.with_name("buzzwatch-failed.service")
    answer = systemd("systemd-analyze", "verify", "--man=no", "--recursive-errors=yes", beside)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")
    assert "LoadCredential=last_resort:" in beside.read_text("utf-8")
    assert not re.search("State|rules|buzzwatch.yaml", beside.read_text("utf-8"))


def test_every_credential_of_the_example_can_be_uncommented(unit, tmp_path):
    drop_in = tmp_path / "buzzwatch.service.d" / "credentials.conf"
    text = drop_in.read_text("utf-8")
    assert text.count("#LoadCredential=") >= 3
    drop_in.write_text(text.replace("#LoadCredential=", "LoadCredential="), "utf-8")
    answer = systemd("systemd-analyze", "verify", "--man=no", "--recursive-errors=yes", unit)
    assert (answer.returncode, answer.stderr) == (0, "")


def test_what_a_plugged_in_scorer_may_need_can_be_granted(unit, tmp_path):
    document = (HERE.parent / "docs" / "scorer-plugins.md").read_text("utf-8")
    drop_in = re.search(r"^```ini\n(.*?)^```", document, re.MULTILINE | re.DOTALL)
    (tmp_path / "buzzwatch.service.d" / "scorer.conf").write_text(drop_in[1], "utf-8")
    answer = systemd("systemd-analyze", "verify", "--man=no", "--recursive-errors=yes", unit)
    assert (answer.returncode, answer.stderr) == (0, "")


def test_the_user_and_the_groups_of_the_unit_are_those_that_sysusers_makes(unit, tmp_path):
    (tmp_path / "etc").mkdir()
    answer = systemd("systemd-sysusers", f"--root={tmp_path}", HERE / "buzzwatch.sysusers")
    assert answer.returncode == 0, answer.stderr
    text = unit.read_text("utf-8")
    users = (tmp_path / "etc/passwd").read_text("utf-8")
    groups = (tmp_path / "etc/group").read_text("utf-8")
    assert re.search(r"^User=(\w+)$", text, re.MULTILINE)[1] in users
    assert re.search(rf"^{re.search(r'^Group=(.+)$', text, re.MULTILINE)[1]}:.*:buzzwatch$", groups, re.MULTILINE)


def test_the_directories_of_tmpfiles_keep_credentials_from_everybody_else():
    lines = [line.split() for line in (HERE / "buzzwatch.tmpfiles").read_text("utf-8").splitlines() if line[0] != "#"]
    modes = {path: (mode, user) for _, path, mode, user, *_ in lines}
    assert modes["/etc/buzzwatch/credentials"] == ("0700", "root")


@pytest.fixture
def backup_unit(tmp_path):
    """The unit of the backup and its timer, as `unit`."""
    for name in ("buzzwatch-backup.service", "buzzwatch-backup.timer", "buzzwatch.service"):
        text = (HERE / name).read_text("utf-8")
        (tmp_path / name).write_text(text.replace("/opt/buzzwatch/current/bin/buzzwatch", str(INSTALLED)), "utf-8")
    return tmp_path / "buzzwatch-backup.service"


def test_systemd_finds_nothing_to_say_about_the_backup_and_its_timer(backup_unit):
    for each in (backup_unit, backup_unit.with_suffix(".timer")):
        answer = systemd("systemd-analyze", "verify", "--man=no", "--recursive-errors=yes", each)
        assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")


def test_the_backup_is_exposed_to_less_than_the_service(backup_unit):
    answer = systemd("systemd-analyze", "security", "--offline=true", "--no-pager", backup_unit)
    exposure = re.search(r"Overall exposure level for \S+: ([\d.]+)", answer.stdout)
    assert exposure, answer.stderr
    assert float(exposure[1]) <= 1.5


def test_the_directory_of_rules_is_its_editors_and_closed_to_everybody_else():
    lines = [line.split() for line in (HERE / "buzzwatch.tmpfiles").read_text("utf-8").splitlines() if line[0] != "#"]
    owners = {path: (mode, user, group) for _, path, mode, user, group, *_ in lines}
    assert owners["/etc/buzzwatch/rules"] == ("2770", "root", "buzzwatch-rules")
    assert owners["/var/backups/buzzwatch"] == ("0700", "buzzwatch", "buzzwatch-admin")
