"""Bluesky: every public post, as Jetstream tells it over a WebSocket, and of it what concerns us.

No broker keeps our place: the place is a time, stored in the commit of the mentions that came up to it, and good at
every instance. After each loss we go to the next instance and ask from some seconds before; what comes twice is known
by its id. `bluesky.wire` reads the two forms of the stream, `bluesky.sieve` drops most of it as bytes,
`bluesky.listener` makes mentions of the rest, `bluesky.profiles` knows their authors.
"""

import asyncio
import random
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Literal, NoReturn, TypeAlias

import msgspec
from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientSession,
    ClientWebSocketResponse,
    ClientWSTimeout,
    WSMsgType,
    WSServerHandshakeError,
)
from msgspec.structs import replace

from buzzwatch import __version__
from buzzwatch.clock import Clock
from buzzwatch.model.ear import Ail
from buzzwatch.model.instant import MINUTE, SECOND, Instant, Span, moment_of
from buzzwatch.model.mention import Mention
from buzzwatch.sources.backoff import Backoff
from buzzwatch.sources.bluesky.listener import Listener
from buzzwatch.sources.bluesky.profiles import PUBLIC_API, Profiles, rest_asked
from buzzwatch.sources.bluesky.wire import LARGEST_FRAME, Glance, make_wire
from buzzwatch.sources.intake import Intake
from buzzwatch.sources.outbound import ForbiddenAddressError, meant, open_session

CURSOR = "time_us"
REWIND_US = 5_000_000
"""Before the last event heard: instances differ by as much, and none keeps a strict order."""
MOVE_US = 5_000_000
"""The stream's time after which the cursor is stored though nothing concerned us."""
SILENT_S, OWN_SILENT_S = 60.0, 900.0
"""All of Bluesky is never silent for so long; a host of one's own may be."""
MOST_BREAKS = 4
"""So often what came at one place may break the stream, at whichever host; then we step past it."""
STEP_US = 1_000_000
UNHEARD: Span = MINUTE
"""What begins so much later than it was asked for has lost what was before."""
GATHER: Span = SECOND // 5
"""How long mentions wait for others, to share a commit."""
MOST_WAITING = 500
"""Mentions that wait to be handed over; then no more is read."""

_STEADY: Span = MINUTE
_SHOWN = 200
_HEARTBEAT_S = 30.0
_REFUSALS = (400, 401, 403, 404, 410)


@dataclass(frozen=True, slots=True, kw_only=True)
class Jetstream:
    """Where: `hosts` as wss://host or ws://host:port, those that Bluesky runs if none. `allow`: see `outbound`."""

    hosts: tuple[str, ...] = ()
    wire: Literal["v1", "v2"] = "v1"
    profiles: bool = True
    allow: tuple[str, ...] = ()
    api: str = PUBLIC_API
    silent_s: float | None = None


_Socket: TypeAlias = ClientWebSocketResponse[Literal[False]]


class _LostError(Exception):
    """The connection is of no use any more; the text says why."""


class _BrokenError(_LostError):
    """By what came: it comes again at the next connection."""


class Bluesky:
    """Hears Jetstream for as long as the daemon lives; see `sources.intake.Source`."""

    def __init__(self, name: str, jetstream: Jetstream, chance: random.Random | None = None) -> None:
        self.name = name
        self._jetstream = jetstream
        self._chance = chance

    async def run(self, intake: Intake, clock: Clock) -> None:
        """Hear until cancelled."""
        headers = {"User-Agent": f"buzzwatch/{__version__}"}
        allow = meant(self._jetstream.hosts, self._jetstream.allow)
        async with open_session(allow, headers) as session, asyncio.TaskGroup() as tasks:
            hearing = _Hearing(self.name, self._jetstream, session, intake, clock)
            tasks.create_task(hearing.hand_over())
            await self._keep_hearing(hearing, intake, clock)

    async def _keep_hearing(self, hearing: "_Hearing", intake: Intake, clock: Clock) -> NoReturn:
        hosts = self._jetstream.hosts or tuple(f"wss://{host}" for host in hearing.wire.hosts)
        backoff, refused, turn = Backoff(chance=self._chance), 0, 0
        while True:
            host, began, rest = hosts[turn % len(hosts)], clock.now(), 0
            try:
                await hearing.hear(host)
            except (ClientError, OSError, _LostError) as error:
                why, is_refusal = _explain(error), _is_refusal(error)
                if isinstance(error, WSServerHandshakeError) and error.headers:
                    rest = rest_asked(error.headers, clock.now())
            refused = refused + 1 if is_refusal else 0
            hopeless = refused >= len(hosts)
            if clock.now() - began >= _STEADY:
                backoff.succeed()
            ail = Ail.REFUSED if hopeless else Ail.AWAY
            intake.status(self.name, connected=False, why=f"{host}: {why}", ail=ail)
            turn += 1
            await clock.wait_until(clock.now() + backoff.fail(at_least=rest, hopeless=hopeless))


