"""A backup put back: what waits in it and is old is not sent again, and nothing that was there is thrown away."""

import os
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from stage import MONDAY, House, mention, rules, warmed

from buzzwatch.app import restoring
from buzzwatch.app.backing_up import back_up
from buzzwatch.app.history import as_line, history
from buzzwatch.app.oblivion import Oblivion, Wish
from buzzwatch.app.recover import recover
from buzzwatch.app.restoring import Restored, copy_to_return_to, restore
from buzzwatch.app.rulebook import compile_rules
from buzzwatch.clock import VirtualClock
from buzzwatch.model.input import EVERYTHING, RulesSwapped
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND, Instant
from buzzwatch.store import swap
from buzzwatch.store.copying import StateError, unwatched
from buzzwatch.store.database import FILE, open_database
from buzzwatch.store.forgotten import FILE as FORGOTTEN
from buzzwatch.store.forgotten import find_returned, read_forgotten_accounts, remember_forgotten
from buzzwatch.store.persons import Person
from buzzwatch.store.snapshot import read_snapshots

NOON = MONDAY + 12 * HOUR
DAEMON = 65_534
"""A user and a group that are not root's."""


async def shout(house: House, name: str) -> None:
    """Somebody with many followers is angry: a warning for the room."""
    await house.say(mention(house.clock.now(), name, angry=True, author={"id": name, "followers": 200_000}))
    await house.move(house.clock.now() + 5 * SECOND)


async def fire(house: House, name: str) -> None:
    """Smoke on board: three people, and a page to Inès."""
    posts = [mention(house.clock.now(), f"{name}{n}", text=f"acme : fumée à bord {name}{n}") for n in range(3)]
    await house.say(*posts)
    await house.move(house.clock.now() + 5 * SECOND)


def put_back(state: Path, file: Path, at: Instant, *, replace: bool = False, agreed: bool = True) -> Restored | None:
    return restore(state, file, at, lambda _: agreed, unwatched, replace=replace)


def restored_targets(restored: Restored) -> set[str]:
    return {each.target for each in restored.old}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    house = House(tmp_path / "state", VirtualClock(NOON))
    house.open()
    await house.tell(RulesSwapped(0, rules()))
    await house.tell(warmed(0))
    yield house
    await house.close()


async def backed_up(house: House, tmp_path: Path) -> Path:
    """Messages wait, old and young, while a backup is made of the state that is at work."""
    await fire(house, "a")
    old = {key for (key,) in house.rows("SELECT key FROM outbox WHERE state = 'waiting'")}
    assert old
    await house.move(house.clock.now() + 90 * SECOND)
    _, path = back_up(house.record.directory, str(tmp_path / "b.tar"), house.clock.now(), None, unwatched)
    assert path is not None
    return path


async def reopened(state: Path, at: Instant) -> House:
    house = House(state, VirtualClock(at))
    house.open()
    return house


async def test_old_messages_are_listed_and_not_sent_again_and_young_ones_leave(house: House, tmp_path: Path):
    await shout(house, "loud")
    await house.move(NOON + 100 * MINUTE)
    await fire(house, "a")
    _, path = back_up(house.record.directory, str(tmp_path / "b.tar"), house.clock.now(), None, unwatched)
    assert path is not None
    at = NOON + 110 * MINUTE
    state = tmp_path / "other"
    restored = put_back(state, path, at)
    assert restored is not None
    assert {each.incident.partition("-")[0] for each in restored.old} == {"acme"}
    assert restored.young > 0
    again = await reopened(state, at)
    await again.move(at + 3 * SECOND)
    left = await again.deliver()
    sent = {notice.key for notice in left}
    assert sent
    assert not sent & {each.key for each in restored.old}
    waited = {key for (key,) in house.rows("SELECT key FROM outbox WHERE state = 'waiting'")}
    instead = {key for notice in left for key in notice.instead_of}
    assert waited - {each.key for each in restored.old} <= sent | instead, (
        "each young one leaves, or another in its stead"
    )
    page = again.record.write_now(lambda db: history(db, "acme", None, again.clock.now(), 500, "en"))
    assert page is not None
    lines = [as_line(event) for event in page.events]
    assert sum("not sent again: 1 h" in line for line in lines) >= len(restored.old)
    await again.close()


