"""A tool that sends webhooks as Standard Webhooks 1.0 says: signed, each message under one id, again until a 2xx.

A message that got none is sent again under its id with a new time and signature. What was answered 410 is given up.
"""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import aiohttp

from buzzwatch.model.instant import SECOND, Instant

SECRET = "whsec_" + base64.b64encode(b"a key of more than 24 bytes").decode()
_BETWEEN_ROUNDS_S = 0.05
_PATIENCE_S = 30


def sign(secret: str, name: str, seconds: int | str, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return "v1," + base64.b64encode(hmac.digest(key, f"{name}.{seconds}.".encode() + body, hashlib.sha256)).decode()


def headers_of(body: bytes, seconds: int | str, name: str = "msg_1", secret: str = SECRET) -> dict[str, str]:
    """What a message is sent with, attempted at a time."""
    return {
        "Content-Type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": str(seconds),
        "webhook-signature": sign(secret, name, seconds, body),
    }


def post_of(number: int, at: Instant) -> dict[str, object]:
    """A post "acme …" in the interchange format."""
    posted = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at)
    return {"id": f"tool:{number}", "text": f"acme {number}", "created_at": posted.isoformat()}


class SendingTool:
    """Keeps what it has to say until it was taken; `url` is where it sends, `now` its clock."""

    def __init__(self, now: Callable[[], Instant], secret: str = SECRET) -> None:
        self.url = ""
        self.secret = secret
        self.waiting: dict[str, bytes] = {}
        self.delivered: list[str] = []
        self.statuses: list[int] = []
        self._bodies: dict[str, bytes] = {}
        self._now = now
        self._session: aiohttp.ClientSession | None = None
        self._sending: asyncio.Task[None] | None = None

    port = 0
    """It listens to nobody: it is told where to send by `url`."""

    def say(self, number: int, at: Instant) -> None:
        """Now there is a post with that number."""
        self.waiting[f"msg_{number}"] = json.dumps(post_of(number, at)).encode()

    async def start(self) -> None:
        """Send by itself, in rounds."""
        self._sending = asyncio.create_task(self._keep_sending())

    async def stop(self) -> None:
        """End sending, and close its connections."""
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.wait({self._sending})
            self._sending = None
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def crash(self, forgotten: int = 1) -> None:
        """Lose its connections, and its memory of what was taken last: that will be sent again."""
        await self.stop()
        for name in self.delivered[-forgotten:]:
            self.waiting[name] = self._bodies[name]

    async def deliver(self) -> list[int]:
        """Attempt all that waits, once; the answers, 0 for none."""
        told = [await self._attempt(name, body) for name, body in list(self.waiting.items())]
        self.statuses += told
        return told

    async def _attempt(self, name: str, body: bytes) -> int:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(_PATIENCE_S))
        headers = headers_of(body, self._now() // SECOND, name, self.secret)
        try:
            async with self._session.post(self.url, data=body, headers=headers) as response:
                status = response.status
        except aiohttp.ClientError:
            return 0
        if status // 100 == 2 or status == 410:
            self.waiting.pop(name, None)
        if status // 100 == 2:
            self.delivered.append(name)
            self._bodies[name] = body
        return status

    async def _keep_sending(self) -> None:
        while True:
            await self.deliver()
            await asyncio.sleep(_BETWEEN_ROUNDS_S)
