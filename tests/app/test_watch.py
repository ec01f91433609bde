"""Saved rule files are read by themselves: the whole set or nothing, and only once nobody writes."""

import asyncio
import errno
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from stage import MONDAY, PATIENCE_S, House

from buzzwatch.app import saved
from buzzwatch.app.config import load
from buzzwatch.app.history import history
from buzzwatch.app.rulebook import Rulebook
from buzzwatch.app.saved import Inotify, read_whole, stamp_of
from buzzwatch.app.secret import Secrets
from buzzwatch.app.watch import QUIET, Watcher
from buzzwatch.clock import VirtualClock, settle
from buzzwatch.model.instant import HOUR, MINUTE, SECOND
from buzzwatch.model.reading import How
from buzzwatch.rules.faults import RuleFaults

NOON = MONDAY + 12 * HOUR
ACME = "brand: acme\nmatch: {any: [acme]}\nrules: [{name: v, when: {volume: {at_least: 3}}, severity: watch}]\n"
BETTER = ACME.replace("at_least: 3", "at_least: 4")
BROKEN = ACME.replace("severity: watch", "severity: wach")
ONCALL = """
people: {ines: {name: Inès, language: fr, reach: {push: console}}}
routes: {oncall: {steps: [{after: 0m, tell: ines}]}, editors: {copy: [console]}}
"""


class Nudges:
    """Hints that come when a test gives them."""

    def __init__(self):
        self._given = asyncio.Queue()

    async def listen(self) -> AsyncIterator[None]:
        while True:
            yield await self._given.get()

    def nudge(self):
        self._given.put_nowait(None)

    def close(self):
        pass


class Watched(Watcher):
    """Counts its looks, so that a test can wait for one."""

    looks = 0
    looked = asyncio.Event

    async def _look(self):
        await super()._look()
        self.looks += 1
        self.looked.set()


class Desk:
    """A rules directory, a rulebook on a real record, and a watcher."""

    def __init__(self, folder: Path, more: str = ""):
        self.folder = folder / "rules"
        if not self.folder.exists():
            self.folder.mkdir()
            self.save(ACME)
            (self.folder / "oncall.yaml").write_text(ONCALL)
        (folder / "buzzwatch.yaml").write_text(f"sources: {{push: {{http: {{}}}}}}\n{more}")
        self.config = load(folder / "buzzwatch.yaml", environment={})
        self.house = House(folder / "state", VirtualClock(NOON))
        self.clock = self.house.clock
        self.book = Rulebook(self.config, Secrets(), self.house.drive, self.house.metrics, 0)
        self.hints = Nudges()

    async def open(self) -> "Desk":
        first = self.book.begin()
        self.house.open()
        await self.book.accept(first)
        self.watcher = Watched(self.book, self.clock, self.hints, reads=self.config.reload == "by-itself")
        self.watcher.looked = asyncio.Event()
        self.running = asyncio.create_task(self.watcher.run())
        await self.look(1)
        return self

    def save(self, text: str | bytes, name: str = "acme.yaml"):
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())

    async def look(self, times: int):
        async with asyncio.timeout(PATIENCE_S):
            while self.watcher.looks < times:
                self.watcher.looked.clear()
                await self.watcher.looked.wait()
        await settle()

    async def noticed(self):
        """Look once more, since something may have been saved."""
        before = self.watcher.looks
        self.hints.nudge()
        await self.look(before + 1)

    async def quiet(self, span: int = QUIET):
        """Let that time pass, and what is due then be done: a look that reads, and one that finds it read."""
        before = self.watcher.looks
        await self.clock.advance(span)
        await self.look(before + 2)
        await self.house.move(self.clock.now())

    async def saved(self, text: str | bytes, name: str = "acme.yaml"):
        self.save(text, name)
        await self.noticed()
        await self.quiet()

    @property
    def least(self) -> float:
        """What the rule in force asks for."""
        return self.house.drive.spine.memory.rules.brands["acme"].rules[0].when._root.checks[0].need(None)

    def rows(self, kind: str) -> int:
        return self.house.rows(f"SELECT count(*) FROM journal WHERE kind = '{kind}'")[0][0]

    def notices(self) -> list[str]:
        return [n.kind for _, outcome in self.house.outcomes for n in outcome.notices if n.refused is not None]

    def lines(self, language="en") -> list[str]:
        page = self.house.record.write_now(lambda db: history(db, "", 0, self.clock.now(), 500, language))
        return [event.says for event in page.events if event.what.startswith("rules")]

    async def close(self):
        self.running.cancel()
        await asyncio.wait([self.running])
        await self.house.close()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    desk = await Desk(tmp_path).open()
    yield desk
    await desk.close()


