"""Presses of Slack's buttons as signed requests, where the outside may reach us.

https://docs.slack.dev/authentication/verifying-requests-from-slack: `v0=` and the HMAC-SHA256 of `v0:timestamp:body`
under the app's signing secret. A request older than five minutes, or seen before, is refused.
"""

import asyncio
import hashlib
import hmac
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias
from urllib.parse import parse_qs

import msgspec
from aiohttp import web

from buzzwatch.clock import Clock
from buzzwatch.model.instant import MINUTE, SECOND, Instant, Span

PATH = "/slack/answers"
WINDOW: Span = 5 * MINUTE
"""By how much a request's timestamp may differ from our clock."""
_LARGEST = 500_000
_DIGITS = 12

Hear: TypeAlias = Callable[[dict[str, Any]], Awaitable[None]]
"""Takes the payload of an interaction."""


def add_slack_answers(app: web.Application, secret: Callable[[], str], hear: Hear, clock: Clock) -> None:
    """Let Slack post interactions to `PATH` of an application; `secret` is looked up each time."""
    door = SignedDoor(secret, hear, clock)
    app.router.add_post(PATH, door.take)
    app.on_cleanup.append(door.close)


class SignedDoor:
    """Lets in what Slack signed, once."""

    def __init__(self, secret: Callable[[], str], hear: Hear, clock: Clock) -> None:
        self._secret = secret
        self._hear = hear
        self._clock = clock
        self._seen: dict[str, Instant] = {}
        self._at_work: set[asyncio.Future[None]] = set()

    async def take(self, request: web.Request) -> web.Response:
        """Answer `POST /slack/answers`: at once, since Slack waits three seconds at most."""
        body = await _read(request)
        if not self._is_signed(request, body):
            raise web.HTTPUnauthorized(text="not signed by Slack, or not now\n")
        try:
            payload = msgspec.json.decode(parse_qs(body.decode())["payload"][0], type=dict[str, Any])
        except (UnicodeDecodeError, KeyError, msgspec.DecodeError, RecursionError):
            raise web.HTTPBadRequest(text="no payload\n") from None
        work = asyncio.ensure_future(self._hear(payload))
        self._at_work.add(work)
        work.add_done_callback(self._at_work.discard)
        return web.Response()

    def _is_signed(self, request: web.Request, body: bytes) -> bool:
        """Whether Slack signed it, not long ago, and it is new."""
        stamp, signature = (request.headers.get(f"X-Slack-{name}", "") for name in ("Request-Timestamp", "Signature"))
        now = self._clock.now()
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= _DIGITS):
            return False
        if abs(now - int(stamp) * SECOND) > WINDOW:
            return False
        digest = hmac.new(self._secret().encode(), b"v0:%s:%s" % (stamp.encode(), body), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(f"v0={digest}".encode(), signature.encode(errors="surrogateescape")):
            return False
        self._seen = {known: at for known, at in self._seen.items() if abs(now - at) <= 2 * WINDOW}
        is_new = signature not in self._seen
        self._seen[signature] = now
        return is_new

    async def close(self, _app: web.Application) -> None:
        """Give up what is under way."""
        for work in self._at_work:
            work.cancel()


async def _read(request: web.Request) -> bytes:
    """The whole body: Slack sends the message along, which is more than our own forms may hold."""
    body = bytearray()
    async for part in request.content.iter_any():
        body += part
        if len(body) > _LARGEST:
            raise web.HTTPRequestEntityTooLarge(max_size=_LARGEST, actual_size=len(body))
    return bytes(body)
