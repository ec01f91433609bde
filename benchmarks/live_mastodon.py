"""What hearing a Mastodon instance costs: `python benchmarks/live_mastodon.py [events]`.

An instance in a process of its own streams invented statuses over a WebSocket as fast as they are taken; 200 brands are
watched, and one status in 25 names one. Counted is the processor time of the listening process, from the first event to
the last: frame, JSON, HTML, matching, and the mention handed over. The same statuses are then read page by page.
"""

import asyncio
import contextlib
import json
import multiprocessing
import random
import sys
import time
from collections.abc import Mapping
from multiprocessing.connection import Connection
from typing import Any

from aiohttp import web
from ingest import ENGLISH, FRENCH, invent_brands, invent_word
from rig.machine import introduce, resident

from buzzwatch.clock import SystemClock
from buzzwatch.ingest.match import Matcher
from buzzwatch.model.brand import Brand
from buzzwatch.model.receipt import Receipt
from buzzwatch.sources.html import read_html
from buzzwatch.sources.mastodon.adapter import Instance, Mastodon

SEED = 20261126
BRANDS = 200
ONE_IN = 25
BEGAN = 1_796_000_000_000


def invent_status(chance: random.Random, number: int, names: list[str]) -> dict[str, Any]:
    said = chance.choices(chance.choice((FRENCH, ENGLISH)).split(), k=chance.randint(15, 45))
    if number % ONE_IN == 0:
        said.insert(chance.randrange(len(said)), chance.choice(names).title())
    place, tag, user = (invent_word(chance) for _ in range(3))
    link = (
        f'<a href="https://www.{place}.example/{tag}/{user}" rel="nofollow noopener" translate="no" target="_blank">'
        f'<span class="invisible">https://www.</span><span class="ellipsis">{place}.example/{tag}</span>'
        f'<span class="invisible">/{user}</span></a>'
    )
    hashtag = f'<a href="https://m.example/tags/{tag}" class="mention hashtag" rel="tag">#<span>{tag}</span></a>'
    local = str(((BEGAN + number) << 16) + 1)
    return {
        "id": local,
        "created_at": "2026-11-26T06:00:00.000Z",
        "in_reply_to_id": None,
        "visibility": "public",
        "spoiler_text": "",
        "language": "fr",
        "uri": f"https://{place}.example/users/{user}/statuses/{local}",
        "url": f"https://{place}.example/@{user}/{local}",
        "replies_count": 0,
        "reblogs_count": 0,
        "favourites_count": 0,
        "edited_at": None,
        "content": f"<p>{' '.join(said)} {hashtag}</p><p>{link}</p>",
        "reblog": None,
        "account": {
            "id": str(number),
            "username": user,
            "acct": f"{user}@{place}.example",
            "display_name": user.title(),
            "note": f"<p>{' '.join(chance.choices(ENGLISH.split(), k=25))}</p>",
            "followers_count": 1200,
            "avatar": f"https://files.{place}.example/accounts/avatars/{local}/original/{user}.png",
            "header": f"https://files.{place}.example/accounts/headers/{local}/original/{user}.png",
            "fields": [{"name": "site", "value": link, "verified_at": None}],
        },
        "media_attachments": [],
        "mentions": [],
        "tags": [{"name": tag, "url": f"https://m.example/tags/{tag}"}],
        "emojis": [],
        "card": None,
        "poll": None,
    }


