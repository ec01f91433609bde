"""Forgetting authors: in the running daemon, between two of its turns, or on a state directory that nobody uses."""

import asyncio
import sqlite3
import time
from collections.abc import Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import structlog
from aiohttp import web
from msgspec import Struct

from buzzwatch.app import systemd
from buzzwatch.app.amending import DriveEndedError
from buzzwatch.app.config import Config
from buzzwatch.app.drive import Drive
from buzzwatch.app.rulebook import read_rules
from buzzwatch.ingest.sight import account_key
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.instant import Instant
from buzzwatch.rules.words import Language, Said, in_language, words_of
from buzzwatch.store.forgetting import clean, finish_renaming, forget, pending, strangers_beside
from buzzwatch.store.forgotten import remember_forgotten
from buzzwatch.store.persons import Person, PersonError, find_persons, platform, spelled
from buzzwatch.store.record import Record
from buzzwatch.web.desk import Answer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

AGAIN_S = 5.0
"""Between attempts at cleaning while somebody reads."""
PATIENCE_S = 90.0
"""How long whoever asks waits for the cleaning, which goes on without them."""
_FEED_S = 5.0
_NO_ROOM = "nobody is forgotten while the disk has no room or cannot be written: make room, then ask again"
_STOPPING = "the daemon is stopping; ask again once it runs: what was begun is finished then"
_NOT_WRITTEN = "nobody was forgotten: the state could not be written ({why})"
_UNCLEAN = "the database is still being cleaned of remnants; that goes on by itself"

log = structlog.get_logger()


class Wish(Struct, frozen=True, forbid_unknown_fields=True):
    """Which authors are to be forgotten, and who asks: the body of `/forget`."""

    authors: tuple[str, ...]
    by: str
    language: Language = "en"


class Done(Struct, frozen=True):
    """How many were forgotten, with how many posts, and for how long nothing else was done, in seconds."""

    authors: int
    posts: int
    paused: float


def refuse_listed(persons: Sequence[Person], rules: Ruleset) -> None:
    """Whoever stands in the rule files is to be taken out of them first.

    Raises:
        PersonError: somebody does.
    """
    for person in persons:
        accounts = {f"{person.source}:{name}" for name in (*person.ids, *person.handles, person.name)}
        for brand in rules.brands.values():
            listed = (*brand.official, *(each for voices in brand.voices.values() for each in voices))
            if accounts & {_account(each) for each in listed}:
                told = "{account} stands in the rule file of {brand}: take it out of there and read the rules again"
                raise PersonError(Said(told, {"account": person.asked, "brand": brand.key}))


def _account(listed: str) -> str:
    source, _, name = account_key(listed).partition(":")
    return f"{platform(source)}:{spelled(name)}"


def forget_on_record(
    db: sqlite3.Connection, directory: Path, asked: Sequence[str], at: Instant, by: str
) -> tuple[list[Person], dict[tuple[str, str], str]]:
    """Forget authors in the database; who they were, and the cursors of sources that are others now.

    `finish_renaming` is to follow before anything is stepped.
    """
    persons = [person for person in find_persons(db, asked) if person.posts]
    if not persons:
        return [], {}
    remember_forgotten(directory, persons)
    return persons, forget(db, persons, at, by)


def forget_unattended(config: Config, asked: Sequence[str], by: str, at: Instant, language: Language) -> Answer:
    """Forget authors in a state directory on which no daemon works.

    Raises:
        StateError: a daemon does, or it cannot be used.
        PersonError: what is asked for is nobody's account, or stands in the rules.
    """
    rules = read_rules(config.rules)
    if rules.people and by not in rules.people:
        return _stranger(rules, by, language)
    began = time.monotonic()
    record = Record(config.state)
    try:
        directory = config.state
        record.write_now(partial(finish_renaming, directory=directory))
        record.write_now(lambda db: refuse_listed(find_persons(db, asked), rules))
        persons, _ = record.write_now(lambda db: forget_on_record(db, directory, asked, at, by))
        record.write_now(partial(finish_renaming, directory=directory))
        while not record.write_now(partial(clean, directory=directory)):
            time.sleep(AGAIN_S)
    finally:
        record.close()
    return _tell(_done(persons, began), language, config.state, cleaned=True)


def _done(persons: Sequence[Person], began: float) -> Done:
    return Done(len(persons), sum(len(person.posts) for person in persons), time.monotonic() - began)


