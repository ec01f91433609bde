"""Webhooks: what tools and platforms push to us in their own shape, checked, translated, answered once committed.

Several webhooks may share one address to listen on, each with a path of its own: `Porch`. A request is believed by
its `Proof` on the raw bytes; what it says is turned into mentions by a `Translation`. The mentions' ids make a repeat
harmless: the ledger knows them, across restarts too. For senders that name their messages (Standard Webhooks) the last
few thousand are remembered besides, for as long as their time would pass, so that an old state is not taken again for
an edit.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus

import msgspec
import structlog
from aiohttp import web

from buzzwatch.clock import Clock
from buzzwatch.ingest.decode import HEAD
from buzzwatch.model.instant import MINUTE, SECOND, Instant, Span
from buzzwatch.model.mention import Mention
from buzzwatch.model.receipt import Receipt, Refusal
from buzzwatch.sources.door import Door, RefusedError, answer, is_same, make_runner, payload_of, port_of, split_address
from buzzwatch.sources.intake import Intake
from buzzwatch.sources.webhook.proof import TOLERANCE, Address, Proof, Shown
from buzzwatch.sources.webhook.shape import Translated, Translation, UnreadableError

MOST_MESSAGES = 10_000
"""Message ids remembered."""
_BIND_AGAIN: Span = 5 * SECOND
_MEDIA_TYPES = (
    "application/json",
    "application/x-ndjson",
    "text/json",
    "text/plain",  # some tools name nothing better
    "application/octet-stream",
)
_LONGEST_CHALLENGE = 1_000
_LOG_EVERY: Span = 10 * MINUTE
"""Between two lines on senders who were not believed, however many they are."""

log = structlog.get_logger()

Take = Callable[[web.Request, str], Awaitable[web.Response]]
"""Answers a request, and is told what follows the path in its address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """What is listened for: where, by which proof, in which shape; `brand` is whose it is where nothing else says so.

    `verify_token` is what Meta must show when it asks whether the address is ours. Without a translation the body is
    in the interchange format.
    """

    path: str
    proof: Proof = field(repr=False)
    translation: Translation | None = None
    brand: str | None = None
    verify_token: str | None = field(default=None, repr=False)


class Porch:
    """One address to listen on, shared by those who each have a path; it is open while one of them is there."""

    def __init__(self, address: str) -> None:
        """Raises `ValueError` for what is no address."""
        self._host, self._port = split_address(address)
        self._takes: dict[str, Take] = {}
        self._runner: web.AppRunner | None = None
        self._changing = asyncio.Lock()

    @property
    def address(self) -> str:
        """For people."""
        return f"{self._host or '127.0.0.1'}:{self._port}"

    @property
    def port(self) -> int:
        """The port listened on; 0 until then."""
        return port_of(self._runner)

    async def enter(self, path: str, take: Take) -> None:
        """Answer requests to a path from now on. Raises `OSError` if the address cannot be listened on."""
        async with self._changing:
            if self._runner is None:
                application = web.Application()
                application.router.add_route("*", "/{path:.*}", self._dispatch)
                runner = make_runner(application)
                await runner.setup()
                try:
                    await web.TCPSite(runner, self._host or "127.0.0.1", self._port).start()
                except BaseException:  # passed on: cancelled or failed, no half-begun server keeps its sockets
                    await runner.cleanup()
                    raise
                self._runner = runner
            self._takes[path] = take

    async def leave(self, path: str) -> None:
        """Answer no more to a path; the last one waits for the answers still due, and closes."""
        async with self._changing:
            if self._takes.pop(path, None) and not self._takes and self._runner:
                runner, self._runner = self._runner, None
                await runner.cleanup()

    async def _dispatch(self, request: web.Request) -> web.Response:
        path = request.path
        if take := self._takes.get(path):
            return await take(request, "")
        parent, _, rest = path.rpartition("/")
        if take := self._takes.get(parent or "/"):
            return await take(request, rest)
        return RefusedError(HTTPStatus.NOT_FOUND, "nothing is here").answer


class Webhook:
    """Takes what is posted to one path; see `sources.intake.Source`."""

    def __init__(self, name: str, porch: Porch, hook: Hook) -> None:
        self.name = name
        self.porch = porch
        self._hook = hook

    @property
    def port(self) -> int:
        """The port listened on; 0 until then."""
        return self.porch.port

    async def run(self, intake: Intake, clock: Clock) -> None:
        """Answer until cancelled, then what is being committed still."""
        receiver = _Receiver(self.name, self._hook, intake, clock)
        try:
            while not await self._enter(receiver.take, intake):
                await clock.wait_until(clock.now() + _BIND_AGAIN)
            intake.status(self.name, connected=True)
            await asyncio.get_running_loop().create_future()
        finally:
            await self.porch.leave(self._hook.path)

    async def _enter(self, take: Take, intake: Intake) -> bool:
        try:
            await self.porch.enter(self._hook.path, take)
        except OSError as error:  # the address may come up later, or its last user go
            intake.status(self.name, connected=False, why=f"cannot listen on {self.porch.address}: {error}")
            return False
        return True


