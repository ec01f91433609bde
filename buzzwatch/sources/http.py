"""HTTP: mentions that others push to us, answered once they are committed."""

import asyncio
from dataclasses import dataclass, field
from http import HTTPStatus

from aiohttp import web

from buzzwatch.clock import Clock
from buzzwatch.model.instant import SECOND, Span
from buzzwatch.sources.door import (
    LARGEST_BODY,
    Door,
    RefusedError,
    answer,
    is_loopback,
    is_same,
    make_runner,
    payload_of,
    port_of,
    refuse_pages,
    split_address,
)
from buzzwatch.sources.intake import Intake

__all__ = ["LARGEST_BODY", "Http", "Listen"]

_BIND_AGAIN: Span = 5 * SECOND
_MEDIA_TYPES = ("application/json", "application/x-ndjson")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """Where to listen, and the secrets of which senders must show one as a bearer token.

    An empty host is this machine alone, port 0 any free one. Several tokens are all good, so that one can be replaced.

    Raises:
        ValueError: other machines could send without a token, or the port is out of range.
    """

    host: str
    port: int
    tokens: tuple[str, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65_535:  # noqa: PLR2004 - the largest port
            raise ValueError(f"port is {self.port}: give a number from 0 to 65535")
        if not self.tokens and not is_loopback(self.host):
            raise ValueError(f"{self.host} can be reached from other machines: set a token, or listen on 127.0.0.1")

    @classmethod
    def at(cls, address: str, *tokens: str) -> "Listen":
        """From "host:port", where an IPv6 host stands in brackets."""
        host, port = split_address(address)
        return cls(host=host, port=port, tokens=tokens)


class Http:
    """Serves `POST /mentions` for as long as the daemon lives; see `sources.intake.Source`."""

    def __init__(self, name: str, listen: Listen) -> None:
        self.name = name
        self._listen = listen
        self._runner: web.AppRunner | None = None

    @property
    def port(self) -> int:
        """The port listened on; 0 until then."""
        return port_of(self._runner)

    async def run(self, intake: Intake, clock: Clock) -> None:
        """Serve until cancelled, then answer what is being committed and close."""
        application = web.Application()
        application.router.add_post("/mentions", _Mentions(self.name, self._listen, intake).take)
        self._runner = make_runner(application)
        await self._runner.setup()
        try:
            await self._bind(self._runner, intake, clock)
            intake.status(self.name, connected=True)
            await asyncio.get_running_loop().create_future()
        finally:
            await self._runner.cleanup()

    async def _bind(self, runner: web.AppRunner, intake: Intake, clock: Clock) -> None:
        host = self._listen.host or "127.0.0.1"
        while True:
            try:
                await web.TCPSite(runner, host, self._listen.port).start()
            except OSError as error:  # the address may come up later, or its last user go
                intake.status(self.name, connected=False, why=f"cannot listen on {host}:{self._listen.port}: {error}")
                await clock.wait_until(clock.now() + _BIND_AGAIN)
            else:
                return


class _Mentions:
    """Answers each request."""

    def __init__(self, source: str, listen: Listen, intake: Intake) -> None:
        self._listen = listen
        self._door = Door(source, intake)

    async def take(self, request: web.Request) -> web.Response:
        try:
            self._admit(request)
            self._door.check(request, _MEDIA_TYPES)
            body = await self._door.body(request)
            return answer(await self._door.commit(payload_of(request, body)))
        except RefusedError as refused:
            return refused.answer

    def _admit(self, request: web.Request) -> None:
        if not self._listen.tokens:
            refuse_pages(request, self._listen.host)
            self._door.believe(request)
            return
        self._door.greet(request)
        if not self._is_shown(request.headers.get("Authorization", "")):
            self._door.doubt(request)
            raise RefusedError(
                HTTPStatus.UNAUTHORIZED,
                "send the header Authorization: Bearer followed by this source's token",
                {"WWW-Authenticate": 'Bearer realm="buzzwatch"'},
            )
        self._door.believe(request)

    def _is_shown(self, authorization: str) -> bool:
        scheme, _, given = authorization.partition(" ")
        right = [is_same(given.strip(), token) for token in self._listen.tokens]  # all of them, whichever fits
        return scheme.lower() == "bearer" and any(right)