def _stranger(rules: Ruleset, by: str, language: Language) -> Answer:
    told = "there is nobody called '{name}' in oncall.yaml; people are: {people}"
    return Answer(False, (in_language(Said(told, {"name": by, "people": ", ".join(rules.people)}), language),))


def _tell(done: Done, language: Language, directory: Path, *, cleaned: bool) -> Answer:
    told = "forgotten: {authors} authors, {posts} posts; nothing else was done for {span} s"
    values = {"authors": done.authors, "posts": done.posts, "span": f"{done.paused:.1f}"}
    rest = _left(directory) if cleaned else Said(_UNCLEAN)
    return Answer(True, (in_language(Said(told, values), language), in_language(rest, language)))


def _left(directory: Path) -> Said:
    strangers = strangers_beside(directory)
    if not strangers:
        return Said("no byte of them is left in the state directory")
    told = "no byte of them is left in our files of the state directory; others lie there, unread: {names}"
    return Said(told, {"names": ", ".join(strangers)})


class Oblivion:
    """What the daemon does of it."""

    def __init__(self, drive: Drive, record: Record) -> None:
        self._drive = drive
        self._record = record
        self._forgetting = asyncio.Lock()

    def open(self, control: web.Application) -> None:
        """Answer on the control socket."""
        control.router.add_post("/forget", self._answer)

    async def _answer(self, request: web.Request) -> web.Response:
        try:
            answer = await self.grant(msgspec.json.decode(await request.read(), type=Wish))
        except msgspec.DecodeError as error:
            answer = Answer(False, (f"The request cannot be read: {error}.",))
        body = msgspec.json.encode(answer)
        return web.Response(body=body, status=200 if answer.done else 409, content_type="application/json")

    async def grant(self, wish: Wish) -> Answer:
        """Forget whom somebody asks to be forgotten; done once no byte of them is left, or that takes long."""
        rules = self._drive.spine.memory.rules
        if rules.people and wish.by not in rules.people:
            return _stranger(rules, wish.by, wish.language)
        if self._drive.queue.held:
            return Answer(False, (in_language(Said(_NO_ROOM), wish.language),))
        try:
            done = await self.forget(wish.authors, wish.by)
        except PersonError as error:
            return Answer(False, (in_language(words_of(error), wish.language),))
        except DriveEndedError:
            return Answer(False, (in_language(Said(_STOPPING), wish.language),))
        except (sqlite3.Error, OSError) as error:
            log.warning("authors_not_forgotten", error=str(error))
            return Answer(False, (in_language(Said(_NOT_WRITTEN, {"why": error}), wish.language),))
        cleaning = asyncio.create_task(self.clean())
        await asyncio.wait((cleaning,), timeout=PATIENCE_S)
        return _tell(done, wish.language, self._record.directory, cleaned=cleaning.done())

    async def forget(self, asked: Sequence[str], by: str) -> Done:
        """Forget authors between two turns of the drive.

        Raises:
            PersonError: what is asked for is nobody's account, or stands in the rules.
        """
        async with self._forgetting:
            found = await self._record.read(lambda db: find_persons(db, asked))
            refuse_listed(found, self._drive.spine.memory.rules)
            told: list[tuple[list[Person], dict[tuple[str, str], str]]] = []
            now = self._drive.clock.now()

            def amend(db: sqlite3.Connection) -> None:
                told.append(forget_on_record(db, self._record.directory, asked, now, by))

            began = time.monotonic()
            async with _fed("forgetting an author"):
                await self._drive.amend(amend)
            self._record.has_names = True
            persons, cursors = told[0]
            self._drive.queue.move_cursors(cursors)
        done = _done(persons, began)
        log.info("authors_forgotten", authors=done.authors, posts=done.posts, paused=round(done.paused, 1))
        return done

    async def clean(self) -> None:
        """Let no remnants stay, however often it takes; what was cut off by a kill is taken up."""
        while await self._record.write(pending):
            try:
                async with _fed("cleaning the database of remnants"):
                    await self._record.write(partial(clean, directory=self._record.directory))
            except sqlite3.Error as error:  # no room
                log.warning("remnants_not_cleaned", error=str(error))
            if await self._record.write(pending):
                await asyncio.sleep(AGAIN_S)


@asynccontextmanager
async def _fed(status: str) -> "AsyncIterator[None]":
    """The watchdog is fed while the writer thread works for long."""

    async def feed() -> None:
        while True:
            systemd.notify("WATCHDOG=1", status=status)
            await asyncio.sleep(_FEED_S)

    feeding = asyncio.create_task(feed())
    try:
        yield
    finally:
        feeding.cancel()
