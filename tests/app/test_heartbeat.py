"""The sign of life: sent while all is well, and only then."""

import asyncio
import sqlite3
from types import SimpleNamespace

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from stage import MONDAY
from structlog.testing import capture_logs

from buzzwatch.app import heartbeat
from buzzwatch.app.config import AddressError, Heartbeat, beat_url, load, unreachable
from buzzwatch.app.health import LATE, OVERDUE, Health
from buzzwatch.app.heartbeat import Beat
from buzzwatch.app.secret import Secrets
from buzzwatch.clock import VirtualClock, settle
from buzzwatch.model.instant import MINUTE
from buzzwatch.rules.faults import RuleFaults
from buzzwatch.web.metrics import Metrics

PATIENCE_S = 20


class Watcher:
    """Somebody outside, as healthchecks.io is."""

    def __init__(self):
        self.beats = 0
        self.status, self.headers, self.body = 200, {}, b"OK"
        self.heard = asyncio.Condition()
        self.answers = asyncio.Event()
        self.answers.set()

    async def handle(self, request):
        self.beats += request.path == "/ping/s3cret"
        async with self.heard:
            self.heard.notify_all()
        await self.answers.wait()
        return web.Response(status=self.status, headers=self.headers, body=self.body)


class World:
    """A daemon of which only what is judged is there."""

    def __init__(self, url, every="1m"):
        self.clock = VirtualClock(MONDAY)
        self.memory = SimpleNamespace(next_due=None)
        self.drive = SimpleNamespace(stuck=None, spine=SimpleNamespace(memory=self.memory))
        self.unheard = ()
        self.oldest = None
        self.broken = None
        self.metrics = Metrics("test")
        ears = SimpleNamespace(deaf=lambda: self.unheard)
        self.health = Health(self.drive, ears, self, self.clock)
        config = Heartbeat(url="${env:BEAT}", every=every)
        self.beat = Beat(config, Secrets({"BEAT": url}), self.health, self, self.clock, self.metrics)

        self.noted, note = asyncio.Semaphore(0), self.beat._note
        self.beat._note = lambda *became: (note(*became), self.noted.release())

    async def waiting(self):
        return int(self.oldest is not None), self.oldest

    async def prove(self):
        if self.broken:
            raise sqlite3.OperationalError(self.broken)

    async def once(self):
        """One beat; what became of it."""
        await self.health.look()
        before = self.counts()
        running = asyncio.create_task(self.beat.run())
        await asyncio.wait_for(self.noted.acquire(), PATIENCE_S)
        running.cancel()
        await asyncio.wait([running])
        after = self.counts()
        return next(outcome for outcome in after if after[outcome] != before.get(outcome, 0))

    def counts(self):
        samples = [s for f in self.metrics.heartbeats.collect() for s in f.samples if s.name.endswith("_total")]
        return {sample.labels["outcome"]: sample.value for sample in samples}


@pytest.fixture
async def watcher():
    watcher = Watcher()
    app = web.Application()
    app.router.add_get("/{path:.*}", watcher.handle)
    server = TestServer(app)
    await server.start_server(access_log=None)
    watcher.url = f"http://127.0.0.1:{server.port}/ping/s3cret"
    yield watcher
    watcher.answers.set()
    await server.close()


async def test_it_is_sent_while_all_is_well_at_equal_intervals(watcher):
    world = World(watcher.url)
    running = asyncio.create_task(world.beat.run())
    for number in range(1, 4):
        async with asyncio.timeout(PATIENCE_S), watcher.heard:
            await watcher.heard.wait_for(lambda wanted=number: watcher.beats == wanted)
        await asyncio.wait_for(world.noted.acquire(), PATIENCE_S)
        await settle()
        await world.clock.advance(MINUTE)
    running.cancel()
    await asyncio.wait([running])
    sent = world.metrics.registry.get_sample_value("buzzwatch_last_heartbeat_timestamp_seconds")
    assert sent is not None
    assert sent >= (MONDAY + 2 * MINUTE) / 1000