class _Hearing:
    """What is heard over all connections of one run, on its way to the intake."""

    def __init__(self, name: str, jetstream: Jetstream, session: ClientSession, intake: Intake, clock: Clock) -> None:
        self._name = name
        self._session = session
        self._intake = intake
        self._clock = clock
        self._silent_s = jetstream.silent_s or (OWN_SILENT_S if jetstream.hosts else SILENT_S)
        self._profiles = Profiles(session, clock, jetstream.api) if jetstream.profiles else None
        self.wire = make_wire(jetstream.wire)
        self._listener = Listener(intake.wanted, self.wire, self._note_moved)
        stored = intake.cursors(name).get(CURSOR, "")
        self._heard_to = int(stored) if stored.isdecimal() else 0
        self._stored_to = self._heard_to
        self._breaks = self._broken_at = 0
        self._waiting: list[Mention] = []
        self._stirred = asyncio.Event()
        self._gathered: asyncio.TimerHandle | None = None  # when deletions that wait are handed over
        self._taken = asyncio.Event()

    # Hearing

    async def hear(self, host: str) -> NoReturn:
        """Connect and hear until the connection is lost.

        Raises:
            ClientError, OSError, _LostError: when it is, or could not be made.
        """
        cursor = self._heard_to
        url = f"{host}{self.wire.path}?{self.wire.ask(self._asked())}"
        try:
            async with asyncio.timeout(self._silent_s) as limit, self._connect(url) as socket:
                await self._take(host, socket, limit, cursor)
        except TimeoutError:
            raise _LostError(f"nothing was said for {self._silent_s:.0f} seconds") from None
        except _BrokenError:
            self._breaks = self._breaks + 1 if self._heard_to == self._broken_at else 1
            self._broken_at = self._heard_to
            raise
        raise AssertionError("unreachable: taking ends by raising")

    def _asked(self) -> int | None:
        """From when on to ask; past what has broken the stream too often, in steps that double."""
        if self._heard_to and self._heard_to == self._broken_at and self._breaks >= MOST_BREAKS:
            return self._heard_to + (STEP_US << min(self._breaks - MOST_BREAKS, 16))
        self._breaks = self._breaks if self._heard_to == self._broken_at else 0
        return max(1, self._heard_to - REWIND_US) if self._heard_to else None

    def _connect(self, url: str) -> AbstractAsyncContextManager[_Socket]:
        return self._session.ws_connect(
            url,
            protocols=self.wire.protocols,
            heartbeat=_HEARTBEAT_S,
            timeout=ClientWSTimeout(ws_close=1.0),
            max_msg_size=2 * LARGEST_FRAME,
            decode_text=False,
        )

    async def _take(self, host: str, socket: _Socket, limit: asyncio.Timeout, cursor: int) -> NoReturn:
        time, first, rearm_at, latest_us = asyncio.get_running_loop().time, True, 0.0, 0
        while True:
            raw = await _next(socket)
            glance = self.wire.glance(raw)
            if glance is None:
                self._pass_over(raw)
                continue
            if (moment := time()) >= rearm_at:
                limit.reschedule(moment + self._silent_s)
                rearm_at, latest_us = moment + self._silent_s / 60, (self._clock.now() + SECOND) * 1_000
            if first:
                first = False
                self._begin(host, cursor, min(glance.time_us, latest_us))
            if self._listener.outdated:
                await asyncio.to_thread(self._listener.prepare)
            self._hear_one(raw, glance, min(glance.time_us, latest_us))
            if self._intake.full or len(self._waiting) >= MOST_WAITING:
                limit.reschedule(None)
                await self._room()
                rearm_at = 0.0

    def _hear_one(self, raw: bytes, glance: Glance, time_us: int) -> None:
        self._heard_to = max(self._heard_to, time_us)
        if mentions := self._listener.hear(raw, glance):
            self._waiting += mentions
        if (mentions and not mentions[0].deleted) or self._heard_to - self._stored_to >= MOVE_US:
            self._stirred.set()
        elif mentions and self._gathered is None:  # many a second, of which few concern us: they share a commit
            self._gathered = asyncio.get_running_loop().call_later(MOVE_US / 1_000_000, self._stirred.set)

    def _pass_over(self, raw: bytes) -> None:
        self._listener.garbage += 1
        if complaint := self.wire.complaint(raw):
            raise _LostError(_shown(complaint))

    def _begin(self, host: str, cursor: int, first_us: int) -> None:
        """Report what was lost if it begins too late: an instance keeps some hours or days, or we stepped past."""
        since, until = cursor // 1_000, first_us // 1_000
        if not cursor:  # at once: killed before there is a place, we would come back at a later one and not know
            self._intake.submit(self._name, b"", {CURSOR: str(first_us)})
            self._stored_to = first_us
        stepped = self._breaks >= MOST_BREAKS
        if not cursor or (until - since < UNHEARD and not stepped):
            self._intake.status(self._name, connected=True)
            return
        why = f"{host} keeps nothing from before {_minute(until)}: what was said since {_minute(since)} is lost"
        if stepped:
            why = f"what came after {_minute(since)} broke the stream each time: passed over until {_minute(until)}"
        self._intake.gap(self._name, since, until)
        self._intake.status(self._name, connected=True, why=why, ail=Ail.GAP)

    async def _room(self) -> None:
        """Read no more until what waits is taken, and there is room for more."""
        while len(self._waiting) >= MOST_WAITING:
            self._stirred.set()
            self._taken.clear()
            await self._taken.wait()
        await self._intake.room()

    def _note_moved(self, did: str) -> None:
        if self._profiles:
            self._profiles.forget(did)

    # Handing over

    async def hand_over(self) -> NoReturn:
        """Submit what waits, with the authors known by then and how far we had come."""
        while True:
            await self._stirred.wait()
            await self._clock.wait_until(self._clock.now() + GATHER)
            self._stirred.clear()
            if self._gathered is not None:
                self._gathered.cancel()
                self._gathered = None
            mentions, self._waiting = self._waiting, []
            cursor, dropped = self._heard_to, self._listener.dropped + self._listener.garbage
            self._listener.dropped = self._listener.garbage = 0
            self._taken.set()
            mentions = await self._introduce(mentions)
            if self._intake.full:
                await self._intake.room()
            payload = msgspec.json.encode(mentions) if mentions else b""
            self._intake.submit(self._name, payload, {CURSOR: str(cursor)})
            self._stored_to = cursor
            if dropped:
                self._intake.passed(self._name, dropped)

    async def _introduce(self, mentions: list[Mention]) -> list[Mention]:
        """With their authors, as far as known within a second."""
        if self._profiles is None:
            return mentions
        await self._profiles.ask(_authors(mentions))
        profiles = self._profiles
        return [
            replace(mention, author=profiles.author(mention.author.id))
            if mention.author and mention.author.id
            else mention
            for mention in mentions
        ]