def serve(statuses: list[dict[str, Any]], told: Connection) -> None:
    """An instance that streams them all to whoever subscribes, and holds them in its timeline."""
    frames = [
        json.dumps({"stream": ["public"], "event": "update", "payload": json.dumps(status)}) for status in statuses
    ]

    live = [False, True]
    """The first to connect hears them; the second reads them."""

    async def stream(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        await socket.receive()
        with contextlib.suppress(ConnectionError):
            for frame in frames if live.pop() else ():
                await socket.send_str(frame)
            await socket.receive()
        return socket

    async def timeline(request: web.Request) -> web.Response:
        if "min_id" not in request.query:
            return web.json_response([])
        first = max(0, (int(request.query["min_id"]) >> 16) - BEGAN + 1)
        return web.json_response(statuses[first : first + 40][::-1])

    async def run() -> None:
        app = web.Application()
        app.router.add_get("/api/v1/streaming", stream)
        app.router.add_get("/api/v1/timelines/public", timeline)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        told.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(run())


class Taking:
    """An intake that counts, and says when all has come."""

    def __init__(self, brands: Mapping[str, Brand], events: int, cursors: dict[str, str]) -> None:
        self.digest, self.brands = "rules", brands
        self.full = False
        self.mentions = self.left = 0
        self.began = self.ended = 0.0
        self.done = asyncio.Event()
        self._events = events
        self._cursors = cursors

    @property
    def wanted(self) -> "Taking":
        """See `Intake`."""
        return self

    def knows(self, _mention: str) -> bool:
        """See `Wanted`."""
        return False

    def cursors(self, _source: str) -> dict[str, str]:
        """See `Intake`."""
        return self._cursors

    def submit(self, _source: str, payload: bytes, _cursors: object = None) -> asyncio.Future[Receipt]:
        """See `Intake`."""
        self.mentions += payload.count(b'"source":"mastodon"')
        self._count()
        return asyncio.get_running_loop().create_future()

    def passed(self, _source: str, events: int, **_: int) -> None:
        """See `Intake`."""
        self.left += events
        self._count()

    def gap(self, *_: object) -> None:
        """See `Intake`."""
        raise AssertionError("nothing was to be lost")

    def status(self, _source: str, *, why: str = "", **_: object) -> None:
        """See `Intake`."""
        if why:
            print(why)

    def _count(self) -> None:
        heard = self.mentions + self.left
        if heard and not self.began:
            self.began = time.process_time()
        if heard == self._events and not self.ended:
            self.ended = time.process_time()
            self.done.set()


async def hear(port: int, brands: Mapping[str, Brand], events: int, cursors: dict[str, str]) -> Taking:
    url = f"http://127.0.0.1:{port}"
    source = Mastodon("m", Instance(url=url, token="t", streams=("public",), allow=("127.0.0.1",)))
    intake = Taking(brands, events, cursors)
    task = asyncio.create_task(source.run(intake, SystemClock()))
    await intake.done.wait()
    task.cancel()
    await asyncio.wait([task])
    return intake


def each(run: Any, items: list[str]) -> float:
    began = time.process_time()
    for item in items:
        run(item)
    return (time.process_time() - began) / len(items) * 1e6


def main() -> None:
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    pages = min(events, 8_000)
    introduce(SEED)
    chance = random.Random(SEED)
    brands = dict(list(invent_brands(chance).items())[:BRANDS])
    names = [brand.match.any[0] for brand in brands.values()]
    statuses = [invent_status(chance, number, names) for number in range(events)]
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(statuses, theirs), daemon=True)
    server.start()
    port = ours.recv()
    size = sum(len(json.dumps(status)) for status in statuses) / events
    print(f"{events} statuses of {size:.0f} bytes, {BRANDS} brands, one in {ONE_IN} names one:")
    live = asyncio.run(hear(port, brands, events, {}))
    print(f"    streamed    {(live.ended - live.began) / events * 1e6:7.1f} us an event, {live.mentions} mentions")
    read = asyncio.run(hear(port, brands, pages, {"public": str((BEGAN + events - pages - 1) << 16)}))
    print(f"    by pages    {(read.ended - read.began) / pages * 1e6:7.1f} us a status, {pages} of them")
    texts = [status["content"] for status in statuses]
    print(f"    of it HTML  {each(read_html, texts):7.1f} us")
    print(f"    and match   {each(Matcher(brands).match, [read_html(text) for text in texts]):7.1f} us")
    print(f"    {resident():.0f} MB at the end, the statuses themselves among them")
    server.terminate()


if __name__ == "__main__":
    main()
