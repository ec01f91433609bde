"""A backup read as if a stranger had made it, and made while others write."""

import io
import os
import random
import sqlite3
import subprocess
import sys
import tarfile
from pathlib import Path

import msgspec
import pytest

from buzzwatch.app.backing_up import back_up
from buzzwatch.model.instant import DAY
from buzzwatch.store import copying
from buzzwatch.store.archive import DATABASE, KEY, MANIFEST, Manifest, unpack
from buzzwatch.store.copying import StateError, one_instant, unwatched
from buzzwatch.store.database import COPIES, FILE, copies_of, open_database

AT = 1_800_000_000_000


@pytest.fixture
def state(tmp_path: Path) -> Path:
    state = tmp_path / "state"
    (state / "calendars").mkdir(parents=True)
    (state / "calendars" / "comms.json").write_text("{}")
    (state / KEY).write_bytes(bytes(32))
    open_database(state).close()
    return state


@pytest.fixture
def backup(state: Path, tmp_path: Path) -> Path:
    _, path = back_up(state, str(tmp_path / "b.tar"), AT, None, unwatched)
    assert path is not None
    return path


def take(path: Path, target: Path) -> Manifest:
    target.mkdir()
    with path.open("rb") as file:
        return unpack(str(path), file, target)


def rewritten(path: Path, **changes: object) -> None:
    """The same backup with members added, changed or left out (None)."""
    with tarfile.open(path) as tar:
        members = {member.name: (member, tar.extractfile(member).read()) for member in tar}
    for name, change in changes.items():
        if change is None:
            del members[name]
        else:
            members[name] = change
    with tarfile.open(path, "w") as tar:
        for member, content in members.values():
            tar.addfile(member, io.BytesIO(content) if member.isreg() else None)


def plain(name: str, content: bytes) -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    return member, content


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member, b""


def listing(path: Path, **changes: object) -> tuple[tarfile.TarInfo, bytes]:
    with tarfile.open(path) as tar:
        known = msgspec.json.decode(tar.extractfile(MANIFEST).read())
    return plain(MANIFEST, msgspec.json.encode(known | changes))


def test_what_goes_in_comes_out(backup: Path, state: Path, tmp_path: Path):
    manifest = take(backup, tmp_path / "out")
    assert set(manifest.files) == {DATABASE, KEY, "calendars/comms.json"}
    assert (tmp_path / "out" / KEY).read_bytes() == bytes(32)
    with sqlite3.connect(tmp_path / "out" / DATABASE) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()
    assert backup.stat().st_mode & 0o777 == 0o600
    assert not list(tmp_path.glob(".buzz*"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"../evil": plain("../evil", b"x")}, "holds what no backup holds"),
        ({"/etc/evil": plain("/etc/evil", b"x")}, "holds what no backup holds"),
        ({KEY: link(KEY, "/etc/passwd")}, "stands where its list says"),
        ({KEY: link(KEY, DATABASE, tarfile.LNKTYPE)}, "stands where its list says"),
        ({KEY: link(KEY, "", tarfile.FIFOTYPE)}, "stands where its list says"),
        ({KEY: plain(KEY, b"1" * 32)}, "links.key in it is damaged"),
        ({KEY: plain(KEY, b"1" * 33)}, "stands where its list says"),
        ({KEY: None}, "stands where its list says links.key"),
        ({MANIFEST: None}, "no backup of buzzwatch"),
        ({MANIFEST: plain(MANIFEST, b"{" * 100_000)}, "its list cannot be read"),
        ({MANIFEST: plain(MANIFEST, b"\xff")}, "its list cannot be read"),
        ({MANIFEST: link(MANIFEST, "/etc/passwd")}, "no backup of buzzwatch"),
    ],
)
def test_what_no_backup_holds_is_refused(backup: Path, tmp_path: Path, changes, said):
    rewritten(backup, **changes)
    with pytest.raises(StateError, match=said):
        take(backup, tmp_path / "out")
    assert not (tmp_path / "evil").exists()
    assert not any(path.is_symlink() for path in (tmp_path / "out").rglob("*"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format": 2, "program": "9.9"}, "made in format 2 by buzzwatch 9.9"),
        ({"files": {}}, "holds what no backup holds"),
        ({"files": {DATABASE: [1, ""], "../x": [1, ""]}}, r"\.\./x"),
        ({"files": {DATABASE: [1, ""], "calendars/../x.json": [1, ""]}}, "holds what no backup holds"),
        ({"files": {DATABASE: [-1, ""]}}, "holds what no backup holds"),
        ({"files": {DATABASE: [2**60, ""]}}, "make room"),
        ({"files": {DATABASE: [1, ""], KEY: [2**40, ""]}}, "holds what no backup holds"),
        ({"files": 7}, "its list cannot be read"),
    ],
)
def test_a_list_that_lies_is_refused(backup: Path, tmp_path: Path, changes, said):
    rewritten(backup, **{MANIFEST: listing(backup, **changes)})
    with pytest.raises(StateError, match=said):
        take(backup, tmp_path / "out")


def test_a_member_twice_is_refused(backup: Path, tmp_path: Path):
    with tarfile.open(backup, "a") as tar:
        member, content = plain(KEY, b"2" * 32)
        tar.addfile(member, io.BytesIO(content))
    with pytest.raises(StateError, match="holds what no backup holds"):
        take(backup, tmp_path / "out")


