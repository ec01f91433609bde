"""What a running daemon says of how everything stands."""

import asyncio
from datetime import UTC, datetime

import aiohttp
import pytest

from buzzwatch.app.links import STATUS
from buzzwatch.app.status.table import draw
from buzzwatch.model.instant import HOUR, MINUTE, instant_of
from buzzwatch.web.board import Mood

RULES = """
brand: acme
name: Acme Airlines
timezone: Europe/Paris
language: fr
match: {any: [acme]}
rules:
  - {name: any, when: {mention: {negativity: 0.0}}, severity: watch, notify: oncall}
"""
ONCALL = """
timezone: Europe/Paris
people:
  ines: {name: Inès, language: fr, reach: {email: ines@acme.example}}
routes:
  oncall: {steps: [{after: 0m, tell: ines}]}
"""


async def post(daemon, *minutes_ago):
    source = daemon.config.sources["push"].http
    await until(daemon, lambda view: view.sources[0].connected)
    now = daemon.clock.now()
    mentions = [
        {"id": f"x:{n}", "text": f"acme {n}", "created_at": stamp(now - ago * MINUTE)}
        for n, ago in enumerate(minutes_ago)
    ]
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"http://{source.listen}/mentions", json=mentions) as answer,
    ):
        assert answer.status < 300


def stamp(instant):
    return datetime.fromtimestamp(instant / 1_000, UTC).isoformat()


async def until(daemon, fits):
    async with asyncio.timeout(15):
        while not fits(view := await daemon.reception.board.overview()):  # noqa: ASYNC110 - nothing tells of a look
            await asyncio.sleep(0.02)
    return view


async def test_a_brand_that_was_never_heard_says_so(daemon):
    view = await daemon.reception.board.overview()
    [row] = view.brands
    assert (row.name, row.mood, row.hours) == ("Acme Airlines", Mood.NEVER, ())
    assert [source.name for source in view.sources] == ["push"]
    assert view.rule_files.in_force > 0


async def test_what_was_heard_is_counted_by_the_hour_it_was_posted_in(daemon):
    await post(daemon, -1, -1, 70, 500)  # clocks of authors run ahead
    view = await until(daemon, lambda view: view.brands[0].now == 2)
    [row] = view.brands
    assert row.mood is Mood.LEARNING
    assert row.low is None
    assert len(row.hours) == 24
    assert row.hours[-1].at == view.now // HOUR * HOUR
    assert sum(each.mentions or 0 for each in row.hours) >= 2


async def test_an_incident_stands_there_with_who_has_it(daemon):
    await post(daemon, 1)
    view = await until(daemon, lambda view: view.incidents)
    [row] = view.incidents
    assert (row.brand_name, row.who, row.competitor) == ("Acme Airlines", None, False)
    assert view.brands[0].severity == row.incident.severity
    assert await daemon.reception.board.incident_code("", row.incident.id) is None
    code = await daemon.reception.board.incident_code("ines", row.incident.id)
    assert (await daemon.links.open(code, daemon.clock.now())).incident == row.incident.id


async def test_a_link_is_a_persons_or_nobodys_and_ends_when_it_is_revoked(daemon):
    board = daemon.reception.board
    assert not (await board.link("eve")).done
    [mine], [wall] = (await board.link("ines")).lines, (await board.link("")).lines
    assert mine.endswith("/status")
    mine, wall = (url.split("/")[-2] for url in (mine, wall))
    assert (await board.watcher(mine.lower()), await board.watcher(wall)) == ("ines", "")
    assert await board.watcher("QQQQQQQQ") is None
    before = board.revocations
    assert (await daemon.reception.revoke(STATUS)).done
    assert board.revocations > before
    assert await board.watcher(mine) is None


async def test_the_link_of_an_incident_is_none_to_the_status_page(daemon):
    code = (await daemon.links.url("acme-1", "ines")).rpartition("/")[2]
    assert await daemon.reception.board.watcher(code) is None


async def test_the_page_is_served_behind_its_link_and_streams_end_with_the_daemon(daemon):
    [url] = (await daemon.reception.board.link("ines")).lines
    async with aiohttp.ClientSession() as session:
        async with session.get(url) as answer:
            assert answer.status == 200
            assert "Acme Airlines" in await answer.text()
        async with session.get(url.replace("/status", "/events")) as stream:
            assert (await stream.content.readline()).startswith(b"retry:")
            daemon.stop()
            async with asyncio.timeout(15):
                await stream.content.read()


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_the_terminal_says_the_same(daemon, language, capsys):
    from rich.console import Console

    await post(daemon, 1)
    view = await until(daemon, lambda view: view.incidents)
    Console(width=120).print(draw(view, language))
    said = capsys.readouterr().out
    assert "Acme Airlines" in said
    assert "push" in said


def test_the_stamp_is_of_the_instant():
    assert instant_of(datetime.fromisoformat(stamp(1_795_473_600_000))) == 1_795_473_600_000