async def test_a_saved_file_is_read_after_two_seconds_of_quiet_and_not_before(desk: Desk):
    desk.save(BETTER)
    await desk.noticed()
    await desk.clock.advance(QUIET - 1)
    assert desk.least == 3
    await desk.quiet(1)
    assert desk.least == 4
    assert desk.book.unread_since is None
    assert desk.book.in_force <= NOON  # as the daemon is told by its commits


async def test_whoever_goes_on_writing_is_waited_for_and_said_to_be(desk: Desk):
    for second in range(70):
        desk.save(BETTER + f"# {second}\n")
        await desk.noticed()
        await desk.clock.advance(SECOND)
    assert desk.least == 3
    assert desk.book.long_unread == NOON
    assert "are not read yet" in desk.book.troubles()[0]
    await desk.quiet()
    assert desk.least == 4
    assert desk.book.troubles() == ()


async def test_files_that_say_the_same_change_nothing(desk: Desk):
    before = desk.rows("rules")
    await desk.saved(ACME)
    os.utime(desk.folder / "acme.yaml", ns=(1, 1))
    await desk.noticed()
    await desk.quiet()
    assert desk.rows("rules") == before


async def test_what_editors_leave_beside_is_no_change(desk: Desk):
    for name in (".acme.yaml.swp", "acme.yaml~", "4913", "#acme.yaml#", "acme.yaml.tmp"):
        desk.save("not: [yaml", name)
        await desk.noticed()
    assert desk.book.unread_since is None


async def test_an_atomic_rename_is_one_change(desk: Desk):
    desk.save(BETTER, "new.tmp")
    (desk.folder / "new.tmp").rename(desk.folder / "acme.yaml")
    await desk.noticed()
    await desk.quiet()
    assert desk.least == 4


async def test_a_broken_file_is_refused_once_however_often_it_is_saved_and_the_last_good_set_stays(desk: Desk):
    for turn in range(4):
        await desk.saved(BROKEN + f"# {turn}\n")
    assert desk.least == 3
    assert desk.notices() == ["opened"]
    assert desk.rows("rulesrefused") == 4
    assert "the rules on disk are refused: acme.yaml:3:" in desk.book.troubles()[0]
    assert b"buzzwatch_rules_faults 1.0" in desk.house.metrics.exposition()
    await desk.saved(ACME)
    assert desk.notices() == ["opened", "over"]
    assert desk.book.troubles() == ()
    assert desk.rows("rules") == 1


async def test_other_faults_are_told_again_after_an_hour(desk: Desk):
    await desk.saved(BROKEN)
    await desk.saved(BROKEN.replace("wach", "woch"))
    await desk.clock.advance(HOUR)
    assert desk.notices() == ["opened"]
    await desk.saved(BROKEN.replace("wach", "wich"))
    assert desk.notices() == ["opened", "opened"]


@pytest.mark.parametrize(
    "content",
    [b"", ACME[:40].encode(), b"\xff\xfe\x00brand", b"a: [" * 1_000, b"x" * 10_000_000, b"brand: *nobody"],
    ids=["empty", "half saved", "binary", "bomb", "10 MB", "alias"],
)
async def test_whatever_a_file_holds_the_last_good_set_stays(desk: Desk, content: bytes):
    await desk.saved(content)
    assert desk.least == 3
    assert desk.book.troubles()


