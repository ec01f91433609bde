"""Every adapter with its stand-in, as `chaos.World` takes them; `part` gives a fixture by its name."""

import asyncio
import base64
import json
import random
import socket
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import aiohttp
from aiohttp import web
from bluesky_stand_in import DID, Jetstream, post, post_key
from chaos import Ear
from feed_stand_in import FeedStandIn, item, rss
from line import HOST
from mastodon_stand_in import TOKEN, MastodonStandIn
from webhook_stand_in import SECRET, SendingTool
from x_stand_in import TOKEN as X_TOKEN
from x_stand_in import XStandIn, id_at

from buzzwatch.clock import Clock
from buzzwatch.model.instant import MINUTE, SECOND, Instant, Span
from buzzwatch.sources.bluesky import adapter as bluesky
from buzzwatch.sources.feed.adapter import Feed
from buzzwatch.sources.feed.line import Habits, Subscription
from buzzwatch.sources.http import Http, Listen
from buzzwatch.sources.intake import Source
from buzzwatch.sources.mastodon import adapter as mastodon
from buzzwatch.sources.mqtt.adapter import Broker, Mqtt
from buzzwatch.sources.webhook.adapter import Hook, Porch, Webhook
from buzzwatch.sources.webhook.proof import Standard
from buzzwatch.sources.x.account import Account
from buzzwatch.sources.x.adapter import X

OTHER_SECRET = "whsec_" + base64.b64encode(b"another key of many bytes").decode()
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


def written(at: Instant) -> str:
    """An instant as platforms write it."""
    return datetime.fromtimestamp(at / SECOND, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def in_interchange(number: int, posted: Instant) -> dict[str, Any]:
    """A post in the interchange format."""
    return {"id": f"x:{number}", "source": "x", "text": f"acme, post {number}", "created_at": written(posted)}


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

    def entry(self, line: int) -> dict[str, Any]:
        """The same, as `buzzwatch.yaml` has it."""
        return {"url": f"mqtt://{HOST}:{line}", "topics": ["mentions"]}

    def source(self, name: str, line: int) -> Source:
        """See `Ear`."""
        place = Broker(host=HOST, port=line, client_id="bw", topics=("mentions",), keepalive=1)
        return Mqtt(name, place, random.Random(7))

    async def say(self, numbers: Iterable[int], at: Instant, posted: Instant) -> None:
        """See `Ear`."""
        await self._publish([json.dumps(in_interchange(number, posted)).encode() for number in numbers])

    async def talk_rubbish(self) -> None:
        """Whole packets that hold nothing sensible."""
        await self._publish([b"", *RUBBISH])

    async def forget(self, _at: Instant) -> None:
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

    def entry(self, line: int) -> dict[str, Any]:
        """The same, as `buzzwatch.yaml` has it."""
        return {"listen": f"{HOST}:{self.port}", "token": self.secrets[0]}

    def source(self, name: str, line: int) -> Source:
        """See `Ear`."""
        return Http(name, Listen(host=HOST, port=self.port, tokens=(self.secrets[0],)))

    async def say(self, numbers: Iterable[int], at: Instant, posted: Instant) -> None:
        """See `Ear`."""
        for number in numbers:
            self._waiting.put_nowait(json.dumps(in_interchange(number, posted)).encode())

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


class BlueskyEar:
    """A Jetstream, which says again what came after a time; somebody there always says something."""

    kind = "bluesky"
    secrets = ()
    connects = True
    lacks = frozenset({"expired"})
    pace: Span = SECOND

    def __init__(self, _part: Callable[[str], Any]) -> None:
        self._jetstream = Jetstream()
        self.start = self._jetstream.start
        self.stop = self._jetstream.stop

    @property
    def port(self) -> int:
        """See `Ear`."""
        return int(self._jetstream.port)

    def entry(self, line: int) -> dict[str, Any]:
        """The same, as `buzzwatch.yaml` has it."""
        return {"hosts": [f"ws://{HOST}:{line}"], "profiles": False}

    def source(self, name: str, line: int) -> Source:
        """See `Ear`."""
        place = bluesky.Jetstream(hosts=(f"ws://{HOST}:{line}",), profiles=False, allow=(HOST,))
        return bluesky.Bluesky(name, place, random.Random(7))

    def is_ready(self) -> bool:
        """Somebody listens."""
        return bool(self._jetstream.connections)

    def id_of(self, number: int) -> str:
        """See `Ear`."""
        return f"bluesky:{DID.format(number)}/{post_key(number)}"

    async def say(self, numbers: Iterable[int], at: Instant, posted: Instant) -> None:
        """See `Ear`."""
        for number in numbers:
            text, created = f"acme is late again, says {number}", {"createdAt": written(posted)}
            self._jetstream.tell(post(DID.format(number), at * 1_000, post_key(number), text, **created))

    def chatter(self, at: Instant) -> None:
        """Somebody says something that is not for us."""
        self._jetstream.tell(post(DID.format(999_999), at * 1_000, "3kzzzzzzzzz2a", "good morning"))

    def talk_rubbish(self) -> None:
        """Frames that hold nothing sensible."""
        self._jetstream.raw(*RUBBISH[:-1], "", '{"did": 7, "time_us": "soon", "kind": "commit"}')

    def forget(self, at: Instant) -> None:
        """Keep nothing from before that instant."""
        self._jetstream.keeps_from = at * 1_000


class MastodonEar:
    """An instance with streams, and timelines that give back what was missed."""

    kind = "mastodon"
    secrets = (TOKEN,)
    connects = True
    lacks = frozenset()
    pace: Span = SECOND

    def __init__(self, part: Callable[[str], Any]) -> None:
        part("monkeypatch").setattr(mastodon, "PAGES", 3)
        self._instance = _Instance()
        self.start = self._instance.start
        self.stop = self._instance.stop

    @property
    def port(self) -> int:
        """See `Ear`."""
        return int(self._instance.port)

    def entry(self, line: int) -> dict[str, Any]:
        """The same, as `buzzwatch.yaml` has it."""
        self._instance.line = line
        return {"url": f"http://{HOST}:{line}", "token": TOKEN, "streams": ["public"], "allow": [HOST]}

    def source(self, name: str, line: int) -> Source:
        """See `Ear`."""
        self._instance.line = line
        place = mastodon.Instance(url=f"http://{HOST}:{line}", token=TOKEN, streams=("public",), allow=(HOST,))
        return mastodon.Mastodon(name, place, random.Random(7))

    def id_of(self, number: int) -> str:
        """See `Ear`."""
        return f"mastodon:https://{self._instance.domain}/users/lea/statuses/n{number}"

    async def say(self, numbers: Iterable[int], at: Instant, posted: Instant) -> None:
        """See `Ear`."""
        for number in numbers:
            uri = self.id_of(number).removeprefix("mastodon:")
            self._instance.post(f"<p>acme {number}</p>", at=at, uri=uri, created_at=written(posted))

    def talk_rubbish(self) -> None:
        """Frames that hold nothing sensible."""
        for frame in RUBBISH[1:-1]:
            self._instance.send_raw(frame.decode())
        self._instance.publish("update", '{"id": [], "content": 7}', [["public"]])

    def expire(self) -> None:
        """The token was withdrawn."""
        self._instance.token = "another"

    def is_ready(self) -> bool:
        """The streams are asked for, and where their timelines stand: what is said from now on is to be heard."""
        streams = any(connection.heard for connection in self._instance._connections)
        return streams and self._instance.asked["/api/v1/timelines/public"] > 0

    def is_refused(self) -> bool:
        """It is shown all the same; what then is said tells whether it was refused."""
        return True

    def renew(self) -> None:
        """The token is good again."""
        self._instance.token = TOKEN

    def forget(self, at: Instant) -> None:
        """So much was said that nobody may read it all."""
        for number in range(40 * mastodon.PAGES + 80):
            self._instance.post("<p>good morning</p>", at=at - 30 * SECOND + number, unheard=True)


class _Instance(MastodonStandIn):
    """Tells that it is reached by the line."""

    line = 0

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.line}"


