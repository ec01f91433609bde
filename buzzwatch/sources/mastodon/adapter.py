"""Mastodon: one instance, heard over its streams, and read page by page for what was said while it was not heard.

Sources: https://docs.joinmastodon.org/methods/streaming/ for events, streams and where they are served; for what it
leaves open, `streaming/index.js` of https://github.com/mastodon/mastodon: one WebSocket carries several streams
(`{"type": "subscribe", "stream": …, "tag": …}`), a stream that is refused is answered by `{"error": …, "status": …}`, a
token is asked for since 4.2 and may come in the header, and a connection whose token is revoked is closed in silence.

- The cursor of each stream is the newest id of which everything older has been dealt with, committed with the mentions.
  What comes live while older pages are still read is handed over, and moves it once the pages have caught up.
- A status that reached the instance late has an id as old as itself: pages begin a minute before the cursor.
- Nobody tells us later what was deleted or edited while we were away: the latest mentions are asked for again.
- An instance that has closed its public timeline still sends the deletions in it (mastodon/mastodon#37883).
"""

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn

import aiohttp
import msgspec
import structlog

from buzzwatch.clock import Clock
from buzzwatch.model.ear import Ail
from buzzwatch.model.instant import MINUTE, SECOND, Span, instant_of, moment_of
from buzzwatch.model.mention import Mention
from buzzwatch.sources.backoff import Backoff
from buzzwatch.sources.cancelling import cancellable
from buzzwatch.sources.intake import Intake
from buzzwatch.sources.mastodon.memory import Memory
from buzzwatch.sources.mastodon.rest import A_CHUNK, Rest, TooMuchError, WireError, failure
from buzzwatch.sources.mastodon.sieve import Sieve
from buzzwatch.sources.mastodon.streams import START, Stream, Streams, chosen, rewind
from buzzwatch.sources.mastodon.wire import UNREADABLE, About, Frame, Status, decode_frame, order, read_status
from buzzwatch.sources.outbound import meant, open_session

PAGES = 250
"""How many pages of one stream are read after we were away, 10,000 statuses; what is beyond is lost, and a gap."""
ASKED_AGAIN = 200
"""Of so many of the latest mentions we ask after an absence whether they still exist."""
_LARGEST_FRAME = 1_000_000
_BATCH = 100
_SETTLE: Span = 10 * SECOND
"""Cursors that moved without a mention are committed that often."""
_STEADY: Span = MINUTE
_CONNECTING, _PARTING = 30, 1.0
_ASKED_STREAMS = 10
"""Of so many streams the timelines are looked at when nothing comes."""
_HERE = "instance"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """Where to hear, and what.

    `streams` are `public`, `public:local`, `public:remote`, `hashtag:<tag>`, and `hashtags` for the brands' names.
    """

    url: str
    token: str = field(repr=False)
    streams: tuple[str, ...]
    only_indexable: bool = False
    allow: tuple[str, ...] = ()


class Mastodon:
    """Hears an instance for as long as the daemon lives; see `sources.intake.Source`.

    `heartbeat` is after how many seconds without a word we ask whether the connection stands, `stall` after how many
    whether the stream does.
    """

    def __init__(
        self,
        name: str,
        instance: Instance,
        chance: random.Random | None = None,
        *,
        heartbeat: float = 30,
        stall: float = 300,
    ) -> None:
        self.name = name
        self._instance = instance
        self._chance = chance
        self._heartbeat = heartbeat
        self._stall = stall

    async def run(self, intake: Intake, clock: Clock) -> None:
        """Hear until cancelled."""
        backoff = Backoff(chance=self._chance)
        cursors = self._own(intake)
        memory, streams = Memory(cursors), Streams(cursors)
        while True:
            began, error = clock.now(), WireError("")
            async with open_session(meant((self._instance.url,), self._instance.allow)) as session:
                rest = Rest(session, self._instance.url, self._instance.token, clock)
                link = _Link(self.name, self._instance, rest, memory, streams, intake, clock)
                try:
                    await cancellable(link.hear(session, heartbeat=self._heartbeat, stall=self._stall))
                except* WireError as errors:
                    error = _first(errors)
            intake.status(self.name, connected=False, why=str(error), ail=error.ail)
            if clock.now() - began >= _STEADY:
                backoff.succeed()
            wait = backoff.fail(at_least=error.wait, hopeless=error.ail is Ail.REFUSED)
            await clock.wait_until(clock.now() + wait)

    def _own(self, intake: Intake) -> Mapping[str, str]:
        """The cursors; those of another instance, whose ids mean nothing here, are removed."""
        cursors = intake.cursors(self.name)
        if cursors.get(_HERE, self._instance.url) == self._instance.url:
            return cursors
        intake.submit(self.name, b"", dict.fromkeys(cursors, "") | {_HERE: self._instance.url})
        return {}


