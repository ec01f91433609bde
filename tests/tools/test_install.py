"""install.sh, with an archive and a Python that are small stand-ins; the real ones are in the long drills."""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "tools" / "install.sh"
PYTHON = """#!/bin/sh
# Does what install.sh asks of a Python: makes an environment, and puts one program into it.
case "$*" in
    --version) echo "Python 3.11.9" ;;
    "-I -m venv "*) mkdir -p "$4/bin" "$4/lib" && cp "$0" "$4/bin/python" ;;
    *" pip "*)
        [ -z "$PIP_SLEEPS" ] || sleep "$PIP_SLEEPS"
        [ -z "$PIP_FAILS" ] || exit 1
        program=$(dirname "$0")/buzzwatch
        printf '#!/bin/sh\\necho "$@" >>"$LOG"\\ncase "$1" in restore) exit "${RESTORE:-0}" ;; esac\\n' >"$program"
        chmod +x "$program"
        ;;
esac
"""


def make_archive(folder: Path, version: str, content: str = "") -> Path:
    """What an archive consists of, without wheels that anybody could install."""
    tree = folder / f"buzzwatch-{version}{content}"
    (tree / "wheels").mkdir(parents=True)
    (tree / "wheels" / "one.whl").write_text(version + content)
    for name in ("systemd", "rules"):
        shutil.copytree(ROOT / name, tree / name)
    (tree / "docs").mkdir()
    for name in ("buzzwatch.yaml", "daemon.schema.json", "README.md", "CHANGELOG.md", "LICENSE"):
        shutil.copyfile(ROOT / name, tree / name)
    shutil.copyfile(SCRIPT, tree / "install.sh")
    (tree / "sbom.cdx.json").write_text("{}")
    (tree / "VERSION").write_text(f"{version}\n")
    files = [path for path in tree.rglob("*") if path.is_file()]
    sums = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(tree)}\n" for path in files]
    (tree / "SHA256SUMS").write_text("".join(sorted(sums)))
    return tree


class Machine:
    """A root directory to install into."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "root"
        self.opt = self.root / "opt/buzzwatch"
        self.log = folder / "log"
        self.python = folder / "python3"
        self.python.write_text(PYTHON)
        self.python.chmod(0o755)

    def environment(self, **more: str) -> dict[str, str]:
        known = {"DESTDIR": str(self.root), "PYTHON": str(self.python), "LOG": str(self.log)}
        return {"PATH": os.environ["PATH"], **known, **more}

    def run(self, tree: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        command = ["sh", str(tree / "install.sh"), *arguments]
        return subprocess.run(
            command, env=self.environment(**environment), capture_output=True, text=True, timeout=60, check=False
        )

    def install(self, tree: Path, *arguments: str, **environment: str) -> str:
        done = self.run(tree, *arguments, **environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @property
    def current(self) -> str:
        return str((self.opt / "current").readlink())

    def versions(self) -> set[str]:
        return {path.name for path in self.opt.iterdir() if path.is_dir() and not path.is_symlink()}


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


@pytest.fixture
def one(tmp_path):
    return make_archive(tmp_path, "1.0.0")


@pytest.fixture
def two(tmp_path):
    return make_archive(tmp_path, "1.1.0")


def test_the_script_has_no_fault_that_shellcheck_knows():
    checked = subprocess.run(
        [Path(sys.executable).with_name("shellcheck"), SCRIPT], capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stdout) == (0, "")


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A machine after the first installation, for who only looks at it."""
    folder = tmp_path_factory.mktemp("installed")
    machine = Machine(folder)
    machine.install(make_archive(folder, "1.0.0"))
    return machine


def test_it_puts_the_program_the_units_and_the_examples_in_their_places(installed):
    machine = installed
    assert machine.current == "1.0.0"
    assert (machine.opt / "current/bin/buzzwatch").exists()
    assert str((machine.root / "usr/local/bin/buzzwatch").readlink()) == "/opt/buzzwatch/current/bin/buzzwatch"
    units = machine.root / "usr/local/lib/systemd/system"
    assert {path.name for path in units.iterdir()} >= {"buzzwatch.service", "buzzwatch-backup.timer"}
    assert "\nstate: " in (machine.root / "etc/buzzwatch/buzzwatch.yaml").read_text()
    assert {"acme.yaml", "oncall.yaml"} <= {path.name for path in (machine.root / "etc/buzzwatch/rules").iterdir()}


def test_nothing_that_may_hold_a_secret_or_a_person_is_open_to_everybody(installed):
    etc = installed.root / "etc/buzzwatch"
    modes = {path.relative_to(etc).as_posix(): path.stat().st_mode & 0o7777 for path in etc.rglob("*")}
    assert modes["buzzwatch.yaml"] == 0o640
    assert modes["rules"] == 0o2770
    assert modes["rules/oncall.yaml"] == 0o660
    assert modes["credentials"] == 0o700
    assert (installed.root / "var/backups/buzzwatch").stat().st_mode & 0o7777 == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_rules_belong_to_their_editors_and_the_configuration_to_administrators(installed):
    lines = (installed.root / "etc/group").read_text().splitlines()
    groups = dict(line.split(":")[:3:2] for line in lines)
    etc = installed.root / "etc/buzzwatch"
    for name, group in [("rules", "rules"), ("rules/oncall.yaml", "rules"), ("buzzwatch.yaml", "admin")]:
        assert (etc / name).stat().st_uid == 0
        assert (etc / name).stat().st_gid == int(groups[f"buzzwatch-{group}"]), name
    members = [line for line in lines if line.endswith(":buzzwatch")]
    assert {line.split(":")[0] for line in members} == {"buzzwatch-admin", "buzzwatch-rules"}