def test_cut_off_or_garbled_anywhere_it_is_refused_in_words_or_is_whole(backup: Path, tmp_path: Path):
    whole = backup.read_bytes()
    dice = random.Random(7)
    refused = 0
    for number in range(150):
        at = dice.randrange(len(whole))
        body = (
            whole[:at] if number % 2 else whole[:at] + bytes([whole[at] ^ (1 << dice.randrange(8))]) + whole[at + 1 :]
        )
        backup.write_bytes(body)
        try:
            take(backup, tmp_path / f"out{number}")
        except StateError:
            refused += 1
        else:
            for name in (DATABASE, KEY):
                with tarfile.open(fileobj=io.BytesIO(whole)) as tar:
                    assert (tmp_path / f"out{number}" / name).read_bytes() == tar.extractfile(name).read()
    assert refused > 120


@pytest.mark.parametrize("body", [b"", b"\0" * 1024, b"SQLite format 4\0", b"\x1f\x8b\x08\0", os.urandom(4096)])
def test_what_is_no_backup_at_all_is_refused_in_words(tmp_path: Path, body: bytes):
    path = tmp_path / "b.tar"
    path.write_bytes(body)
    with pytest.raises(StateError, match=r"no (whole )?backup"):
        take(path, tmp_path / "out")


def test_a_backup_is_of_one_instant_whatever_is_written_meanwhile(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    writer = open_database(state)
    writer.execute("CREATE TABLE filler (x)")
    writer.execute(
        "INSERT INTO filler SELECT randomblob(100000) FROM json_each('[1,1,1,1]') a, json_each('[1,1,1,1]') b"
    )
    looks = []

    def write_between_steps(done: float) -> None:
        writer.execute("UPDATE position SET seq = seq + 1")
        looks.append(done)

    monkeypatch.setattr(copying, "_PAGES", 50)
    _, path = back_up(state, str(tmp_path / "b.tar"), AT, None, write_between_steps)
    assert path is not None
    assert len(looks) > 8, "in steps, and never begun anew"
    assert looks == sorted(looks)
    take(path, tmp_path / "out")
    with sqlite3.connect(tmp_path / "out" / DATABASE) as db:
        assert db.execute("SELECT seq FROM position").fetchone() == (0,)
    db.close()
    writer.close()


def test_a_damaged_database_gives_no_backup(state: Path, tmp_path: Path):
    path = state / FILE
    body = bytearray(path.read_bytes())
    body[4096 * 3 + 8 : 4096 * 4] = bytes(4096 - 8)
    path.write_bytes(body)
    with pytest.raises(StateError, match=r"damaged|malformed"):
        back_up(state, str(tmp_path / "b.tar"), AT, None, unwatched)
    assert not (tmp_path / "b.tar").exists()


def test_a_file_that_is_there_is_never_written_over(state: Path, tmp_path: Path):
    with pytest.raises(StateError, match="there already"):
        back_up(state, str(state / FILE), AT, None, unwatched)
    with pytest.raises(StateError, match="no such directory"):
        back_up(state, str(tmp_path / "none" / "b.tar"), AT, None, unwatched)


def test_of_a_directory_the_latest_stay_and_nothing_else_is_touched(state: Path, tmp_path: Path):
    place = tmp_path / "backups"
    place.mkdir()
    for name in ("buzzwatch-old.tar", "buzzwatch-20260101T000000Z.tar.zst"):
        (place / name).touch()
    left = place / ".buzzwatch-backup-killed"
    left.mkdir()
    (left / "lock").touch()
    for day in range(4):
        back_up(state, str(place), AT + day * DAY, 2, unwatched)
    assert len(list(place.glob("buzzwatch-2027*.tar"))) == 2
    assert {path.name for path in place.iterdir()} >= {"buzzwatch-old.tar", "buzzwatch-20260101T000000Z.tar.zst"}
    assert not left.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts")
def test_it_reads_a_state_that_it_may_not_write_to_with_and_without_a_daemon(state: Path, tmp_path: Path):
    """As the unit of the timer does: the directory is read-only for it."""
    script = f"""
mount --bind {state} {state} && mount -o remount,ro,bind {state} || exit 77
exec {sys.executable} -c "
from pathlib import Path
from buzzwatch.app.backing_up import back_up
print(back_up(Path('{state}'), '{tmp_path}/' + __import__('sys').argv[1], {AT}, None, lambda _: None)[1])" "$0"
"""
    for name in ("stopped.tar", "running.tar"):
        writer = open_database(state) if name == "running.tar" else None
        if writer is not None:
            writer.execute("UPDATE position SET seq = 5")
        else:
            (state / "lock").touch()
            assert not (state / f"{FILE}-wal").exists()
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", script, name], capture_output=True, text=True, check=False
        )
        if done.returncode in (77, 1) and "mount" in done.stderr:
            pytest.skip("mounting needs rights that this user does not have")
        assert done.returncode == 0, done.stderr
        take(tmp_path / name, tmp_path / f"out-{name}")
        if writer is not None:
            writer.close()
    with sqlite3.connect(tmp_path / "out-running.tar" / DATABASE) as db:
        assert db.execute("SELECT seq FROM position").fetchone() == (5,)
    db.close()


def test_copies_from_before_migrations_are_whole_private_and_few(state: Path, monkeypatch: pytest.MonkeyPatch):
    from buzzwatch.store import database

    known = database._migrations()
    for number in range(6):
        last = known[-1][0]
        known = [*known, (last + 1, f"CREATE TABLE later{number} (x);")]
        monkeypatch.setattr(database, "_migrations", lambda known=known: known)
        monkeypatch.setattr(database, "newest", lambda last=last: last + 1)
        open_database(state).close()
    copies = copies_of(state)
    assert len(copies) == COPIES
    for copy in copies:
        assert copy.stat().st_mode & 0o777 == 0o600
        with one_instant(copy) as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert not list(state.glob("*.part"))