async def test_what_was_missed_since_the_backup_is_a_gap(house: House, tmp_path: Path):
    path = await backed_up(house, tmp_path)
    last = house.record.position[1]
    put_back(tmp_path / "other", path, NOON + 5 * HOUR)
    again = await reopened(tmp_path / "other", NOON + 5 * HOUR)
    await again.move(NOON + 5 * HOUR + 2 * SECOND)
    (gap,) = [gap for gap in again.drive.spine.memory.gaps if gap.source == EVERYTHING]
    assert last <= gap.since <= last + 2
    assert gap.until == NOON + 5 * HOUR
    await again.close()


async def test_an_incident_that_nobody_took_pages_again_late_after_the_restore(house: House, tmp_path: Path):
    path = await backed_up(house, tmp_path)
    at = NOON + 5 * HOUR
    restored = put_back(tmp_path / "other", path, at)
    assert restored is not None
    again = await reopened(tmp_path / "other", at)
    await again.move(at + 3 * SECOND)
    left = await again.deliver()
    pages = [notice for notice in left if notice.page]
    assert pages, "it is open and untaken: the ladder goes on"
    assert all(notice.late_since is not None for notice in pages)
    told_ops = [notice for notice in left if notice.incident.route == "ops"]
    assert all("not sent again: 4 h 59" in str(notice.incident.reason) for notice in told_ops)
    assert {name for name in restored_targets(restored) if any(name in n.key for n in told_ops)}
    assert not {notice.key for notice in left} & {each.key for each in restored.old}
    await again.close()


async def test_the_memory_of_the_restored_state_is_that_of_its_journal(house: House, tmp_path: Path):
    path = await backed_up(house, tmp_path)
    state = tmp_path / "other"
    restored = put_back(state, path, NOON + 5 * HOUR)
    assert restored is not None
    assert restored.old
    db = open_database(state)
    (snapshot,) = read_snapshots(state, 2**62)
    assert snapshot[0] == db.execute("SELECT seq FROM position").fetchone()[0]
    kept = recover(db, state, compile_rules).memory.dump()
    for path in state.glob("snapshot-*"):
        path.unlink()
    anew = recover(db, state, compile_rules).memory.dump()
    assert kept == anew
    unsent = {key for *_, key in anew["unsent"]} if "unsent" in anew else set()
    assert not unsent & {each.key for each in restored.old}
    db.close()


async def test_young_messages_say_that_they_may_come_twice(house: House, tmp_path: Path):
    path = await backed_up(house, tmp_path)
    put_back(tmp_path / "other", path, house.clock.now() + MINUTE)
    again = await reopened(tmp_path / "other", house.clock.now() + MINUTE)
    leases = await again.record.lease(again.clock.now(), 1_000, {})
    assert leases
    assert all(lease.doubtful for lease in leases)
    await again.close()


async def test_a_state_at_work_is_not_replaced(house: House, tmp_path: Path):
    path = await backed_up(house, tmp_path)
    with pytest.raises(StateError, match="another buzzwatch"):
        put_back(house.record.directory, path, NOON + DAY, replace=True)