async def test_what_is_well_again_is_told_soon_however_rare_the_beats(watcher):
    world = World(watcher.url, every="6h")
    world.unheard = ("source broker is deaf: not connected yet",)
    running = asyncio.create_task(world.beat.run())
    await asyncio.wait_for(world.noted.acquire(), PATIENCE_S)
    world.unheard = ()
    await settle()
    await world.clock.advance(MINUTE)
    await asyncio.wait_for(world.noted.acquire(), PATIENCE_S)
    running.cancel()
    await asyncio.wait([running])
    assert (watcher.beats, world.counts()) == (1, {"withheld": 1, "sent": 1})


@pytest.mark.parametrize(
    "ail",
    [
        lambda world: setattr(world, "unheard", ("source broker is deaf: refused",)),
        lambda world: setattr(world.drive, "stuck", "database or disk is full"),
        lambda world: setattr(world, "broken", "database or disk is full"),
        lambda world: setattr(world, "oldest", MONDAY - OVERDUE - 1),
        lambda world: setattr(world.memory, "next_due", MONDAY - LATE - 1),
    ],
    ids=["a deaf source", "a commit that fails", "a full disk", "a message that does not leave", "late decisions"],
)
async def test_it_is_withheld_while_anything_ails(watcher, ail):
    world = World(watcher.url)
    ail(world)
    assert await world.once() == "withheld"
    assert watcher.beats == 0


async def test_what_is_only_under_way_ails_nothing(watcher):
    world = World(watcher.url)
    world.oldest, world.memory.next_due = MONDAY - OVERDUE, MONDAY - LATE
    assert await world.once() == "sent"


@pytest.mark.parametrize("status", [302, 404, 500])
async def test_an_answer_that_is_no_success_is_a_failure_and_no_redirect_is_followed(watcher, status):
    world = World(watcher.url)
    watcher.status, watcher.headers = status, {"Location": "/elsewhere"}
    assert await world.once() == "failed"
    assert watcher.beats == 1


async def test_a_watcher_that_is_slow_gone_or_endless_holds_nothing_up(watcher, monkeypatch):
    monkeypatch.setattr(heartbeat, "TIMEOUT_S", 0.2)
    watcher.answers.clear()
    assert await World(watcher.url).once() == "failed"
    watcher.answers.set()
    assert await World("http://127.0.0.1:9/ping/s3cret").once() == "failed"
    monkeypatch.undo()
    watcher.body = b"x" * 20_000_000
    assert await World(watcher.url).once() == "sent"


async def test_one_line_tells_of_a_change_and_none_holds_the_address(watcher):
    world = World(watcher.url)
    with capture_logs() as logs:
        for status in (200, 200, 500, 500, 200):
            watcher.status = status
            await world.once()
    assert [line["event"] for line in logs] == ["heartbeat_sent", "heartbeat_failed", "heartbeat_sent"]
    assert "s3cret" not in str(logs)
    assert "s3cret" not in repr(world.beat._config)


def test_what_cannot_work_is_known_beforehand(tmp_path):
    def read(text):
        (tmp_path / "buzzwatch.yaml").write_text(f"sources: {{push: {{http: {{}}}}}}\nheartbeat: {text}\n")
        return load(tmp_path / "buzzwatch.yaml", environment={})

    config = read('{url: "${env:BEAT}"}')
    assert config.heartbeat.every == MINUTE
    [missing] = unreachable([], config, Secrets({}))
    assert str(missing).startswith("no heartbeat can be sent: ${env:BEAT} is not set")
    [wrong] = unreachable([], config, Secrets({"BEAT": "hc-ping.example"}))
    assert str(wrong) == "no heartbeat can be sent: it is no web address: write https://… into the secret"
    assert unreachable([], config, Secrets({"BEAT": "https://hc-ping.example/x"})) == []
    with pytest.raises(AddressError):
        beat_url(config.heartbeat, Secrets({"BEAT": "https://[broken"}))
    for text in ("{url: mqtt://x}", "{}", '{url: "https://x", every: 2s}', '{url: "https://x/s3cret", evry: 1m}'):
        with pytest.raises(RuleFaults) as caught:
            read(text)
        assert "s3cret" not in str(caught.value)
