"""How soon a message leaves for an incident: `python benchmarks/latency_incidents.py [seconds [incidents a minute]]`.

A running daemon opens 200 incidents a minute over ten brands: each is a post of a widely followed voice, at its own
moment. Each is told to a JSON webhook (through Apprise) and to a Slack channel (by a bot), both on loopback. The time
runs from the decision, the second at which the incident was opened by the daemon's clock, to the first byte of its
message at the receiver. Slack's pace of one message a second in a channel would be all that one sees, so each brand has
a channel of its own and the stand-in takes as many as come. Processor time is the daemon's, user and system.
"""

import asyncio
import json
import random
import sqlite3
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp import ClientSession, web
from rig.daemon import Daemon, free_port
from rig.machine import computed, introduce

SEED = 20261126
BRANDS, SETTLING = 10, 3.0
VOICE, PATIENCE = 400_000, 30.0
KEY = "X-Buzzwatch-Key"

RULE = """\
brand: brand{n}
language: en
match: {{any: [brand{n}]}}
rules:
  - name: big-voice
    says: A widely followed voice complains
    when: {{mention: {{negativity: 0.7, followers: 100000}}}}
    severity: critical
    notify: desk{n}
"""


class Receiver:
    """Notes when the first byte of each message came, by the incident that it is of."""

    def __init__(self) -> None:
        self.hook: dict[str, float] = {}
        self.slack: dict[str, float] = {}
        self.told = asyncio.Condition()
        self._serial = 0

    def application(self) -> web.Application:
        """Both, served."""
        app = web.Application()
        app.router.add_post("/hook/{desk}", self.alert)
        app.router.add_post("/api/chat.postMessage", self.post)
        app.router.add_post("/api/chat.update", self.post)
        return app

    async def until(self, number: int) -> None:
        """Until so many incidents were told of in both ways."""
        async with asyncio.timeout(PATIENCE), self.told:
            await self.told.wait_for(lambda: min(len(self.hook), len(self.slack)) >= number)

    async def _note(self, came: dict[str, float], key: str, now: float) -> None:
        came.setdefault(key.partition(".")[0], now)
        async with self.told:
            self.told.notify_all()

    async def alert(self, request: web.Request) -> web.Response:
        """Take a webhook's message."""
        now = time.time()
        await request.read()
        await self._note(self.hook, request.headers[KEY], now)
        return web.Response()

    async def post(self, request: web.Request) -> web.Response:
        """Take Slack's; an incident's later ones change nothing."""
        now, body = time.time(), await request.json()
        await self._note(self.slack, body["metadata"]["event_payload"]["key"], now)
        self._serial += 1
        return web.json_response({"ok": True, "channel": body["channel"], "ts": f"{self._serial}.0"})


def configure(directory: Path) -> tuple[Daemon, int, int]:
    """The daemon, and the ports of its intake and of the receiver."""
    inlet, outlet = free_port(), free_port()
    at = f"127.0.0.1:{outlet}"
    channels: dict[str, object] = {f"hook{n}": f"json://{at}/hook/desk{n}" for n in range(BRANDS)}
    channels |= {
        f"slack{n}": {"slack": {"token": "xoxb-1", "channel": f"C00CHANNEL{n}", "api": f"http://{at}/api"}}
        for n in range(BRANDS)
    }
    config = {
        "sources": {"push": {"http": {"listen": f"127.0.0.1:{inlet}"}}},
        "channels": channels,
        "web": {"listen": "127.0.0.1:0"},
    }
    routes = {f"desk{n}": {"copy": [f"hook{n}", f"slack{n}"]} for n in range(BRANDS)} | {"ops": {"copy": ["console"]}}
    rules = {f"brand{n}.yaml": RULE.format(n=n) for n in range(BRANDS)}
    rules["oncall.yaml"] = json.dumps({"timezone": "UTC", "routes": routes})
    text = "".join(f"{key}: {json.dumps(value)}\n" for key, value in config.items())
    return Daemon(directory, text, rules), inlet, outlet


def moments(seconds: float, per_minute: float) -> Iterator[float]:
    """When posts come, in seconds from the beginning."""
    chance, at = random.Random(SEED), SETTLING
    while (at := at + chance.expovariate(per_minute / 60)) < seconds:
        yield at


async def load(url: str, seconds: float, per_minute: float) -> int:
    """Send the posts at their moments; how many."""
    began, number = time.perf_counter(), 0
    async with ClientSession() as session:
        for number, at in enumerate(moments(seconds, per_minute), 1):
            await asyncio.sleep(max(0.0, began + at - time.perf_counter()))
            body = {
                "id": f"x:{number}",
                "source": "x",
                "author": {"id": f"a{number}", "followers": VOICE},
                "text": f"brand{number % BRANDS} is a disgrace, the worst ever, I hate them {number * 7919:x}",
                "created_at": datetime.now(UTC).isoformat(),  # noqa: TID251 - the daemon runs by the real clock
            }
            async with session.post(url, json=body) as answer:
                answer.raise_for_status()
    return number


def opened(directory: Path) -> dict[str, float]:
    """When each incident was opened, by the record."""
    with closing(sqlite3.connect(f"file:{directory}/state/buzzwatch.db?mode=ro", uri=True)) as db:
        return {name: at / 1_000 for name, at in db.execute("SELECT id, opened_at FROM incident")}


async def measure(directory: Path, seconds: float, per_minute: float) -> None:
    receiver = Receiver()
    daemon, inlet, outlet = configure(directory)
    runner = web.AppRunner(receiver.application(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", outlet).start()
    with daemon.running() as process:
        before = computed(process.pid)
        number = await load(f"http://127.0.0.1:{inlet}/mentions", seconds, per_minute)
        await receiver.until(number)
        spent = computed(process.pid) - before
    await runner.cleanup()
    decided = opened(directory)
    pace = 60 * spent / seconds
    print(f"{number} incidents over {BRANDS} brands in {seconds:.0f} s, {pace:.1f} s of processor a minute:")
    for name, came in (("webhook", receiver.hook), ("Slack", receiver.slack)):
        waits = sorted(came[key] - at for key, at in decided.items())
        percentiles = statistics.quantiles(waits, n=100, method="inclusive")
        print(
            f"    {name:8} p50 {percentiles[49] * 1_000:4.0f} ms, p99 {percentiles[98] * 1_000:4.0f} ms, "
            f"longest {waits[-1] * 1_000:4.0f} ms"
        )


def main() -> None:
    introduce(SEED)
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    per_minute = float(sys.argv[2]) if len(sys.argv) > 2 else 200.0
    with TemporaryDirectory() as directory:
        asyncio.run(measure(Path(directory), seconds, per_minute))


if __name__ == "__main__":
    main()