async def test_a_name_that_no_record_can_hold_is_refused(desk: Desk):
    await desk.saved(ACME.replace("acme", "zed"), "z\udcff.yaml")
    assert desk.rows("rulesrefused") == 1
    (desk.folder / "z\udcff.yaml").unlink()
    await desk.saved(BETTER)
    assert desk.least == 4


async def test_a_directory_that_vanishes_and_comes_back(desk: Desk):
    away = desk.folder.with_name("away")
    desk.folder.rename(away)
    await desk.noticed()
    await desk.quiet()
    assert "cannot be read" in desk.book.troubles()[0]
    assert desk.least == 3
    away.rename(desk.folder)
    await desk.noticed()
    await desk.quiet()
    assert desk.book.troubles() == ()
    assert desk.notices() == ["opened", "over"]


async def test_one_that_is_back_within_two_seconds_was_never_away(desk: Desk):
    away = desk.folder.with_name("away")
    desk.folder.rename(away)
    await desk.noticed()
    away.rename(desk.folder)
    await desk.noticed()
    assert desk.notices() == []
    assert desk.book.unread_since is None


async def test_a_switched_symlink_is_a_change_of_all_files(tmp_path: Path):
    for name, text in (("one", ACME), ("two", BETTER)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "acme.yaml").write_text(text)
        (tmp_path / name / "oncall.yaml").write_text(ONCALL)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "..data").symlink_to(tmp_path / "one")
    for name in ("acme.yaml", "oncall.yaml"):
        (tmp_path / "rules" / name).symlink_to(Path("..data", name))
    desk = await Desk(tmp_path).open()
    (tmp_path / "rules" / "..new").symlink_to(tmp_path / "two")
    (tmp_path / "rules" / "..new").rename(tmp_path / "rules" / "..data")
    await desk.noticed()
    await desk.quiet()
    assert desk.least == 4
    await desk.close()


async def test_by_command_nothing_is_read_by_itself_and_what_was_saved_is_noted(tmp_path: Path):
    desk = await Desk(tmp_path, "reload: by-command\n").open()
    desk.save(BETTER)
    await desk.noticed()
    await desk.clock.advance(2 * MINUTE)
    assert desk.least == 3
    assert desk.book.long_unread == NOON
    assert desk.book.troubles() == ()
    await desk.book.read_again(How.COMMAND, "ines", "root")
    assert desk.least == 4
    await desk.noticed()
    assert desk.book.unread_since is None
    await desk.close()


async def test_a_clock_set_back_delays_nothing(desk: Desk):
    desk.save(BETTER)
    await desk.noticed()
    desk.watcher._quiet_at += HOUR
    await desk.noticed()
    await desk.quiet()
    assert desk.least == 4