class FeedEar:
    """A paper whose feed shows its last hundred articles."""

    kind = "feed"
    secrets = ("s3cret-of-the-address",)
    connects = True
    lacks = frozenset()
    most_at_once = 60
    """Of more articles at one time the page would not show all."""
    pace: Span = MINUTE

    def __init__(self, _part: Callable[[str], Any]) -> None:
        self._paper = FeedStandIn()
        self._paper._items = [item(2_000_000, 0).replace("acme", "another")]
        self._paper.feeds["/rss"] = rss(*self._paper._items)
        self.start = self._paper.start
        self.stop = self._paper.stop

    @property
    def port(self) -> int:
        """See `Ear`."""
        return int(self._paper.port)

    def entry(self, line: int) -> dict[str, Any]:
        """The same, as `buzzwatch.yaml` has it."""
        return {"urls": [f"http://{HOST}:{line}/rss"], "every": "1m", "allow": [HOST]}

    def source(self, name: str, line: int) -> Source:
        """See `Ear`."""
        where = Subscription(address=f"http://{HOST}:{line}/rss?key={self.secrets[0]}", label="The Paper")
        return Feed(name, [where], Habits(every=MINUTE, allow=(HOST,)), random.Random(7))

    def id_of(self, number: int) -> str:
        """See `Ear`."""
        return f"web:https://paper.example/articles/{number}"

    async def say(self, numbers: Iterable[int], at: Instant, posted: Instant) -> None:
        """See `Ear`."""
        for number in numbers:
            self._paper.say(number, posted)

    def talk_rubbish(self) -> None:
        """Documents that are none, one after the other; then the feed again."""
        rubbish = list(RUBBISH)

        def answer(request: web.Request) -> web.Response:
            if not rubbish:
                self._paper.answers.clear()
            return web.Response(body=rubbish.pop()) if rubbish else self._paper._feed(request)

        self._paper.answers["/rss"] = answer

    def expire(self) -> None:
        """Who may read it must show another key."""
        self._paper.answers["/rss"] = lambda _request: web.Response(status=401)

    def is_refused(self) -> bool:
        """What then is said tells."""
        return True

    def renew(self) -> None:
        """Ours is good again."""
        self._paper.answers.clear()

    def forget(self, at: Instant) -> None:
        """A hundred articles push those before off the page."""
        others = [item(1_000_000 + number, at).replace("acme", "another") for number in range(100)]
        self._paper._items = others
        self._paper.feeds["/rss"] = rss(*others)


