"""HTTP: mentions that others push to us, answered once they are committed."""

import asyncio
import hmac
import zlib
from dataclasses import dataclass, field
from http import HTTPStatus
from ipaddress import ip_address

import msgspec
from aiohttp import web

from buzzwatch.clock import Clock
from buzzwatch.model.instant import SECOND, Span
from buzzwatch.model.receipt import Receipt
from buzzwatch.sources.intake import Intake

LARGEST_BODY = 8_000_000
"""Bytes, as sent and once inflated."""
_READ_WITHIN = 30.0
"""Seconds for a whole body."""
_IDLE_AT_MOST = 75.0
"""Seconds without a request on an open connection."""
_BODIES_AT_ONCE = 8
"""Read at the same time, so that memory stays bounded however many send."""
_STOP_WITHIN = 5.0
"""Seconds for answers still due when we stop."""
_BIND_AGAIN: Span = 5 * SECOND
_MEDIA_TYPES = ("application/json", "application/x-ndjson")
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
_SOON = {"Retry-After": "5"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """Where to listen, and the secret that senders must show as a bearer token.

    An empty host is this machine alone, port 0 any free one.

    Raises:
        ValueError: other machines could send without a token, or the port is out of range.
    """

    host: str
    port: int
    token: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65_535:  # noqa: PLR2004 - the largest port
            raise ValueError(f"port is {self.port}: give a number from 0 to 65535")
        if not self.token and not _is_loopback(self.host):
            raise ValueError(f"{self.host} can be reached from other machines: set a token, or listen on 127.0.0.1")

    @classmethod
    def at(cls, address: str, token: str | None = None) -> "Listen":
        """From "host:port", where an IPv6 host stands in brackets."""
        host, colon, port = address.rpartition(":")
        if not colon or not port.isdecimal():
            raise ValueError(f"{address!r} is no address to listen on: give host:port, as 127.0.0.1:8787")
        return cls(host=host.strip("[]"), port=int(port), token=token)


def _is_loopback(host: str) -> bool:
    try:
        return host in {"", "localhost"} or ip_address(host).is_loopback
    except ValueError:
        return False


class Http:
    """Serves `POST /mentions` for as long as the daemon lives; see `sources.intake.Source`."""

    def __init__(self, name: str, listen: Listen) -> None:
        self.name = name
        self._listen = listen
        self._runner: web.AppRunner | None = None

    @property
    def port(self) -> int:
        """The port listened on; 0 until then."""
        addresses = self._runner.addresses if self._runner else []
        return int(addresses[0][1]) if addresses else 0

    async def run(self, intake: Intake, clock: Clock) -> None:
        """Serve until cancelled, then answer what is being committed and close."""
        application = web.Application()
        application.router.add_post("/mentions", _Door(self.name, self._listen.token, intake).take)
        self._runner = web.AppRunner(
            application,
            access_log=None,
            auto_decompress=False,  # it inflates without bound
            keepalive_timeout=_IDLE_AT_MOST,
            shutdown_timeout=_STOP_WITHIN,
        )
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


class _RefusedError(Exception):
    """The request is answered without having been taken."""

    def __init__(self, status: HTTPStatus, why: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(why)
        self.status = status
        self.headers = headers


class _Door:
    """Answers each request."""

    def __init__(self, source: str, token: str | None, intake: Intake) -> None:
        self._source = source
        self._token = token
        self._intake = intake
        self._reading = 0

    async def take(self, request: web.Request) -> web.Response:
        try:
            self._check(request)
            return _answer(await self._commit(await self._payload(request)))
        except _RefusedError as refused:
            return web.json_response({"error": str(refused)}, status=refused.status, headers=refused.headers)

    def _check(self, request: web.Request) -> None:
        """Everything that can be said before reading the body."""
        if not self._is_trusted(request.headers.get("Authorization", "")):
            raise _RefusedError(
                HTTPStatus.UNAUTHORIZED,
                "send the header Authorization: Bearer followed by this source's token",
                {"WWW-Authenticate": 'Bearer realm="buzzwatch"'},
            )
        if request.content_type not in _MEDIA_TYPES:
            raise _RefusedError(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                f"Content-Type is {request.content_type[:100]!r}: send {' or '.join(_MEDIA_TYPES)}",
                {"Accept": ", ".join(_MEDIA_TYPES)},
            )
        if _coding(request) not in {"identity", "gzip"}:
            raise _RefusedError(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                f"Content-Encoding is {_coding(request)[:100]!r}: send gzip or none",
                {"Accept-Encoding": "gzip"},
            )
        if self._intake.full or self._reading >= _BODIES_AT_ONCE:
            raise _RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, "behind with earlier mentions: send it again", _SOON)
        if (request.content_length or 0) > LARGEST_BODY:
            raise _too_large()

    def _is_trusted(self, authorization: str) -> bool:
        if not self._token:
            return True
        scheme, _, given = authorization.partition(" ")
        as_bytes = given.strip().encode(errors="surrogateescape")
        return scheme.lower() == "bearer" and hmac.compare_digest(as_bytes, self._token.encode())

    async def _payload(self, request: web.Request) -> bytes:
        self._reading += 1
        try:
            async with asyncio.timeout(_READ_WITHIN):
                body = await _read(request)
        except web.RequestPayloadError as error:
            raise _RefusedError(HTTPStatus.BAD_REQUEST, f"the body is cut off: {error}") from None
        except TimeoutError:
            raise _RefusedError(
                HTTPStatus.REQUEST_TIMEOUT, f"the body did not arrive within {_READ_WITHIN:.0f} s: send smaller ones"
            ) from None
        finally:
            self._reading -= 1
        payload = _inflate(body) if _coding(request) == "gzip" else body
        if not payload.strip():
            raise _RefusedError(HTTPStatus.BAD_REQUEST, "the body is empty: send one mention, an array or lines")
        return payload

    async def _commit(self, payload: bytes) -> Receipt:
        receipt = self._intake.submit(self._source, payload)
        await asyncio.wait({receipt})  # unlike awaiting it, leaves it alone when we are cancelled
        if receipt.cancelled():
            raise _RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, "stopping: send it again", _SOON)
        return receipt.result()