class _Link:
    """One connection, from the attempt to its loss."""

    def __init__(
        self,
        source: str,
        instance: Instance,
        rest: Rest,
        memory: Memory,
        streams: Streams,
        intake: Intake,
        clock: Clock,
    ) -> None:
        self._source = source
        self._instance = instance
        self._rest = rest
        self._memory = memory
        self._streams = streams
        self._intake = intake
        self._clock = clock
        self._about: About
        self._sieve: Sieve
        self._ws: aiohttp.ClientWebSocketResponse
        self._tasks: asyncio.TaskGroup
        self._digest = ""
        self._subscribed: set[str] = set()
        self._gap = ""
        self._pending: list[Mention] = []
        self._moved: dict[str, str] = {}
        self._flushed_at = clock.now()
        self._sifting = asyncio.Lock()

    async def hear(self, session: aiohttp.ClientSession, *, heartbeat: float, stall: float) -> NoReturn:
        """Connect, subscribe, hand over what comes and what came meanwhile.

        Raises:
            ExceptionGroup: of `WireError`, once the connection is lost or could not be made.
        """
        self._streams.lose_touch()
        try:
            async with asyncio.TaskGroup() as self._tasks:
                self._about = await self._rest.about()
                self._sieve = self._make_sieve(self._about.domain or self._rest.host)
                place = self._rest.streaming(self._about)
                async with await self._connect(session, place, heartbeat) as self._ws:
                    await self._choose_streams()
                    await self._listen(stall)
        finally:
            self._flush()
        raise AssertionError("unreachable: listening ends by raising")

    def _make_sieve(self, domain: str) -> Sieve:
        only_indexable = self._instance.only_indexable
        return Sieve(self._intake.wanted, self._memory, domain, self._rest.ancestors, only_indexable=only_indexable)

    async def _connect(
        self, session: aiohttp.ClientSession, place: str, heartbeat: float
    ) -> aiohttp.ClientWebSocketResponse:
        headers = {"Authorization": f"Bearer {self._instance.token}"}
        try:
            async with asyncio.timeout(_CONNECTING):
                return await session.ws_connect(
                    f"{place}/api/v1/streaming",
                    headers=headers,
                    heartbeat=heartbeat,
                    max_msg_size=_LARGEST_FRAME,
                    timeout=aiohttp.ClientWSTimeout(ws_close=_PARTING),
                )
        except aiohttp.WSServerHandshakeError as error:
            raise self._rest.explain(error.status) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:  # an address that the instance gave may be none
            raise WireError(f"{self._rest.host}: {failure(error)}") from None

    # What is heard

    async def _choose_streams(self) -> None:
        """Subscribe to what the rules in force ask for, and to nothing else any more."""
        self._digest = self._intake.wanted.digest
        wanted = chosen(self._instance.streams, self._intake.wanted.brands)
        ended = self._streams.choose(wanted)
        begun = [name for name in wanted if name not in self._subscribed]
        for name in ended:
            if name in self._subscribed:
                await self._ask_for("unsubscribe", name)
        for name in begun:
            await self._ask_for("subscribe", name)
            if (stream := self._streams.find(name)) and self._about.closes(name):
                stream.mute = True
        self._subscribed = set(wanted)
        self._moved |= dict.fromkeys(ended, "") | {_HERE: self._instance.url}
        self._tasks.create_task(self._catch_up(begun))

    async def _ask_for(self, what: str, name: str) -> None:
        kind, _, tag = name.partition(":") if name.startswith("hashtag:") else (name, "", "")
        try:
            await self._ws.send_json({"type": what, "stream": kind} | ({"tag": tag} if tag else {}))
        except (aiohttp.ClientError, OSError) as error:
            raise WireError(f"{self._rest.host}: {failure(error)}") from None

    async def _listen(self, stall: float) -> NoReturn:
        while True:
            if self._intake.full:
                self._flush()
                await self._intake.room()
            try:
                message = await self._ws.receive(timeout=stall)
            except TimeoutError:
                await self._look_for_stall()
                continue
            if message.type is aiohttp.WSMsgType.TEXT:
                await self._take(message.data)
            elif message.type is aiohttp.WSMsgType.ERROR:
                raise WireError(f"{self._rest.host}: {failure(message.data)}")
            elif message.type is not aiohttp.WSMsgType.BINARY:
                raise WireError(f"{self._rest.host} has closed the connection")
            if self._digest != self._intake.wanted.digest:
                await self._choose_streams()

    async def _take(self, text: str) -> None:
        """One message; what cannot be understood is counted."""
        try:
            frame = decode_frame(text)
        except UNREADABLE:
            frame = Frame()
        if frame.error is not None:
            raise WireError(*self._refusal(frame))
        stream = self._streams.find(":".join(frame.stream).casefold())
        payload = frame.payload or ""
        if frame.event == "delete":
            await self._take_deletion(payload, stream)
        elif frame.event in {"update", "status.update"} and (status := read_status(payload)):
            await self._take_status(status)
            if stream and frame.event == "update":
                self._note(stream, status)
        else:
            self._intake.passed(self._source, 1)
        if self._clock.now() - self._flushed_at >= _SETTLE or len(self._pending) >= _BATCH:
            self._flush()

    def _refusal(self, frame: Frame) -> tuple[str, Ail]:
        why = (frame.error or "")[:200]
        refused = frame.status is not None and 400 <= frame.status < 500  # noqa: PLR2004 - HTTP: ours to mend
        return f"{self._rest.host} refuses a stream: {why}; check `streams` and the token", (
            Ail.REFUSED if refused else Ail.AWAY
        )

    async def _take_status(self, status: Status) -> None:
        async with self._sifting:  # or a cursor could overtake a status that still asks for its parents
            try:
                mention, moved = await self._sieve.sift(status)
            except Exception:  # it would come again at each start, and again end the hearing
                log.exception("status_not_read")
                mention = None
            if mention is None:
                self._intake.passed(self._source, 1)
            else:
                self._hand(mention, moved)

    async def _take_deletion(self, local: str, stream: Stream | None) -> None:
        async with self._sifting:
            mention, moved = self._sieve.erase(local, moment_of(self._clock.now()))
            if mention is None:
                self._intake.passed(self._source, 1, deletes=1)
            else:
                self._hand(mention, moved)
        if stream and stream.delete(self._clock.now()):
            self._tell()

    def _note(self, stream: Stream, status: Status) -> None:
        """A status that came live has been dealt with."""
        if stream.come(status.id):
            self._moved[stream.name] = status.id
        if stream.bring():
            self._tell()

    # What was said while nobody listened

    async def _catch_up(self, names: list[str]) -> None:
        streams = [stream for name in names if (stream := self._streams.find(name))]
        for stream in streams:
            if stream.position is None:
                stream.move((await self._rest.page(stream.name, None, limit=1)).newest or START)
                self._settle(stream)
        self._tell()  # not before: who is killed without a place comes back at a later one, and does not know
        for stream in streams:
            if stream.catching_up and stream.position is not None:
                await self._read_on(stream, stream.position)
                self._settle(stream)
        await self._ask_again()

    def _settle(self, stream: Stream) -> None:
        self._moved[stream.name] = stream.catch_up()
        self._flush()

    async def _read_on(self, stream: Stream, position: str) -> None:
        """Read what a timeline holds after a position, page by page."""
        after, heard_until = rewind(position), self._clock.now()
        for _ in range(PAGES):
            if self._intake.full:
                await self._intake.room()
            try:
                page = await self._rest.page(stream.name, after)
            except TooMuchError:
                break
            if page.broken:
                self._intake.passed(self._source, page.broken)
            if page.newest is None or order(page.newest) <= order(after):
                return
            for status in page.statuses:
                if order(status.id) > order(position) or not self._memory.was_handed_before(status.id):
                    await self._take_status(status)
                heard_until = instant_of(status.created_at)
            after = page.newest
            if stream.move(after):
                self._moved[stream.name] = after
            self._flush()
        newest = (await self._rest.page(stream.name, None, limit=1)).newest or START
        if not stream.move(newest):
            return
        now = self._clock.now()
        self._intake.gap(self._source, min(heard_until, now), now)
        self._gap = f"{self._rest.host}: more was said in {stream.name} while we were away than can be read"
        self._tell()

    async def _ask_again(self) -> None:
        """Take back what was deleted while we were away, and tell again what was edited."""
        latest = list(self._memory.latest(ASKED_AGAIN))
        for start in range(0, len(latest), A_CHUNK):
            there, gone = await self._rest.again(latest[start : start + A_CHUNK])
            for status in there:
                if status.edited_at:
                    await self._take_status(status)
            for local in gone:
                mention, moved = self._sieve.erase(local, moment_of(self._clock.now()))
                if mention is not None:
                    self._hand(mention, moved)

    async def _look_for_stall(self) -> None:
        """Nothing came for long: ask whether there was nothing to come."""
        for stream in self._streams.caught_up[:_ASKED_STREAMS]:
            position = stream.position or START
            page = await self._rest.page(stream.name, position)
            if page.newest is not None and order(page.newest) > order(position):
                raise WireError(f"{self._rest.host}: the stream {stream.name} has stalled, its timeline goes on")

    # What is told

    def _hand(self, mention: Mention, moved: Mapping[str, str]) -> None:
        if not self._pending:  # what has arrived together is handed over together
            asyncio.get_running_loop().call_soon(self._flush)
        self._pending.append(mention)
        self._moved |= moved

    def _flush(self) -> None:
        self._flushed_at = self._clock.now()
        if self._pending or self._moved:
            payload = msgspec.json.encode(self._pending) if self._pending else b""
            self._intake.submit(self._source, payload, self._moved)
            self._pending, self._moved = [], {}

    def _tell(self) -> None:
        """Say how we do, now that we hear."""
        gap, self._gap = self._gap, ""
        if gap:
            self._intake.status(self._source, connected=True, why=gap, ail=Ail.GAP)
        if mute := self._streams.mute:
            why = (
                f"{self._rest.host} sends only deletions in {', '.join(mute)[:200]}: it may have closed that timeline; "
                "hear hashtags, or another instance"
            )
            self._intake.status(self._source, connected=True, why=why, ail=Ail.ONLY_DELETES)
        elif not gap:
            self._intake.status(self._source, connected=True)


def _first(errors: BaseExceptionGroup[WireError]) -> WireError:
    found = errors.exceptions[0]
    return _first(found) if isinstance(found, BaseExceptionGroup) else found