async def test_a_reading_that_fails_keeps_the_rules_and_the_next_save_is_read(desk: Desk, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(desk.book, "_prepare", lambda *_: 1 / 0)
        assert not await desk.book.read_unasked(How.SIGNAL)
        desk.save(BETTER)
        await desk.noticed()
        before = desk.watcher.looks
        await desk.clock.advance(QUIET)
        await desk.look(before + 1)
        assert desk.least == 3
    await desk.saved(BETTER.replace("at_least: 4", "at_least: 5"))
    assert desk.least == 5


def test_a_file_that_is_saved_while_it_is_read_is_read_again(tmp_path: Path, monkeypatch):
    (tmp_path / "acme.yaml").write_text("one")
    once, texts = saved.read, iter(["two", "three"])

    def read(directory):
        found = once(directory)
        if (text := next(texts, None)) is not None:
            (tmp_path / "acme.yaml").write_text(text + " and longer" * len(text))
        return found

    monkeypatch.setattr(saved, "read", read)
    stamp, found = read_whole(tmp_path)
    assert found["acme.yaml"].startswith("three")
    assert stamp == stamp_of(tmp_path)


def test_a_file_that_vanishes_between_listing_and_reading_is_read_again(tmp_path: Path, monkeypatch):
    (tmp_path / "acme.yaml").write_text("one")
    (tmp_path / "gone.yaml").write_text("one")
    once = saved.read

    def read(directory):
        monkeypatch.setattr(saved, "read", once)
        (tmp_path / "gone.yaml").unlink()
        raise RuleFaults(())

    monkeypatch.setattr(saved, "read", read)
    assert set(read_whole(tmp_path)[1]) == {"acme.yaml"}


async def test_a_system_without_a_watch_left_is_said_once_and_the_looks_go_on(tmp_path: Path, monkeypatch):
    said: list[str] = []
    monkeypatch.setattr(saved, "LOOK_EVERY_S", 0)
    hints = Inotify(tmp_path, said.append)

    async def watch():
        raise OSError(errno.ENOSPC, "OS file watch limit reached")
        yield

    monkeypatch.setattr(hints, "_watch", watch)
    heard = 0
    async for _ in hints.listen():
        heard += 1
        if heard == 3:
            hints.close()
    assert (heard, len(said)) == (3, 1)
    assert "limit reached" in said[0]


async def test_the_record_says_who_changed_what(desk: Desk):
    owner = saved.user_name(os.getuid())
    await desk.saved(BETTER)
    assert desk.lines()[-1] == (
        f"rules changed (file owner {owner}): acme.yaml +1 −1: acme: rule `v`: `volume.at_least` 3 → 4"
    )
    desk.save(ACME)
    await desk.book.read_again(How.COMMAND, "ines", "root")
    assert desk.lines()[-1].startswith(f"rules changed by ines (file owner {owner}, by `buzzwatch reload`): acme.yaml")
    await desk.saved(BROKEN)
    assert desk.lines("fr")[-1].startswith(f"règles refusées (fichier de {owner}) : 1 faute : acme.yaml:3:")
    await desk.saved(ACME)
    assert desk.lines()[-1] == "the rule files are accepted again"


async def test_a_restart_on_broken_files_keeps_the_last_good_set_and_tells_nobody_twice(tmp_path: Path):
    desk = await Desk(tmp_path).open()
    await desk.saved(BROKEN)
    since = desk.book.refused_since
    desk.running.cancel()
    await asyncio.wait([desk.running])
    await desk.house.kill()
    again = await Desk(tmp_path).open()
    assert again.least == 3
    assert again.book.troubles()
    assert again.notices() == []
    assert again.book.refused_since == since
    await again.saved(BETTER)
    assert again.notices() == ["over"]
    assert again.least == 4
    await again.close()


async def test_what_was_read_and_not_committed_when_we_were_killed_is_read_at_the_next_start(tmp_path: Path):
    desk = await Desk(tmp_path).open()
    reached = asyncio.Event()

    async def hang(_batch):
        reached.set()
        await asyncio.Event().wait()

    desk.house.record.commit = hang
    desk.save(BETTER)
    reading = asyncio.create_task(desk.book.read_again(How.COMMAND, "ines"))
    await asyncio.wait_for(reached.wait(), PATIENCE_S)
    for task in (reading, desk.running):
        task.cancel()
    await asyncio.wait([reading, desk.running])
    await desk.house.kill()
    again = await Desk(tmp_path).open()
    assert again.least == 4
    assert "read at the start" in again.lines()[-1]
    assert not any("ines" in line for line in again.lines())
    await again.close()


async def test_files_that_were_mended_while_we_were_down_are_said_to_be(tmp_path: Path):
    desk = await Desk(tmp_path).open()
    await desk.saved(BROKEN)
    desk.running.cancel()
    await asyncio.wait([desk.running])
    await desk.house.kill()
    desk.save(ACME)
    again = await Desk(tmp_path).open()
    await again.clock.advance(SECOND)
    assert again.book.troubles() == ()
    assert again.house.drive.spine.memory.refusal is None
    await again.close()
