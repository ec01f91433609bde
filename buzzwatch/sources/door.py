"""The door that others push mentions through: listening, reading within bounds, and answers after the commit.

What `sources.http` and `sources.webhook` share. A body is read whole before anything in it is looked at, so that a
signature is made over the very bytes that were sent.
"""

import asyncio
import hmac
import logging
import zlib
from collections.abc import Collection
from http import HTTPStatus
from ipaddress import ip_address

import msgspec
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from buzzwatch.gate.guesses import Guesses, address_of
from buzzwatch.gate.runner import BoundedRunner
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
_STRANGERS_AT_ONCE = 4
"""Of those, from senders that were never believed: the others find room however slowly these send."""
_STOP_WITHIN = 5.0
"""Seconds for answers still due when we stop."""
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
_SOON = {"Retry-After": "5"}
_LATER = {"Retry-After": "60"}
_LOG = logging.getLogger("buzzwatch.sources.door")
_LOG.addFilter(lambda record: not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError)))
"""Without requests that are no HTTP: the library repeats the broken header, which may be the one with the secret."""


class RefusedError(Exception):
    """The request is answered without having been taken."""

    def __init__(self, status: HTTPStatus, why: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(why)
        self.status = status
        self.headers = headers

    @property
    def answer(self) -> web.Response:
        """What the sender is told."""
        return web.json_response({"error": str(self)}, status=self.status, headers=self.headers)


def split_address(address: str) -> tuple[str, int]:
    """Host and port of a "host:port", where an IPv6 host stands in brackets.

    Raises:
        ValueError: it is none.
    """
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdecimal():
        raise ValueError(f"{address!r} is no address to listen on: give host:port, as 127.0.0.1:8787")
    return host.strip("[]"), int(port)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a port of this host."""
    try:
        return host in {"", "localhost"} or ip_address(host).is_loopback
    except ValueError:
        return False


def refuse_pages(request: web.Request, listen_host: str) -> None:
    """Turn away what a page in a browser sends, where no secret does: it reaches ports of this machine. RefusedError.

    Another site's page names where it comes from. One whose name was made to lead here (DNS rebinding) need not, but
    its browser asks for that name.
    """
    if "Origin" in request.headers or "Sec-Fetch-Site" in request.headers:
        raise RefusedError(HTTPStatus.FORBIDDEN, "a page in a browser may not send here; set a token for programs")
    host = request.headers.get("Host", "").rpartition("@")[2]
    name = host.partition("]")[0].strip("[") if host.startswith("[") else host.partition(":")[0]
    if not is_loopback(name.lower()) and name.lower() != listen_host.lower():
        raise RefusedError(
            HTTPStatus.MISDIRECTED_REQUEST, f"{name[:100]!r} is not our name: ask for 127.0.0.1, or set a token"
        )


def is_same(given: str, secret: str) -> bool:
    """Compare in a time that tells nothing of the secret."""
    return hmac.compare_digest(given.encode(errors="surrogateescape"), secret.encode())


def make_runner(application: web.Application) -> web.AppRunner:
    """What serves an application of ours."""
    return BoundedRunner(
        application,
        access_log=None,
        logger=_LOG,
        auto_decompress=False,  # it inflates without bound
        keepalive_timeout=_IDLE_AT_MOST,
        shutdown_timeout=_STOP_WITHIN,
    )


def port_of(runner: web.AppRunner | None) -> int:
    """The port listened on; 0 while there is none."""
    addresses = runner.addresses if runner else []
    return int(addresses[0][1]) if addresses else 0


class Door:
    """Reads the bodies for one source and hands them to the intake."""

    def __init__(self, source: str, intake: Intake) -> None:
        self._source = source
        self._intake = intake
        self._reading = self._strangers = 0
        self._guesses = Guesses()

    def greet(self, request: web.Request) -> None:
        """Turn away who was wrong too often, whatever they show now. Raises `RefusedError`."""
        if self._guesses.refuses(address_of(request)):
            raise RefusedError(HTTPStatus.TOO_MANY_REQUESTS, "wrong too often: wait a minute", _LATER)

    def believe(self, request: web.Request) -> None:
        """Note who proved that they may send."""
        self._guesses.befriend(address_of(request))

    def doubt(self, request: web.Request) -> None:
        """Note who did not."""
        self._guesses.miss(address_of(request))

    def check(self, request: web.Request, media_types: Collection[str]) -> None:
        """Everything that can be said before reading the body. Raises `RefusedError`."""
        if request.content_type not in media_types:
            raise RefusedError(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                f"Content-Type is {request.content_type[:100]!r}: send {' or '.join(media_types)}",
                {"Accept": ", ".join(media_types)},
            )
        if _coding(request) not in {"identity", "gzip"}:
            raise RefusedError(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                f"Content-Encoding is {_coding(request)[:100]!r}: send gzip or none",
                {"Accept-Encoding": "gzip"},
            )
        if self._intake.full or self._reading >= _BODIES_AT_ONCE or self._is_crowded(request):
            raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, "behind with earlier mentions: send it again", _SOON)
        if (request.content_length or 0) > LARGEST_BODY:
            raise _too_large()

    async def body(self, request: web.Request) -> bytes:
        """The body as it was sent. Raises `RefusedError`."""
        strange = self._is_strange(request)
        self._reading += 1
        self._strangers += strange
        try:
            async with asyncio.timeout(_READ_WITHIN):
                return await _read(request)
        except (web.RequestPayloadError, ConnectionError) as error:
            raise RefusedError(HTTPStatus.BAD_REQUEST, f"the body is cut off: {error}") from None
        except TimeoutError:
            raise RefusedError(
                HTTPStatus.REQUEST_TIMEOUT, f"the body did not arrive within {_READ_WITHIN:.0f} s: send smaller ones"
            ) from None
        finally:
            self._reading -= 1
            self._strangers -= strange

    def _is_strange(self, request: web.Request) -> bool:
        return not self._guesses.is_friend(address_of(request))

    def _is_crowded(self, request: web.Request) -> bool:
        return self._strangers >= _STRANGERS_AT_ONCE and self._is_strange(request)

    async def commit(self, payload: bytes) -> Receipt:
        """Hand a payload over and wait for its receipt. Raises `RefusedError`."""
        receipt = self._intake.submit(self._source, payload)
        await asyncio.wait({receipt})  # unlike awaiting it, leaves it alone when we are cancelled
        if receipt.cancelled():
            raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, "stopping: send it again", _SOON)
        return receipt.result()


def payload_of(request: web.Request, body: bytes) -> bytes:
    """What a body says, inflated. Raises `RefusedError`."""
    payload = _inflate(body) if _coding(request) == "gzip" else body
    if not payload.strip():
        raise RefusedError(HTTPStatus.BAD_REQUEST, "the body is empty: send one mention, an array or lines")
    return payload


def answer(receipt: Receipt) -> web.Response:
    """What became of a payload; a bad request only where nothing in it was good."""
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
        raise RefusedError(HTTPStatus.BAD_REQUEST, f"the body is no gzip: {error}") from None
    if len(payload) > LARGEST_BODY:
        raise _too_large()
    if not stream.eof:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "the gzip body is cut off: send it again")
    if stream.unused_data:  # many tiny streams would take time with the square of their number
        raise RefusedError(HTTPStatus.BAD_REQUEST, "more follows the gzip stream: send one stream a request")
    return payload


def _too_large() -> RefusedError:
    return RefusedError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"over {LARGEST_BODY} bytes, also once inflated: send it in parts"
    )