async def _next(socket: _Socket) -> bytes:
    message = await socket.receive()
    if message.type is WSMsgType.ERROR:
        raise _BrokenError(_shown(f"the stream is broken: {message.data}"))
    if message.type is not WSMsgType.TEXT and message.type is not WSMsgType.BINARY:
        raise _LostError(f"the connection ended (WebSocket code {socket.close_code})")
    raw: bytes = message.data
    return raw


def _authors(mentions: Iterable[Mention]) -> list[str]:
    return [mention.author.id for mention in mentions if mention.author and mention.author.id]


def _minute(instant: Instant) -> str:
    return f"{moment_of(instant):%Y-%m-%d %H:%M} UTC"


def _is_refusal(error: Exception) -> bool:
    """Trying again soon at this host changes nothing."""
    if isinstance(error, ClientConnectorError):
        return isinstance(error.os_error, ForbiddenAddressError)
    return isinstance(error, WSServerHandshakeError) and error.status in _REFUSALS


def _explain(error: Exception) -> str:
    if isinstance(error, WSServerHandshakeError):
        return f"it does not let us subscribe (HTTP {error.status})"
    if isinstance(error, ClientConnectorError):
        return _shown(str(error.os_error))
    return _shown(str(error) or type(error).__name__)


def _shown(text: str) -> str:
    """Words of the other side, safe to print."""
    return "".join(char if char.isprintable() else "?" for char in text[:_SHOWN])
