"""Backups and restores killed at random, on disks without room: one state or the other holds, and no half of one."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import tarfile
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest

from buzzwatch.store import swap
from buzzwatch.store.database import FILE, StateLock, open_database

KILLS = 40


def make_state(state: Path, seq: int, megabytes: int) -> None:
    """A record that stands at `seq`, as large as that."""
    state.mkdir(parents=True)
    with closing(open_database(state)) as db:
        db.execute("UPDATE position SET seq = ?, now = ?", (seq, 1_800_000_000_000 + seq))
        db.executemany(
            "INSERT INTO content VALUES (?, 1, 0.5, ?, '', 0)",
            [(f"x:{n}", os.urandom(4000)) for n in range(megabytes * 250)],
        )


def seq_of(state: Path) -> int:
    with closing(sqlite3.connect(state / FILE)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return db.execute("SELECT seq FROM position").fetchone()[0]


def settled(state: Path) -> int:
    """What a daemon finds at its next start."""
    lock = StateLock(state)
    try:
        swap.go_on(state)
    finally:
        lock.release()
    assert not list(state.glob("restore.*"))
    return seq_of(state)


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    (tmp_path / "buzzwatch.yaml").write_text(
        "state: state\nrules: rules\nsources: {push: {http: {listen: '127.0.0.1:1'}}}\n"
    )
    return tmp_path


def command(desk: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "buzzwatch", *arguments, "--config", str(desk / "buzzwatch.yaml")]


def killed(desk: Path, dice: random.Random, took: float, *arguments: str) -> bool:
    """Run a command and kill it at random within the time that it takes; whether it was killed."""
    running = subprocess.Popen(command(desk, *arguments), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with suppress(subprocess.TimeoutExpired):
        running.wait(took * dice.uniform(0.4, 1.3))
    running.kill()
    return running.wait() == -signal.SIGKILL


def timed(desk: Path, *arguments: str) -> float:
    began = time.monotonic()
    subprocess.run(command(desk, *arguments), check=True, capture_output=True)
    return time.monotonic() - began


@pytest.mark.soak
def test_a_backup_that_is_killed_leaves_no_file_and_the_next_one_cleans_up(desk: Path):
    make_state(desk / "state", 5, 20)
    (desk / "backups").mkdir()
    took = timed(desk, "backup", str(desk / "backups"))
    dice = random.Random(3)
    kills = 0
    for number in range(KILLS):
        target = desk / "backups" / f"b{number}.tar"
        kills += killed(desk, dice, took, "backup", str(target))
        if target.exists():
            with tarfile.open(target) as tar:
                assert tar.getnames()[0] == "manifest.json"
            target.unlink()
        assert seq_of(desk / "state") == 5
    timed(desk, "backup", str(desk / "backups" / "last.tar"))
    left = [path.name for path in (desk / "backups").iterdir() if not path.name.endswith(".tar")]
    sys.stdout.write(f"{kills} of {KILLS} backups killed, {len(left)} left behind\n")
    assert kills > KILLS // 3
    assert left == []


@pytest.mark.soak
def test_a_restore_that_is_killed_leaves_one_state_or_the_other(desk: Path):
    make_state(desk / "state", 5, 20)
    backup = str(desk / "b.tar")
    timed(desk, "backup", backup)
    with closing(open_database(desk / "state")) as db:
        db.execute("UPDATE position SET seq = 9")
    took = timed(desk, "restore", backup, "--replace", "--yes")
    dice = random.Random(4)
    kills, restored = 0, 0
    for _ in range(KILLS):
        with closing(open_database(desk / "state")) as db:
            db.execute("UPDATE position SET seq = 9")
        for aside in (desk / "state").glob(f"{swap.ASIDE}*"):
            subprocess.run(["rm", "-r", str(aside)], check=True)
        kills += killed(desk, dice, took, "restore", backup, "--replace", "--yes")
        found = settled(desk / "state")
        asides = list((desk / "state").glob(f"{swap.ASIDE}*"))
        assert found in (5, 9)
        assert len(asides) == (found == 5)
        if asides:
            restored += 1
            assert seq_of(asides[0]) == 9
    sys.stdout.write(f"{kills} of {KILLS} restores killed, {restored} of them were decided and gone on with\n")
    assert kills > KILLS // 3


@pytest.fixture
def small_disk(desk: Path):
    state = desk / "state"
    state.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=14m,mode=0750", "tmpfs", state], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("mounting a file system needs rights that this user does not have")
    yield state
    subprocess.run(["umount", state], check=True)


def test_without_room_nothing_is_made_and_nothing_is_lost(desk: Path, small_disk: Path):
    make_state(desk / "elsewhere", 5, 6)
    for name in (FILE,):
        (small_disk / name).write_bytes((desk / "elsewhere" / name).read_bytes())
    refused = subprocess.run(
        command(desk, "backup", str(small_disk / "b.tar")), capture_output=True, text=True, check=False
    )
    assert refused.returncode == 1
    assert "room" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (small_disk / "b.tar").exists()
    assert not list(small_disk.glob(".buzz*"))

    subprocess.run(command(desk, "backup", str(desk / "b.tar")), check=True, capture_output=True)
    (small_disk / "filler").write_bytes(bytes(4_000_000))
    refused = subprocess.run(
        command(desk, "restore", str(desk / "b.tar"), "--replace", "--yes"), capture_output=True, text=True, check=False
    )
    assert refused.returncode == 1
    assert "room" in refused.stderr
    assert settled(small_disk) == 5