def test_a_second_time_nothing_changes_but_a_configuration_open_to_everybody_is_closed(machine, one):
    machine.install(one)
    config = machine.root / "etc/buzzwatch/buzzwatch.yaml"
    config.chmod(0o644)
    before = {path: path.lstat().st_mtime_ns for path in (machine.opt / "1.0.0").rglob("*")}
    said = machine.install(one)
    assert "is there already" in said
    assert "was open to everybody" in said
    assert config.stat().st_mode & 0o777 == 0o640
    assert {path: path.lstat().st_mtime_ns for path in (machine.opt / "1.0.0").rglob("*")} == before
    assert not (machine.opt / "previous").is_symlink()


def test_what_was_configured_stays(machine, one, two):
    machine.install(one)
    etc = machine.root / "etc/buzzwatch"
    (etc / "buzzwatch.yaml").write_text("state: /srv/buzz\n")
    (etc / "rules/acme.yaml").unlink()
    machine.install(two)
    assert (etc / "buzzwatch.yaml").read_text() == "state: /srv/buzz\n"
    assert not (etc / "rules/acme.yaml").exists()


def test_two_versions_stay_and_what_is_not_ours_is_left_alone(machine, one, two, tmp_path):
    (machine.opt / "mine").mkdir(parents=True)
    for tree in (one, two, make_archive(tmp_path, "1.2.0")):
        machine.install(tree)
    assert machine.current == "1.2.0"
    assert machine.versions() == {"1.1.0", "1.2.0", "mine"}


def test_the_same_number_with_another_content_comes_beside(machine, one, tmp_path):
    machine.install(one)
    machine.install(make_archive(tmp_path, "1.0.0", "again"))
    assert machine.current.startswith("1.0.0-")
    assert str((machine.opt / "previous").readlink()) == "1.0.0"


@pytest.mark.parametrize("harm", ["changed", "missing", "more", "link"])
def test_an_archive_that_is_not_as_its_list_says_is_refused_before_anything_is_done(machine, one, harm):
    wheel = one / "wheels/one.whl"
    if harm == "changed":
        wheel.write_text("other")
    elif harm == "missing":
        wheel.unlink()
    elif harm == "link":
        (one / "wheels/more.whl").symlink_to("one.whl")
    else:
        (one / "wheels/one").write_text("a name that another one begins with")
    refused = machine.run(one)
    assert refused.returncode == 1
    assert "unpack" in refused.stderr
    assert not machine.root.exists()


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (["--what"], {}, "--what: no such option"),
        (["--prefix", "opt"], {}, "begins with no /"),
        (["--prefix", "/opt/../etc"], {}, "not a directory for programs"),
        (["--rollback"], {}, "there is no version to go back to"),
        ([], {"PYTHON": "/bin/false"}, "PYTHON=/bin/false: not a Python 3.11, 3.12 or 3.13"),
        ([], {"PIP_FAILS": "1"}, "pip could not install the wheels"),
    ],
)
def test_what_cannot_be_done_is_said_with_place_and_remedy(machine, one, arguments, environment, said):
    refused = machine.run(one, *arguments, **environment)
    assert refused.returncode == 1
    assert said in refused.stderr
    assert not (machine.opt / "current").is_symlink()


def test_a_directory_in_the_way_is_not_removed(machine, one):
    (machine.opt / "1.0.0").mkdir(parents=True)
    (machine.opt / "1.0.0/precious").touch()
    assert "is not of install.sh" in machine.run(one).stderr
    assert (machine.opt / "1.0.0/precious").exists()


@pytest.mark.parametrize("instants", [3, pytest.param(40, marks=pytest.mark.soak)])
def test_killed_at_any_instant_the_version_from_before_works_and_the_next_time_succeeds(machine, one, two, instants):
    machine.install(one)
    began = time.monotonic()
    machine.install(make_archive(machine.folder, "1.0.5"), PIP_SLEEPS="0.05")
    took = time.monotonic() - began
    for part in range(1, instants + 1):
        running = subprocess.Popen(
            ["sh", two / "install.sh"],
            env=machine.environment(PIP_SLEEPS="0.05"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            running.wait(took * part / (instants + 1))
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, 9)
        running.wait()
        assert machine.current in {"1.0.5", "1.1.0"}
        assert (machine.opt / "current/.installed").exists()
        assert (machine.opt / "current/bin/buzzwatch").exists()
    machine.install(two)
    assert machine.current == "1.1.0"
    assert machine.versions() == {"1.0.5", "1.1.0"}
    assert {path.name for path in machine.opt.glob(".*")} <= {".lock", ".unit", ".yaml"}


def test_the_way_back_and_forth_again(machine, one, two):
    """And none where the database from before cannot be put back."""
    machine.install(one)
    machine.install(two)
    refused = machine.run(machine.opt / "current/share", "--rollback", RESTORE="1")
    assert "1.1.0 stays in place" in refused.stderr
    assert machine.current == "1.1.0"
    machine.install(machine.opt / "current/share", "--rollback", "--yes")
    assert machine.current == "1.0.0"
    assert "restore --undo-migration --replace --yes --config" in machine.log.read_text()
    machine.install(machine.opt / "current/share", "--rollback")
    assert machine.current == "1.1.0"


def test_only_one_installs_at_a_time(machine, one):
    machine.opt.mkdir(parents=True)
    with (machine.opt / ".lock").open("w") as lock:
        import fcntl

        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "another install.sh works here" in machine.run(one).stderr