class XEar:
    """X's filtered stream, and its recent search, which gives back what was missed."""

    kind = "x"
    secrets = (X_TOKEN,)
    connects = True
    lacks = frozenset({"forgotten"})
    pace: Span = SECOND

    def __init__(self, _part: Callable[[str], Any]) -> None:
        self._app = XStandIn(lambda: time.time_ns() // 1_000_000)
        self.start = self._app.start
        self.stop = self._app.stop
        self._ids: dict[int, str] = {}

    @property
    def port(self) -> int:
        """See `Ear`."""
        return int(self._app.port)

    def entry(self, line: int) -> dict[str, Any]:
        """The same, as `buzzwatch.yaml` has it."""
        return {"url": f"http://{HOST}:{line}", "token": X_TOKEN, "posts_a_day": 100_000, "allow": [HOST]}

    def source(self, name: str, line: int) -> Source:
        """See `Ear`."""
        return X(name, Account(token=X_TOKEN, posts_a_day=100_000, url=f"http://{HOST}:{line}", allow=(HOST,)))

    def id_of(self, number: int) -> str:
        """See `Ear`."""
        return f"x:{self._ids[number]}"

    def go_by(self, clock: Clock) -> None:
        """X's own clock."""
        self._app.now = clock.now

    def is_ready(self) -> bool:
        """The stream is open."""
        return bool(self._app.streams)

    def chatter(self, _at: Instant) -> None:
        """A sign of life."""
        self._beating = asyncio.ensure_future(self._app.beat())

    async def say(self, numbers: Iterable[int], at: Instant, posted: Instant) -> None:
        """See `Ear`."""
        for number in numbers:
            self._ids[number] = str(id_at(at, number))
            await self._app.say(number, at, created_at=written(posted))

    async def talk_rubbish(self) -> None:
        """Lines that hold nothing sensible."""
        for line in RUBBISH[1:-1]:
            await self._app.send(line + b"\r\n")

    def expire(self) -> None:
        """The token was withdrawn."""
        self._app.token = "another"

    def is_refused(self) -> bool:
        """What then is said tells."""
        return True

    def renew(self) -> None:
        """It is good again."""
        self._app.token = X_TOKEN


class WebhookEar:
    """A tool that sends signed webhooks, again until a 2xx."""

    kind = "webhook"
    secrets = (SECRET, SECRET.removeprefix("whsec_"))
    connects = False
    lacks = frozenset({"forgotten"})
    pace: Span = MINUTE

    def __init__(self, _part: Callable[[str], Any]) -> None:
        with socket.create_server((HOST, 0)) as probe:
            self.port: int = probe.getsockname()[1]
        self._tool: SendingTool | None = None

    async def start(self) -> None:
        """See `HttpEar.start`."""

    def call(self, line: int, clock: Clock) -> None:
        """Send to the line at that port from now on."""
        self._tool = _Tool(clock.now)
        self._tool.url = f"http://{HOST}:{line}/hook"
        self._sending = asyncio.create_task(self._tool.start())

    async def stop(self) -> None:
        """See `Ear`."""
        await self._tool.stop()

    def entry(self, line: int) -> dict[str, Any]:
        """The same, as `buzzwatch.yaml` has it."""
        return {"listen": f"{HOST}:{self.port}", "path": "/hook", "as": "standard", "secret": SECRET}

    def source(self, name: str, line: int) -> Source:
        """See `Ear`."""
        return Webhook(name, Porch(f"{HOST}:{self.port}"), Hook(path="/hook", proof=Standard([SECRET])))

    def id_of(self, number: int) -> str:
        """See `Ear`."""
        return f"tool:{number}"

    async def say(self, numbers: Iterable[int], at: Instant, posted: Instant) -> None:
        """See `Ear`."""
        for number in numbers:
            self._tool.say(number, posted)

    def talk_rubbish(self) -> None:
        """Signed messages that hold nothing sensible."""
        self._tool.waiting |= {f"rubbish_{number}": body for number, body in enumerate(RUBBISH[:-1])}

    def expire(self) -> None:
        """The tool signs with another secret."""
        self._tool.secret = OTHER_SECRET

    def is_refused(self) -> bool:
        """That was not believed."""
        return 403 in self._tool.statuses

    def renew(self) -> None:
        """It signs with ours again."""
        self._tool.secret = SECRET


class _Tool(SendingTool):
    """Loses patience as others do."""

    async def _attempt(self, name: str, body: bytes) -> int:
        try:
            return await super()._attempt(name, body)
        except TimeoutError:
            return 0


EARS: tuple[type[Ear], ...] = (MqttEar, HttpEar, BlueskyEar, MastodonEar, FeedEar, XEar, WebhookEar)