@pytest.fixture
async def stopped(house: House, tmp_path: Path) -> tuple[Path, Path]:
    """A backup, and a state that went on after it and stands still."""
    path = await backed_up(house, tmp_path)
    state = tmp_path / "later"
    put_back(state, path, NOON + HOUR // 2)
    again = await reopened(state, NOON + HOUR)
    await fire(again, "b")
    await again.close()
    (state / "somebody's").write_text("else")
    return state, path


async def test_a_state_is_replaced_only_where_that_is_said_and_stays_beside(stopped: tuple[Path, Path]):
    state, path = stopped
    before = (state / FILE).read_bytes()
    with pytest.raises(StateError, match="--replace"):
        put_back(state, path, NOON + 2 * HOUR)
    assert put_back(state, path, NOON + 2 * HOUR, replace=True, agreed=False) is None
    assert (state / FILE).read_bytes() == before
    assert not list(state.glob("restore*"))
    restored = put_back(state, path, NOON + 2 * HOUR, replace=True)
    assert restored is not None
    assert restored.aside is not None
    assert (restored.aside / FILE).read_bytes() == before
    assert restored.replaced_until is not None
    assert restored.replaced_until > restored.heard_until
    assert restored.replaced_inputs
    assert (state / "somebody's").read_text() == "else"


async def test_modes_are_those_that_the_daemon_gives(stopped: tuple[Path, Path]):
    state, path = stopped
    put_back(state, path, NOON + 2 * HOUR, replace=True)
    assert (state / FILE).stat().st_mode & 0o777 == 0o640
    assert path.stat().st_mode & 0o777 == 0o600
    assert all(each.stat().st_mode & 0o007 == 0 for each in state.iterdir() if each.name.startswith(("buzz", "before")))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
async def test_what_root_restores_is_of_whoever_the_state_belongs_to(stopped: tuple[Path, Path]):
    """As `sudo buzzwatch restore` and the way back of `install.sh` do; with the umask of a careful root."""
    state, path = stopped
    for each in (state, *state.rglob("*")):
        os.chown(each, DAEMON, DAEMON)
    earlier = os.umask(0o077)
    try:
        put_back(state, path, NOON + 2 * HOUR, replace=True)
    finally:
        os.umask(earlier)
    owners = {each.relative_to(state).as_posix(): each.stat().st_uid for each in (state, *state.rglob("*"))}
    assert any(name.startswith(swap.ASIDE) for name in owners)
    assert {name for name, owner in owners.items() if owner != DAEMON} == set()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
@pytest.mark.parametrize("begun", ["decided", "being made"])
async def test_what_root_was_cut_off_in_the_daemon_goes_on_with(
    stopped: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, begun: str
):
    state, path = stopped
    for each in (state, *state.rglob("*")):
        os.chown(each, DAEMON, DAEMON)

    def cut_off(*_args: object) -> None:
        raise KeyboardInterrupt

    earlier = os.umask(0o077)
    with monkeypatch.context() as patch, suppress(KeyboardInterrupt):
        if begun == "decided":
            patch.setattr(swap, "_old", cut_off)
        else:
            patch.setattr(shutil, "rmtree", lambda *_args, **_options: None)
            patch.setattr(restoring, "_prepare", cut_off)
        put_back(state, path, NOON + 2 * HOUR, replace=True)
    os.umask(earlier)
    assert list(state.glob("restore.*"))
    assert as_daemon(state, swap.go_on) == (begun == "decided")
    assert not list(state.glob("restore.*"))


def test_a_directory_that_it_may_not_look_into_does_not_keep_it_from_starting(tmp_path: Path):
    """Such as root left in the state in versions before."""
    (tmp_path / f"{swap.ASIDE}20260301T000000Z").mkdir(mode=0o000)
    if os.geteuid() == 0:
        os.chown(tmp_path, DAEMON, DAEMON)
        assert not as_daemon(tmp_path, swap.go_on)
    else:
        assert not swap.go_on(tmp_path)


def as_daemon(state: Path, work: Callable[[Path], bool]) -> bool:
    """Do it with the rights of another user than root, from within the directory: those above it are pytest's own."""
    here = Path.cwd()
    os.chdir(state)
    os.setegid(DAEMON)
    os.seteuid(DAEMON)
    try:
        return work(Path())
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.chdir(here)


@pytest.mark.parametrize("cut", range(1, 14))
async def test_cut_off_anywhere_one_state_or_the_other_holds(
    stopped: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, cut: int
):
    """Whatever moves a file is cut off at its nth call; the next look finds a state and goes on."""
    state, path = stopped
    here = open_database(state)
    later = here.execute("SELECT seq FROM position").fetchone()
    here.close()
    calls = 0

    def cutting(real):
        def cut_off(*args):
            nonlocal calls
            calls += 1
            if calls == cut:
                raise KeyboardInterrupt
            return real(*args)

        return cut_off

    with monkeypatch.context() as patch:
        for name in ("rename", "replace"):
            patch.setattr(Path, name, cutting(getattr(Path, name)))
        patch.setattr(swap, "settle_directory", cutting(swap.settle_directory))
        try:
            put_back(state, path, NOON + 2 * HOUR, replace=True)
            assert calls < cut
        except KeyboardInterrupt:
            pass
    swap.go_on(state)
    db = open_database(state)
    seq = db.execute("SELECT seq FROM position").fetchone()
    db.close()
    asides = list(state.glob(f"{swap.ASIDE}*"))
    assert len(asides) <= 1
    assert (seq == later) == (not asides)
    assert not list(state.glob("restore.*"))


async def test_a_copy_from_before_a_migration_is_found_and_put_back(stopped: tuple[Path, Path], monkeypatch):
    from buzzwatch.store import database

    state, _ = stopped
    real = database._migrations()
    last = real[-1][0]
    assert copy_to_return_to(state) is None
    with monkeypatch.context() as patch:
        patch.setattr(database, "_migrations", lambda: [*real, (last + 1, "CREATE TABLE later (x);")])
        patch.setattr(database, "newest", lambda: last + 1)
        open_database(state).close()
    with pytest.raises(StateError, match="newer"):
        open_database(state)
    copy = copy_to_return_to(state)
    assert copy is not None
    assert copy.stat().st_mode & 0o777 == 0o600
    restored = put_back(state, copy, NOON + 2 * HOUR, replace=True)
    assert restored is not None
    open_database(state).close()
    assert restored.aside is not None
    with sqlite3.connect(restored.aside / FILE) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (last + 1,)
    db.close()


async def test_of_a_migration_without_a_copy_that_fits_it_says_so(tmp_path: Path):
    open_database(tmp_path).close()
    with sqlite3.connect(tmp_path / FILE) as db:
        db.execute("PRAGMA user_version = 999")
    db.close()
    with pytest.raises(StateError, match="no copy here"):
        copy_to_return_to(tmp_path)


async def test_a_backup_of_a_newer_version_is_refused(house: House, tmp_path: Path):
    other = tmp_path / "newer"
    other.mkdir()
    open_database(other).close()
    with sqlite3.connect(other / FILE) as db:
        db.execute("PRAGMA user_version = 999")
    db.close()
    _, path = back_up(other, str(tmp_path / "n.tar"), NOON, None, unwatched)
    assert path is not None
    with pytest.raises(StateError, match="install the version that made it"):
        put_back(tmp_path / "none", path, NOON)
    assert not list((tmp_path / "none").glob("buzzwatch*"))


async def test_a_database_with_a_trigger_is_refused(house: House, tmp_path: Path):
    other = tmp_path / "sly"
    other.mkdir()
    open_database(other).close()
    with sqlite3.connect(other / FILE) as db:
        db.execute("CREATE TRIGGER sly AFTER INSERT ON journal BEGIN DELETE FROM outbox; END")
    db.close()
    _, path = back_up(other, str(tmp_path / "n.tar"), NOON, None, unwatched)
    assert path is not None
    with pytest.raises(StateError, match="trigger sly"):
        put_back(tmp_path / "none", path, NOON)


async def test_who_was_forgotten_since_the_backup_is_known_and_told_after_it_is_put_back(house: House, tmp_path: Path):
    await house.say(mention(NOON, "one", angry=True), mention(NOON, "two", angry=True))
    state = house.record.directory
    _, path = back_up(state, str(tmp_path / "b.tar"), NOON, None, unwatched)
    assert path is not None
    answer = await Oblivion(house.drive, house.record).grant(Wish(("x:@a-one",), "ines"))
    assert answer.done
    known = (state / FORGOTTEN).read_bytes()
    other = tmp_path / "other"
    put_back(other, path, NOON + MINUTE)
    (other / FORGOTTEN).write_bytes(known)
    restored = put_back(other, path, NOON + MINUTE, replace=True)
    assert restored is not None
    assert restored.returned == 1
    assert msgspec.json.decode((other / FORGOTTEN).read_bytes())["digests"] == msgspec.json.decode(known)["digests"]
    assert (other / FORGOTTEN).stat().st_mode & 0o777 == 0o600
    db = open_database(other)
    assert find_returned(db, other) == ["x:a-one"]
    db.close()


async def test_on_another_machine_the_backup_and_the_state_there_both_remember(house: House, tmp_path: Path):
    await house.say(mention(NOON, "one", angry=True), mention(NOON, "two", angry=True))
    other = tmp_path / "elsewhere"
    other.mkdir()
    remember_forgotten(house.record.directory, [Person("x:@a-one", "x", "a-one", ids={"a-one"})])
    remember_forgotten(other, [Person("x:@a-two", "x", "a-two", ids={"a-two"})])
    _, path = back_up(house.record.directory, str(tmp_path / "b.tar"), NOON, None, unwatched)
    assert path is not None
    restored = put_back(other, path, NOON + MINUTE)
    assert restored is not None
    known = read_forgotten_accounts(other)
    assert known.knows("x", "a-one")
    assert known.knows("x", "a-two")
    assert not known.knows("x", "a-three")
    put_back(other, path, NOON + 2 * MINUTE, replace=True)
    assert len(read_forgotten_accounts(other).others) == 1


async def test_a_list_of_the_forgotten_that_cannot_be_read_is_not_lost(house: House, tmp_path: Path):
    _, path = back_up(house.record.directory, str(tmp_path / "b.tar"), NOON, None, unwatched)
    assert path is not None
    other = tmp_path / "elsewhere"
    other.mkdir()
    (other / FORGOTTEN).write_text("{")
    with pytest.raises(StateError, match="would not be known any more"):
        put_back(other, path, NOON)
    assert (other / FORGOTTEN).read_text() == "{"


async def test_of_states_that_gave_way_the_latest_two_stay_and_what_somebody_named(stopped: tuple[Path, Path]):
    state, path = stopped
    (state / "before-restore-keep").mkdir()
    (state / "before-restore-keep" / "x").touch()
    asides = []
    for hour in range(2, 6):
        restored = put_back(state, path, NOON + hour * HOUR, replace=True)
        assert restored is not None
        asides.append(restored.aside)
        assert restored.removed == ([asides[-3]] if len(asides) > 2 else [])
    assert {each for each in asides if each.exists()} == set(asides[-2:])
    assert (state / "before-restore-keep" / "x").exists()


async def test_forgetting_leaves_no_earlier_state_and_says_what_it_did_not_read(stopped: tuple[Path, Path]):
    state, path = stopped
    put_back(state, path, NOON + 2 * HOUR, replace=True)
    (state / f"{FILE}.before-0003").write_bytes(b"x:@a-a1")
    assert list(state.glob(f"{swap.ASIDE}*"))
    again = await reopened(state, NOON + 2 * HOUR)
    answer = await Oblivion(again.drive, again.record).grant(Wish(("x:@a-a1",), "ines"))
    await again.close()
    assert not [*state.glob(f"{swap.ASIDE}*"), *state.glob(f"{FILE}.*")]
    assert answer.lines[-1].endswith("our files of the state directory; others lie there, unread: somebody's")
    (state / "somebody's").unlink()
    again = await reopened(state, NOON + 2 * HOUR)
    answer = await Oblivion(again.drive, again.record).grant(Wish(("x:@a-a0",), "ines"))
    await again.close()
    assert answer.lines[-1] == "no byte of them is left in the state directory"
