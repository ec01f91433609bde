"""How a daemon starts and ends where its surroundings are against it."""

import asyncio
import socket
import sqlite3
from pathlib import Path

import pytest

from buzzwatch.app.config import Config, load
from buzzwatch.app.live import Daemon
from buzzwatch.app.scorer_process import ScorerError
from buzzwatch.app.secret import Secrets
from buzzwatch.model.input import Gap
from buzzwatch.notify.oncall import on_duty
from buzzwatch.store.record import Record
from buzzwatch.web import CannotListenError
from buzzwatch.web.desk import Reload

PATIENCE_S = 20
RULES = (
    "brand: acme\nmatch: {any: [acme]}\nrules: [{name: v, when: {volume: {over: 5m, at_least: 3}}, severity: watch}]\n"
)

LISTED = """
people:
  ines: {{name: Inès, reach: {{push: console}}}}
  karim: {{name: Karim, reach: {{push: console}}}}
rota: {{comms: {{ical: {}.ics, fallback: karim}}}}
routes: {{oncall: {{steps: [{{after: 0m, tell: "rota:comms"}}]}}}}
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


PLAIN = "class Plugged:\n  name = 'plain@1'\n  score = lambda self, texts, langs: [0.5] * len(texts)\n"


def config(folder: Path, port: int | None = None, more: str = "") -> Config:
    (folder / "rules").mkdir()
    (folder / "rules" / "acme.yaml").write_text(RULES)
    (folder / "buzzwatch.yaml").write_text(
        f'sources: {{push: {{http: {{listen: "127.0.0.1:{free_port()}"}}}}}}\n'
        f'web: {{listen: "127.0.0.1:{port or free_port()}"}}\n{more}'
    )
    return load(folder / "buzzwatch.yaml", environment={})


async def test_a_port_that_is_taken_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotListenError, match=f"cannot listen on 127.0.0.1:{port}: .*in use"):
            await asyncio.wait_for(Daemon(config(tmp_path, port), Secrets()).run(), PATIENCE_S)


async def test_a_first_start_on_a_full_disk_says_so_and_can_be_stopped(tmp_path, monkeypatch):
    refused = asyncio.Event()

    async def commit(_record, _batch):
        refused.set()
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(Record, "commit", commit)
    daemon = Daemon(config(tmp_path), Secrets())
    running = asyncio.create_task(daemon.run())
    await asyncio.wait_for(refused.wait(), PATIENCE_S)
    await asyncio.sleep(0)
    assert daemon.reception.unready()[0] == "the state cannot be written: database or disk is full"
    assert not daemon.ready.is_set()
    daemon.stop()
    with pytest.raises(sqlite3.OperationalError):
        await asyncio.wait_for(running, PATIENCE_S)


async def test_baselines_of_another_version_are_refused_before_they_are_journalled(tmp_path):
    daemon = Daemon(config(tmp_path), Secrets())
    running = asyncio.create_task(daemon.run())
    await asyncio.wait_for(daemon.ready.wait(), PATIENCE_S)
    answer = await asyncio.wait_for(daemon.reception.learn({"acme": {"tails": [], "baseline": {}}}), PATIENCE_S)
    assert not answer.done
    assert "learn it again" in answer.lines[0]
    assert (
        daemon.record.write_now(lambda db: db.execute("SELECT * FROM journal WHERE kind = 'warmed'").fetchall()) == []
    )
    daemon.stop()
    await asyncio.wait_for(running, PATIENCE_S)


async def test_the_status_tells_of_the_scorer(tmp_path, plug_in):
    plug_in("plain", PLAIN)
    daemon = Daemon(config(tmp_path, more="scorer: {use: plain}\n"), Secrets())
    running = asyncio.create_task(daemon.run())
    told = {"use": "plain", "name": None, "state": "starting", "until": None, "why": ""}
    assert daemon.reception.status()["scorer"] == told
    async with asyncio.timeout(PATIENCE_S):
        while daemon.reception.status()["scorer"]["state"] == "starting":
            await daemon.record.write(lambda _: None)
    assert daemon.reception.status()["scorer"] == told | {"name": "plain@1", "state": "working"}
    assert "buzzwatch_scorer_up 1.0" in daemon.metrics.exposition().decode()
    await asyncio.wait_for(daemon.ready.wait(), PATIENCE_S)
    daemon.stop()
    await asyncio.wait_for(running, PATIENCE_S)


async def test_a_scorer_that_is_not_installed_is_named_and_the_state_is_free_again(tmp_path):
    unknown = config(tmp_path, more="scorer: {use: roberta}\n")
    for _ in range(2):
        with pytest.raises(ScorerError, match="no scorer `roberta` is installed"):
            Daemon(unknown, Secrets())


async def test_a_running_daemon_follows_the_calendar_of_a_rota_and_soon_after_other_rules_another_one(tmp_path):
    settings = config(tmp_path)
    for name, who in (("first", "Inès"), ("second", "karim")):
        event = f"UID:1\r\nDTSTART;VALUE=DATE:20200101\r\nRRULE:FREQ=DAILY\r\nSUMMARY:{who}"
        text = f"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n{event}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        (settings.rules / f"{name}.ics").write_text(text)
    (settings.rules / "oncall.yaml").write_text(LISTED.format("first"))
    daemon = Daemon(settings, Secrets())
    running = asyncio.create_task(daemon.run())
    await asyncio.wait_for(daemon.ready.wait(), PATIENCE_S)
    for name, who in (("first", "ines"), ("second", "karim")):
        (settings.rules / "oncall.yaml").write_text(LISTED.format(name))
        await daemon.reception.reload(Reload())
        async with asyncio.timeout(PATIENCE_S):
            while on_duty(daemon.drive.spine.memory.rules.rotas["comms"], daemon.clock.now()) != who:
                await daemon.record.write(lambda _: None)
    daemon.stop()
    await asyncio.wait_for(running, PATIENCE_S)


async def test_the_gap_of_a_source_that_is_configured_no_more_ends_with_the_next_start(tmp_path):
    settings = config(tmp_path)

    def is_open(daemon: Daemon, source: str) -> bool:
        now = daemon.clock.now()
        return any(gap.source == source and gap.until > now for gap in daemon.drive.spine.memory.gaps)

    for ends in (False, True):
        daemon = Daemon(settings, Secrets())
        running = asyncio.create_task(daemon.run())
        await asyncio.wait_for(daemon.ready.wait(), PATIENCE_S)
        if not ends:
            await asyncio.wait_for(daemon.queue.tell(Gap(0, "gone", daemon.clock.now(), 2**62)), PATIENCE_S)
            assert is_open(daemon, "gone")
        async with asyncio.timeout(PATIENCE_S):
            while is_open(daemon, "push") or (ends and is_open(daemon, "gone")):
                await daemon.record.write(lambda _: None)
        daemon.stop()
        await asyncio.wait_for(running, PATIENCE_S)