def _answer(receipt: Receipt) -> web.Response:
    taken = receipt.accepted or receipt.known or receipt.ignored or receipt.erased or not receipt.refused
    return web.Response(
        body=msgspec.json.encode(receipt),
        content_type="application/json",
        status=HTTPStatus.OK if taken else HTTPStatus.BAD_REQUEST,
    )


def _coding(request: web.Request) -> str:
    return request.headers.get("Content-Encoding", "identity").strip().lower()


async def _read(request: web.Request) -> bytes:
    body = bytearray()
    async for piece in request.content.iter_any():
        body += piece
        if len(body) > LARGEST_BODY:
            raise _too_large()
    return bytes(body)


def _inflate(body: bytes) -> bytes:
    stream = zlib.decompressobj(_GZIP_WINDOW)
    try:
        payload = stream.decompress(body, LARGEST_BODY + 1)
    except zlib.error as error:
        raise _RefusedError(HTTPStatus.BAD_REQUEST, f"the body is no gzip: {error}") from None
    if len(payload) > LARGEST_BODY:
        raise _too_large()
    if not stream.eof:
        raise _RefusedError(HTTPStatus.BAD_REQUEST, "the gzip body is cut off: send it again")
    if stream.unused_data:  # many tiny streams would take time with the square of their number
        raise _RefusedError(HTTPStatus.BAD_REQUEST, "more follows the gzip stream: send one stream a request")
    return payload


def _too_large() -> _RefusedError:
    return _RefusedError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"over {LARGEST_BODY} bytes, also once inflated: send it in parts"
    )
