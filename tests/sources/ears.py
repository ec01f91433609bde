"""Every adapter with its stand-in, as `chaos.World` takes them; `part` gives a fixture by its name."""

import asyncio
import json
import random
import socket
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import aiohttp
from chaos import Ear
from line import HOST

from buzzwatch.clock import Clock
from buzzwatch.model.instant import MINUTE, SECOND, Instant, Span
from buzzwatch.sources.http import Http, Listen
from buzzwatch.sources.intake import Source
from buzzwatch.sources.mqtt import Broker, Mqtt

RUBBISH = (
    b"\xff\xfe\x00",
    b"{",
    b"[1, null, {}]",
    b'{"id": 7, "text": [], "created_at": "yesterday"}',
    b'{"id": "x:no", "text": "acme"}',
    b"[" * 50_000,
    b"x" * 8_000_001,
)
"""What no mention looks like."""


def in_interchange(number: int, at: Instant) -> dict[str, Any]:
    """A post as section 8 of the design wants it; its date may be any."""
    when = datetime.fromtimestamp(at / SECOND, UTC).isoformat()
    return {"id": f"x:{number}", "source": "x", "text": f"acme, post {number}", "created_at": when}


class Numbered:
    """Ears whose mentions bear the id that the sender gave them."""

    def id_of(self, number: int) -> str:
        """See `Ear`."""
        return f"x:{number}"


class MqttEar(Numbered):
    """A real broker, which keeps what was published at QoS 1 for us while we are away."""

    kind = "mqtt"
    secrets = ()
    connects = True
    lacks = frozenset({"expired"})
    pace: Span = MINUTE

    def __init__(self, part: Callable[[str], Any]) -> None:
        self._broker = part("broker")

    @property
    def port(self) -> int:
        """See `Ear`."""
        return int(self._broker.port)

    async def start(self) -> None:
        """See `Ear`; the broker's fixture has started it, and ends it."""

    async def stop(self) -> None:
        """See `start`."""

    def source(self, name: str, line: int) -> Source:
        """See `Ear`."""
        place = Broker(host=HOST, port=line, client_id="bw", topics=("mentions",), keepalive=1)
        return Mqtt(name, place, random.Random(7))

    async def say(self, numbers: Iterable[int], at: Instant) -> None:
        """See `Ear`."""
        await self._publish([json.dumps(in_interchange(number, at)).encode() for number in numbers])

    async def talk_rubbish(self) -> None:
        """Whole packets that hold nothing sensible."""
        await self._publish([b"", *RUBBISH])

    async def forget(self) -> None:
        """Lose every session with what it held, as a broker does whose disk was replaced."""
        await asyncio.to_thread(self._broker.stop)
        self._broker.forget()
        await asyncio.to_thread(self._broker.start)

    async def _publish(self, payloads: list[bytes]) -> None:
        await asyncio.to_thread(self._broker.publish, "mentions", payloads)


class HttpEar(Numbered):
    """A sender that posts in order, and posts again whatever was not answered with 200."""

    kind = "http"
    secrets = ("t0ken-of-the-sender", "an-older-t0ken")
    connects = False
    lacks = frozenset({"forgotten"})
    pace: Span = MINUTE

    def __init__(self, _part: Callable[[str], Any]) -> None:
        with socket.create_server((HOST, 0)) as probe:
            self.port: int = probe.getsockname()[1]
        self.token = self.secrets[0]
        self.answers: list[int] = []
        self._waiting: asyncio.Queue[bytes] = asyncio.Queue()
        self._sending: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """See `Ear`; it knows whom to send to once `call` has said so."""

    def call(self, line: int, clock: Clock) -> None:
        """Send to the line at that port from now on."""
        self._sending = asyncio.create_task(self._send(f"http://{HOST}:{line}/mentions", clock))

    async def stop(self) -> None:
        """See `Ear`."""
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.wait([self._sending])

    def source(self, name: str, line: int) -> Source:
        """See `Ear`."""
        return Http(name, Listen(host=HOST, port=self.port, token=self.secrets[0]))

    async def say(self, numbers: Iterable[int], at: Instant) -> None:
        """See `Ear`."""
        for number in numbers:
            self._waiting.put_nowait(json.dumps(in_interchange(number, at)).encode())

    async def talk_rubbish(self) -> None:
        """Bodies that hold nothing sensible; the receiver's no is final."""
        for body in RUBBISH:
            self._waiting.put_nowait(body)

    def expire(self) -> None:
        """The sender shows a token that is no longer good."""
        self.token = self.secrets[1]

    def is_refused(self) -> bool:
        """The expired token was shown, and not taken."""
        return 401 in self.answers

    def renew(self) -> None:
        """And the right one again."""
        self.token = self.secrets[0]

    async def _send(self, url: str, clock: Clock) -> None:
        patience = aiohttp.ClientTimeout(total=60)
        async with aiohttp.ClientSession(timeout=patience) as session:
            while True:
                body = await self._waiting.get()
                while not await self._taken(session, url, body):
                    await clock.wait_until(clock.now() + 5 * SECOND)

    async def _taken(self, session: aiohttp.ClientSession, url: str, body: bytes) -> bool:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        try:
            async with session.post(url, data=BytesIO(body), headers=headers) as answer:
                self.answers.append(answer.status)
                return answer.status in {200, 400, 413}
        except (aiohttp.ClientError, TimeoutError):
            return False


EARS: tuple[type[Ear], ...] = (MqttEar, HttpEar)
