"""Rotas that are kept in calendars elsewhere: read every quarter of an hour, handed to the spine where they changed."""

import asyncio
import hashlib
import random
from collections.abc import Callable
from pathlib import Path

import msgspec
import structlog
from aiohttp import ClientSession
from msgspec import Struct

from buzzwatch.app.intake import IntakeQueue
from buzzwatch.app.rota.fetch import fetch
from buzzwatch.app.rota.ical import CalendarError, Expansion, window
from buzzwatch.app.rota.source import (
    Copy,
    address_of,
    expanded,
    keep_copy,
    load_copy,
    read_file,
    readers_of,
    source_digest,
)
from buzzwatch.app.secret import Secrets
from buzzwatch.clock import Clock
from buzzwatch.memory import Memory
from buzzwatch.model.input import RotaSwapped, Trouble
from buzzwatch.model.instant import HOUR, MINUTE, Instant, Span, moment_of
from buzzwatch.model.rota import Listed
from buzzwatch.proxies import open_session

EVERY: Span = 15 * MINUTE
JITTER: Span = 2 * MINUTE
"""Many daemons that began together do not ask together for long."""

log = structlog.get_logger()


class Followed(Struct):
    """How the calendar of one rota does. `copy` is the last good one; `reading` names what it was expanded under."""

    copy: Copy | None
    reading: str = ""
    refused: dict[str, str] = {}
    """The reading that was refused last, and why."""
    troubles: dict[str, Instant] = {}
    """By key, since when."""


class RotaFeed:
    """Follows the calendars that the rules in force name, until cancelled; nothing that one holds ends it."""

    def __init__(
        self, state: Path, rules: Path, secrets: Secrets, queue: IntakeQueue, clock: Clock, memory: Callable[[], Memory]
    ) -> None:
        self._state = state
        self._rules = rules
        self._secrets = secrets
        self._queue = queue
        self._clock = clock
        self._memory = memory
        self._followed: dict[str, Followed] = {}
        self._chance = random.Random()  # noqa: S311 - spreads requests of many daemons, guards nothing
        self._soon = asyncio.Event()

    def look_soon(self) -> None:
        """The rules have changed."""
        self._soon.set()

    async def run(self) -> None:
        """Read them all again and again."""
        async with open_session() as session:
            while True:
                self._soon.clear()
                try:
                    await self.read_all(session)
                except Exception:  # whatever it is: who is on duty stays as it is known, and the daemon hears
                    log.exception("calendars_not_read")
                await self._rest()

    async def read_all(self, session: ClientSession) -> None:
        """Read each calendar once."""
        rotas = {name: rota for name, rota in self._memory().rules.rotas.items() if isinstance(rota, Listed)}
        for name in self._followed.keys() - rotas.keys():
            del self._followed[name]
        for name, rota in rotas.items():
            followed = self._followed.get(name)
            if followed is None:
                followed = self._followed[name] = Followed(load_copy(self._state, rota))
            elif followed.copy and followed.copy.source != source_digest(rota):
                followed.copy, followed.reading = None, ""
            await self._follow(rota, followed, session)

    async def _follow(self, rota: Listed, followed: Followed, session: ClientSession) -> None:
        try:
            fresh = await self._read(rota, followed.copy, session)
            if fresh is not None:
                await self._use(fresh, rota, followed)
                followed.copy = fresh
                await asyncio.to_thread(keep_copy, self._state, rota, fresh)
        except (CalendarError, OSError) as error:
            said = str(error) if isinstance(error, CalendarError) else f"cannot be kept: {error.strerror}"
            self._complain(
                rota, followed, "calendar", f"its calendar {said}; {_instead(rota, followed.copy, self._clock)}"
            )
        else:
            self._mended(rota, followed, "calendar", "its calendar is read again")
        if followed.copy is not None:
            try:
                await self._use(followed.copy, rota, followed)
            except CalendarError as error:  # good as it was, it is so no more: a machine that is short of memory, say
                log.warning("calendar_not_expanded", rota=rota.name, why=str(error))

    async def _read(self, rota: Listed, known: Copy | None, session: ClientSession) -> Copy | None:
        """What the calendar is now; None where that is as before."""
        address = address_of(rota, self._secrets)
        if address is None:
            text, etag, modified = await asyncio.to_thread(read_file, rota, self._rules, self._secrets), "", ""
        elif (found := await fetch(session, address, known)) is not None:
            text, etag, modified = found
        else:
            text, etag, modified = (known.text, known.etag, known.modified) if known else ("", "", "")
        return Copy(source_digest(rota), self._clock.now(), text, etag, modified)

    async def _use(self, copy: Copy, rota: Listed, followed: Followed) -> None:
        """Hand its shifts to the spine, unless they are known there: those of this week, for these people."""
        rules, now = self._memory().rules, self._clock.now()
        readers = readers_of(rules.people.values(), self._secrets)
        asked = msgspec.json.encode((copy.text, window(now), rules.timezone, readers))
        reading = hashlib.blake2b(asked, digest_size=16).hexdigest()
        if reading == followed.reading:
            return
        if reading in followed.refused:  # it would cost as much again
            raise CalendarError(followed.refused[reading])
        try:
            found = await asyncio.to_thread(expanded, copy.text, now, readers, rules.timezone)
        except CalendarError as error:
            followed.refused = {reading: str(error)}
            raise
        followed.reading = reading
        self._hear(rota, followed, found)

    def _hear(self, rota: Listed, followed: Followed, found: Expansion) -> None:
        if found.shifts != self._memory().shifts.get(rota.name, ()):
            self._queue.tell(RotaSwapped(0, rota.name, found.shifts))
            log.info("rota_swapped", rota=rota.name, shifts=len(found.shifts))
        if found.unnamed:
            self._complain(rota, followed, "events", f"an event of its calendar is left out: {found.unnamed[0]}")
        else:
            self._mended(rota, followed, "events", "every event of its calendar names somebody")

    def _complain(self, rota: Listed, followed: Followed, key: str, text: str) -> None:
        """Tell `ops` once for as long as it lasts."""
        log.warning("calendar_doubted", rota=rota.name, trouble=key)
        if key not in followed.troubles:
            followed.troubles[key] = self._clock.now()
            self._queue.tell(Trouble(0, f"{key}-{rota.name}", followed.troubles[key], f"rota `{rota.name}`: {text}"))

    def _mended(self, rota: Listed, followed: Followed, key: str, text: str) -> None:
        since = followed.troubles.pop(key, None)
        if since is not None:
            self._queue.tell(Trouble(0, f"{key}-{rota.name}", since, f"rota `{rota.name}`: {text}", over=True))

    async def _rest(self) -> None:
        due = self._clock.now() + EVERY + self._chance.randint(-JITTER, JITTER)
        waits = [asyncio.create_task(wait) for wait in (self._clock.wait_until(due), self._soon.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()


def _instead(rota: Listed, copy: Copy | None, clock: Clock) -> str:
    """Who is on duty where a calendar cannot be read."""
    if copy is None:
        called = "what it said before stays in force" if rota.shifts else f"{rota.fallback} is called"
        return f"there is no copy of it, and {called}"
    read_at = f"{moment_of(copy.read_at).astimezone(rota.zone):%a %Y-%m-%d %H:%M}"
    return f"the copy of {read_at} is used, which is {(clock.now() - copy.read_at) // HOUR} hours old"
