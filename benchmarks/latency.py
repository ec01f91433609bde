"""How long an alert takes under load: `python benchmarks/latency.py [seconds]`.

A running daemon hears 1,000 mentions a second over HTTP. Now and then a brand that was quiet gets its tenth angry post
within five minutes, which is what its rule asks for; the time runs from the moment at which that post is sent to the
moment at which the alert is in the hands of the receiver (a JSON webhook of ours).
"""

import asyncio
import json
import random
import statistics
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp import ClientSession, web
from rig.daemon import Daemon, free_port
from rig.machine import introduce
from rig.mentions import SEED, Voices, brand_keys, rule_files

RATE = 1_000
TURN = 0.05
CROSSING = 40
NEEDED = 10
SETTLING = 5.0

RULE = """\
brand: {key}
name: {name}
language: en
match: {{any: [{key}]}}
rules:
  - name: ten-posts
    says: Ten posts
    when: {{volume: {{over: 5m, at_least: 10}}}}
    severity: warning
    notify: desk
"""


class Receiver:
    """Takes the alerts, and notes when each brand's came."""

    def __init__(self, keys: list[str]) -> None:
        self._keys = keys
        self.came: dict[str, float] = {}
        self.complete = asyncio.Event()

    async def take(self, request: web.Request) -> web.Response:
        """Answer `POST /alert`."""
        now, text = time.perf_counter(), json.dumps(await request.json()).lower()
        for key in self._keys:
            if key in text:
                self.came.setdefault(key, now)
        if len(self.came) == len(self._keys):
            self.complete.set()
        return web.Response()


async def send(session: ClientSession, url: str, mentions: list[bytes]) -> None:
    async with session.post(url, data=b"\n".join(mentions), headers={"Content-Type": "application/x-ndjson"}) as answer:
        answer.raise_for_status()


async def load(url: str, seconds: float, busy: list[str], quiet: list[str]) -> tuple[dict[str, float], float]:
    """Send mentions at the rate for so long; when each quiet brand crossed, and the rate that was kept."""
    voices, chance = Voices([*busy, *quiet]), random.Random(SEED)
    moments = sorted((chance.uniform(SETTLING, seconds), key) for key in quiet)
    crossed: dict[str, float] = {}
    sending: set[asyncio.Task[None]] = set()
    began = time.perf_counter()
    async with ClientSession() as session:
        for turn in range(int(seconds / TURN)):
            at = datetime.fromtimestamp(time.time(), UTC)
            mentions = [voices.tell(at, key=chance.choice(busy)) for _ in range(int(RATE * TURN))]
            while moments and moments[0][0] <= turn * TURN:
                _, key = moments.pop(0)
                mentions += [voices.tell(at, key=key) for _ in range(NEEDED)]
                crossed[key] = time.perf_counter()
            task = asyncio.create_task(send(session, url, mentions))
            sending.add(task)
            task.add_done_callback(sending.discard)
            await asyncio.sleep(max(0.0, began + (turn + 1) * TURN - time.perf_counter()))
        spent = time.perf_counter() - began
        await asyncio.gather(*sending)
    return crossed, seconds * RATE / spent


async def measure(directory: Path, seconds: float) -> None:
    keys = brand_keys(20 + CROSSING)
    busy, quiet = keys[:20], keys[20:]
    receiver = Receiver(quiet)
    application = web.Application()
    application.router.add_post("/alert", receiver.take)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    inlet, outlet = free_port(), free_port()
    await web.TCPSite(runner, "127.0.0.1", outlet).start()
    rules = rule_files(busy) | {f"{key}.yaml": RULE.format(key=key, name=key.title()) for key in quiet}
    config = (
        f'sources: {{push: {{http: {{listen: "127.0.0.1:{inlet}"}}}}}}\n'
        f'channels: {{hook: "json://127.0.0.1:{outlet}/alert"}}\nweb: {{listen: "127.0.0.1:0"}}\n'
    )
    oncall = "timezone: Europe/Paris\nroutes:\n  desk: {copy: [hook]}\n  ops: {copy: [console]}\n"
    daemon = Daemon(directory, config, rules | {"oncall.yaml": oncall})
    with daemon.running():
        crossed, rate = await load(f"http://127.0.0.1:{inlet}/mentions", seconds, busy, quiet)
        async with asyncio.timeout(10):
            await receiver.complete.wait()
    await runner.cleanup()
    waits = sorted(receiver.came[key] - crossed[key] for key in crossed)
    print(f"{rate:.0f} mentions/s over HTTP for {seconds:.0f} s; {len(waits)} brands crossed, each at its own moment:")
    percentiles = statistics.quantiles(waits, n=100, method="inclusive")
    print(f"    p50 {percentiles[49]:.2f} s, p99 {percentiles[98]:.2f} s, longest {waits[-1]:.2f} s")


def main() -> None:
    introduce(SEED)
    with TemporaryDirectory() as directory:
        asyncio.run(measure(Path(directory), float(sys.argv[1]) if len(sys.argv) > 1 else 60.0))


if __name__ == "__main__":
    main()