class _Receiver:
    """Answers each request."""

    def __init__(self, source: str, hook: Hook, intake: Intake, clock: Clock) -> None:
        self._source = source
        self._hook = hook
        self._intake = intake
        self._clock = clock
        self._door = Door(source, intake)
        self._taken = _Taken()
        self._doubted = 0
        self._silent_until: Instant = 0
        self._translating = asyncio.Lock()  # what a body comes to in memory may be many times its bytes

    async def take(self, request: web.Request, rest: str) -> web.Response:
        if rest and not isinstance(self._hook.proof, Address):
            return RefusedError(HTTPStatus.NOT_FOUND, "nothing is here").answer
        try:
            self._door.greet(request)
            if request.method == "POST":
                return await self._receive(request, Shown(request.headers, rest))
            if request.method == "GET" and self._hook.verify_token:
                return self._shake_hands(request)
        except RefusedError as refused:
            return refused.answer
        return RefusedError(HTTPStatus.METHOD_NOT_ALLOWED, "only POST is taken here", {"Allow": "POST"}).answer

    def _shake_hands(self, request: web.Request) -> web.Response:
        """Repeat what Meta asks us to, if it shows the token that was given to it and to us."""
        asked = request.query
        right = is_same(asked.get("hub.verify_token", ""), self._hook.verify_token or "")
        if not right or asked.get("hub.mode") != "subscribe":
            raise self._doubt(request)
        challenge = asked.get("hub.challenge", "")[:_LONGEST_CHALLENGE]
        # As bytes that no browser shows: whoever knows the token could else let us say anything.
        return web.Response(text=challenge, headers={"X-Content-Type-Options": "nosniff"})

    async def _receive(self, request: web.Request, shown: Shown) -> web.Response:
        proof = self._hook.proof
        if not proof.is_plausible(shown, self._clock.now()):
            raise self._doubt(request)
        self._door.check(request, _MEDIA_TYPES)
        body = await self._door.body(request)
        if not proof.holds(shown, body):
            raise self._doubt(request)
        self._door.believe(request)
        message = proof.message(shown)
        now = self._clock.now()
        if message and self._taken.knows(message, body, now):
            return answer(Receipt(known=1))
        told = answer(await self._commit(payload_of(request, body), now))
        if message and told.status == HTTPStatus.OK:
            self._taken.remember(message, body, now)
        return told

    def _doubt(self, request: web.Request) -> RefusedError:
        """The same answer whatever was wrong: who guesses learns nothing, and who runs us reads the log."""
        self._door.doubt(request)
        self._doubted += 1
        now = self._clock.now()
        if now >= self._silent_until:
            log.warning("webhook_not_believed", source=self._source, requests=self._doubted)
            self._doubted, self._silent_until = 0, now + _LOG_EVERY
        return RefusedError(HTTPStatus.FORBIDDEN, "not for you")

    async def _commit(self, payload: bytes, now: Instant) -> Receipt:
        translation = self._hook.translation
        if translation is None:
            return await self._door.commit(payload)
        try:
            async with self._translating:
                translated = await asyncio.to_thread(translation.translate, payload, now)
        except UnreadableError as error:
            await self._door.commit(payload[:HEAD])  # refused there too, and kept for who wants to know
            return Receipt(refused=(Refusal(0, str(error)),))
        if translated.passed:
            self._intake.passed(self._source, translated.passed)
        if not translated.mentions and not translated.faults:
            return Receipt(ignored=translated.passed)
        return await self._hand_over(translated)

    async def _hand_over(self, translated: Translated) -> Receipt:
        """Commit the mentions, and a record of what was none."""
        mentions = [self._owned(mention) for _, mention in translated.mentions]
        faults = [Refusal(fault.position, fault.why) for fault in translated.faults]
        unread = [{"refused": fault.why, "item": fault.head} for fault in translated.faults]
        receipt = await self._door.commit(msgspec.json.encode([*mentions, *unread]))
        places = [position for position, _ in translated.mentions]
        ours = [
            Refusal(places[refusal.position], refusal.reason)
            for refusal in receipt.refused
            if refusal.position < len(mentions)
        ]
        return msgspec.structs.replace(receipt, refused=(*ours, *faults))

    def _owned(self, mention: Mention) -> Mention:
        """With the brand that all of it is about, where it names none."""
        if self._hook.brand is None or mention.brand:
            return mention
        return msgspec.structs.replace(mention, brand=self._hook.brand)


class _Taken:
    """The messages of the last minutes that were committed, by their id and bytes; the oldest are forgotten first."""

    def __init__(self) -> None:
        self._since: OrderedDict[bytes, Instant] = OrderedDict()

    def knows(self, message: str, body: bytes, now: Instant) -> bool:
        while self._since and now - next(iter(self._since.values())) > 2 * TOLERANCE:
            self._since.popitem(last=False)
        return _name_of(message, body) in self._since

    def remember(self, message: str, body: bytes, now: Instant) -> None:
        self._since[_name_of(message, body)] = now
        if len(self._since) > MOST_MESSAGES:
            self._since.popitem(last=False)


def _name_of(message: str, body: bytes) -> bytes:
    named = hashlib.blake2b(message.encode(errors="surrogateescape"), digest_size=16)
    named.update(b"\0")
    named.update(body)
    return named.digest()


def share_porches(webhooks: Iterable[Webhook]) -> None:
    """Let those that listen on the same address do so together."""
    porches: dict[str, Porch] = {}
    for webhook in webhooks:
        webhook.porch = porches.setdefault(webhook.porch.address, webhook.porch)
