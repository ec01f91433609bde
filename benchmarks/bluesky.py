"""What hearing all of Bluesky costs: `python benchmarks/bluesky.py [seconds]`.

A stand-in for Jetstream in a process of its own says invented posts, reposts and deletions to a real daemon with 200
brands; one event in a hundred names one. First 1,500 events a second, then bursts of 10,000 in a second, each second
one. Counted is what the processors work for the daemon, all of it: hearing, reading, deciding, committing.
"""

import asyncio
import json
import multiprocessing
import random
import sys
import time
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from aiohttp import WSMsgType, web
from rig.daemon import Daemon
from rig.machine import computed, introduce, resident
from rig.mentions import SEED, Voices, brand_keys, rule_files

BRANDS = 200
NAMING = 0.01 / (0.55 * 0.75)
"""Of the posts that are not Japanese: one event in a hundred names a brand."""
RATE = 1_500
BURST, BURSTS = 10_000, 5
SLICE = 0.02
_TEXT: Final = WSMsgType.TEXT
_JAPANESE = (
    "今日は朝から雨が降っていて電車も遅れたけれど新しい店の珈琲がとても美味しかったのでまた行きたいですねありがとう"
)
_EMOJI = "😀😭🙏✨🔥❤️🎉😡"


def _did(number: int) -> str:
    chance = random.Random(number)
    return "did:plc:" + "".join(chance.choices("abcdefghijklmnopqrstuvwxyz234567", k=24))


class Network:
    """Invents events: of 100, 55 posts, 40 reposts, 5 deletions; half of the posts reply, a fourth is Japanese."""

    def __init__(self) -> None:
        self._chance = random.Random(SEED)
        self._voices = Voices(brand_keys(BRANDS))
        self._dids = [_did(number) for number in range(20_000)]
        self._posts = [(did, self._key()) for did in self._dids]

    def tell(self, time_us: int) -> bytes:
        """One event, as v1 has it."""
        chance = self._chance
        dice, did = chance.random(), chance.choice(self._dids)
        commit: dict[str, Any] = {"rev": self._key(), "operation": "create", "collection": "app.bsky.feed.post"}
        commit["rkey"] = self._key()
        if dice < 0.55:
            commit["record"] = self._post(time_us)
            self._posts[chance.randrange(len(self._posts))] = (did, commit["rkey"])
        elif dice < 0.95:
            subject = {"cid": self._cid(), "uri": self._uri()}
            commit["collection"] = "app.bsky.feed.repost"
            commit["record"] = {"$type": "app.bsky.feed.repost", "createdAt": _iso(time_us), "subject": subject}
        else:
            commit["operation"] = "delete"
        commit["cid"] = self._cid()
        told = {"did": did, "time_us": time_us, "kind": "commit", "commit": commit}
        return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()

    def _post(self, time_us: int) -> dict[str, Any]:
        chance = self._chance
        text = json.loads(self._voices.tell(datetime.fromtimestamp(0, UTC), named=NAMING))["text"]
        if chance.random() < 0.25:
            text = "".join(chance.choices(_JAPANESE, k=60)) + (f" {text[-20:]}" if chance.random() < 0.1 else "")
        record: dict[str, Any] = {"$type": "app.bsky.feed.post", "createdAt": _iso(time_us), "langs": ["en"]}
        if chance.random() < 0.5:
            parts = {"cid": self._cid(), "uri": self._uri()}, {"cid": self._cid(), "uri": self._uri()}
            record["reply"] = {"parent": parts[0], "root": parts[1]}
        if chance.random() < 0.3:
            blob = {"$type": "blob", "ref": {"$link": self._cid()}, "mimeType": "image/jpeg", "size": 251_337}
            image = {"alt": "a photo of the sea", "aspectRatio": {"height": 1500, "width": 2000}, "image": blob}
            record["embed"] = {"$type": "app.bsky.embed.images", "images": [image]}
        record["text"] = text + (chance.choice(_EMOJI) if chance.random() < 0.3 else "")
        return record

    def _key(self) -> str:
        return "3" + "".join(self._chance.choices("abcdefghijklmnopqrstuvwxyz234567", k=12))

    def _cid(self) -> str:
        return "bafyrei" + "".join(self._chance.choices("abcdefghijklmnopqrstuvwxyz234567", k=52))

    def _uri(self) -> str:
        did, key = self._chance.choice(self._posts)
        return f"at://{did}/app.bsky.feed.post/{key}"


def _iso(time_us: int) -> str:
    return datetime.fromtimestamp(time_us / 1e6, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def serve(control: Connection, seconds: int) -> None:
    """Say one event to who connects, then a phase at each word from `control`, telling it when it is said."""
    network, now = Network(), time.time_ns() // 1_000
    steady = [network.tell(now + number * 1_000_000 // RATE) for number in range(RATE * seconds)]
    bursts = [network.tell(now + seconds * 1_000_000 + number * 100) for number in range(BURST * BURSTS)]
    asyncio.run(_serve(control, steady, bursts))


async def _serve(control: Connection, steady: list[bytes], bursts: list[bytes]) -> None:
    async def subscribe(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        await socket.send_frame(steady[0], _TEXT)
        for events, a_time, pause in ((steady, int(RATE * SLICE), SLICE), (bursts, BURST, 1.0)):
            await asyncio.to_thread(control.recv)
            due = time.perf_counter()
            for start in range(0, len(events), a_time):
                for event in events[start : start + a_time]:
                    await socket.send_frame(event, _TEXT)
                due += pause
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
            control.send(b"")
        await asyncio.sleep(600)
        return socket

    app = web.Application()
    app.router.add_get("/subscribe", subscribe)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    titles = [key.title().encode() for key in brand_keys(BRANDS)]
    naming = [sum(any(title in event for title in titles) for event in events) for events in (steady, bursts)]
    control.send((runner.addresses[0][1], len(steady[0]), naming))
    await asyncio.Event().wait()


def main() -> None:
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    introduce(SEED)
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(theirs, seconds), daemon=True)
    server.start()
    port, _, naming = ours.recv()
    source = f'sources: {{sky: {{bluesky: {{hosts: ["ws://127.0.0.1:{port}"], profiles: false}}}}}}\n'
    with TemporaryDirectory() as directory:
        daemon = Daemon(Path(directory), source + 'web: {listen: "127.0.0.1:0"}\n', rule_files(brand_keys(BRANDS)))
        with daemon.running() as process:
            time.sleep(3)
            began, worked = time.perf_counter(), computed(process.pid)
            time.sleep(5)
            rest = (computed(process.pid) - worked) / (time.perf_counter() - began)
            print(f"{BRANDS} brands; at rest the daemon takes {rest:.1%} of a core")
            expected = 0
            phases = (
                (f"{RATE} events/s for {seconds} s", RATE * seconds),
                (f"{BURSTS} bursts of {BURST}", BURST * BURSTS),
            )
            for (phase, events), named in zip(phases, naming, strict=True):
                began, worked = time.perf_counter(), computed(process.pid)
                expected += named
                ours.send(b"")
                ours.recv()
                daemon.wait_until_journalled(expected * 99 // 100)
                took, worked = time.perf_counter() - began, computed(process.pid) - worked
                print(f"{phase}, {named} of them name a brand:")
                print(f"    {worked / events * 1e6:.1f} us an event, {worked / took:.1%} of a core over {took:.1f} s")
            print(
                f"{daemon.journalled()} mentions are journalled; the daemon holds {resident(str(process.pid)):.0f} MB"
            )
    server.terminate()


if __name__ == "__main__":
    main()
