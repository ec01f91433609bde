"""An ordinary day that turns into a bad buzz, played fast through a whole daemon, until its page is delivered."""

import asyncio
import logging
import socket
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import aiohttp
import msgspec
from rich.console import Console

from buzzwatch.app import stream
from buzzwatch.app.config import Config, load
from buzzwatch.app.live import Daemon
from buzzwatch.app.logs import configure_logs
from buzzwatch.app.replay import learn_habits
from buzzwatch.app.rulebook import read_rules
from buzzwatch.app.secret import Secrets
from buzzwatch.clock import SwiftClock
from buzzwatch.model.input import Delivered
from buzzwatch.model.instant import MINUTE, Instant, Span, instant_of, moment_of
from buzzwatch.model.mention import Mention
from buzzwatch.model.signal import Detector
from buzzwatch.sources.file import Chunk
from buzzwatch.store.batch import Batch

SEED = 7
PARIS = ZoneInfo("Europe/Paris")
BEGIN = datetime(2026, 3, 17, 14, tzinfo=PARIS)
LEARNT_DAYS = 21
PROLOGUE: Span = 40 * MINUTE
"""How much of the ordinary day is played before the first angry post; what came earlier is heard at once."""
SPEED = 240.0
GIVE_UP_S = 50.0
POST_EVERY_S = 0.25
SHOW_EVERY: Span = 5 * MINUTE
BAR = 30
CHUNK = 200

_screen = Console(highlight=False, soft_wrap=True)


def play() -> int:
    """Run the demo; the exit status, 0 once the page was delivered."""
    configure_logs(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="buzzwatch-demo-") as folder:
        intake, web = _free_ports(2)
        config = _configure(Path(folder), intake, web)
        return asyncio.run(_play(config, f"http://127.0.0.1:{intake}/mentions"))


async def _play(config: Config, intake: str) -> int:
    _screen.print(f"Learning what is normal from {LEARNT_DAYS} invented days …")
    past = stream.ordinary(BEGIN - timedelta(days=LEARNT_DAYS), LEARNT_DAYS, SEED)
    habits = learn_habits(_chunks(past), read_rules(config.rules), instant_of(BEGIN))
    clock = SwiftClock(instant_of(BEGIN + stream.AFTERNOON) - PROLOGUE, SPEED)
    daemon = Daemon(config, Secrets(), clock)
    paged = _await_page(daemon)
    async with asyncio.TaskGroup() as group:
        group.create_task(daemon.run())
        await daemon.ready.wait()
        await daemon.reception.learn(habits)
        _screen.print(f"An ordinary day, {SPEED:.0f} times as fast. What is said is posted to {intake}\n")
        telling = group.create_task(_tell(daemon, intake))
        try:
            async with asyncio.timeout(GIVE_UP_S):
                incident = await paged
        except TimeoutError:
            _screen.print("No page was delivered: this is a fault.", style="bold red")
            return 1
        else:
            link = await daemon.links.url(incident)
            _screen.print(f"The page was delivered. Its incident: {link}", style="bold")
            if sys.stdout.isatty():
                _screen.print("Open it and take it. Ctrl-C ends the demo.")
                await daemon.stopped.wait()
            return 0
        finally:
            telling.cancel()
            daemon.stop()


def _await_page(daemon: Daemon) -> "asyncio.Future[str]":
    """The incident of the first message that was delivered to a person."""
    paged: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    heard = daemon.drive.on_commit

    def hear(batch: Batch) -> None:
        heard(batch)
        for _, item in batch.inputs:
            if isinstance(item, Delivered) and item.sent and item.target.by and not paged.done():
                paged.set_result(item.incident)

    daemon.drive.on_commit = hear
    return paged


async def _tell(daemon: Daemon, intake: str) -> None:
    """Post the day's mentions as they come due, and show how it goes."""
    coming = stream.day(BEGIN, SEED)
    waiting = next(coming, None)
    shown: Instant = 0
    async with aiohttp.ClientSession() as session:
        while waiting is not None:
            now, due = daemon.clock.now(), []
            while waiting is not None and instant_of(waiting.created_at) <= now:
                due.append(waiting)
                waiting = next(coming, None)
            if due:
                body, kind = msgspec.json.encode(due), {"Content-Type": "application/json"}
                async with session.post(intake, data=body, headers=kind) as answer:
                    answer.raise_for_status()
            if now - shown >= SHOW_EVERY:
                shown = now
                _show(daemon, now)
            await asyncio.sleep(POST_EVERY_S)


def _show(daemon: Daemon, now: Instant) -> None:
    """One line: the time, and the angry posts of the last quarter of an hour against the usual number."""
    pulse = daemon.drive.spine.memory.pulses.get("acme")
    if pulse is None:
        return
    signal = pulse.signal(Detector.NEGATIVITY, 15 * MINUTE)
    bar = "█" * round(min(BAR, signal.observed / 2))
    numbers = f"{signal.observed:4.0f} angry posts in 15 min (usually {signal.expected:.1f})"
    _screen.print(f"{moment_of(now).astimezone(PARIS):%H:%M}  Acme {numbers}  {bar}")


def _chunks(mentions: Iterable[Mention]) -> Iterator[Chunk]:
    told = list(mentions)
    for first in range(0, len(told), CHUNK):
        yield Chunk(first + 1, msgspec.json.encode(told[first : first + CHUNK]), first / len(told))


def _configure(folder: Path, intake: int, web: int) -> Config:
    path = folder / "buzzwatch.yaml"
    path.write_text(
        f"rules: {Path(__file__).parents[2] / 'rules'}\n"
        f'sources: {{push: {{http: {{listen: "127.0.0.1:{intake}"}}}}}}\n'
        f'web: {{listen: "127.0.0.1:{web}"}}\n'
    )
    return load(path, environment={})


def _free_ports(number: int) -> list[int]:
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(number)]
        return [probe.getsockname()[1] for probe in probes]
