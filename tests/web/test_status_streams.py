"""The stream of changes: one look for all, bounds, slow readers, revoked links, an end at once."""

import asyncio

import msgspec
import pytest
from aiohttp.test_utils import TestClient, TestServer
from board_stand_in import CODE, NOW, WALL, StandIn, calm, crisis
from msgspec.structs import replace

from buzzwatch.web import streams as streams_module
from buzzwatch.web.public import public_app
from buzzwatch.web.streams import BEAT, MOST_OF_A_LINK

PATIENCE_S = 10


class Pace:
    """The second between two looks: it passes when the test says so."""

    def __init__(self):
        self.passed = asyncio.Semaphore(0)
        self.asked = asyncio.Semaphore(0)

    async def __call__(self):
        self.asked.release()
        await self.passed.acquire()

    async def turn(self):
        """Let a second pass, once the look before it is over."""
        await asyncio.wait_for(self.asked.acquire(), PATIENCE_S)
        self.passed.release()


@pytest.fixture
def board(desk):
    desk.board = StandIn(calm())
    return desk.board


@pytest.fixture
def pace(monkeypatch):
    pace = Pace()
    monkeypatch.setattr(streams_module, "_second", pace)
    return pace


@pytest.fixture
async def client(desk, board, metrics, pace):
    async with TestClient(TestServer(public_app(desk, metrics))) as client:
        yield client


async def event_of(stream):
    """The next event: its name, and its data as it is; None at the end."""
    name, data = "", b""
    async with asyncio.timeout(PATIENCE_S):
        while line := await stream.content.readline():
            if line == b"\n" and name:
                return name, msgspec.json.decode(data) if data else None
            field, _, value = line.strip().partition(b": ")
            if field == b"event":
                name = value.decode()
            elif field.rstrip(b":") == b"data":
                data = value
    return None


def events(client, code=CODE, **headers):
    return client.get(f"/i/{code}/events", headers=headers)


async def test_everything_comes_first_and_then_what_changes(client, board, pace):
    async with events(client) as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        assert stream.headers["X-Accel-Buffering"] == "no"
        assert await stream.content.readline() == b"retry: 3000\n"
        name, parts = await event_of(stream)
        assert (name, set(parts)) == ("parts", {"lead", "clock", "incidents", "brands", "rest", "sources", "works"})
        acme, *others = board.view.brands
        board.view = replace(board.view, now=NOW + 1_000, brands=(replace(acme, now=99), *others))
        await pace.turn()
        _, parts = await event_of(stream)
        assert set(parts) == {"clock", "b-b0"}
        assert "99" in parts["b-b0"]


async def test_the_clock_alone_comes_at_the_beat(client, board, pace):
    async with events(client) as stream:
        await event_of(stream)
        for second in range(1, BEAT + 1):
            board.view = replace(board.view, now=NOW + 1_000 * second)
            await pace.turn()
        _, parts = await event_of(stream)
        assert set(parts) == {"clock"}
        assert f"23:40:{5 + BEAT:02}" in parts["clock"]


async def test_one_look_serves_all_and_nobody_costs_nothing(client, board, pace):
    async with events(client) as one, events(client) as two, events(client, **{"Accept-Language": "en"}) as three:
        for stream in (one, two):
            await event_of(stream)
        await pace.turn()  # another language is first seen at the next look
        await event_of(three)
        board.view, before = crisis(), board.looks
        await pace.turn()
        told = [(await event_of(stream))[1] for stream in (one, two, three)]
        assert board.looks == before + 1
        assert told[0] == told[1] != told[2]
        assert "colère" in told[0]["lead"]
        assert "anger" in told[2]["lead"]


async def test_who_comes_again_gets_everything(client, board, pace):
    async with events(client) as stream:
        await event_of(stream)
    async with events(client, **{"Last-Event-ID": "gone-7"}) as stream:
        _, parts = await event_of(stream)
        assert "brands" in parts


async def test_a_screen_too_many_is_turned_away(client, pace):
    opened = [await events(client) for _ in range(MOST_OF_A_LINK)]
    async with events(client) as refused:
        assert refused.status == 503
        assert refused.headers["Retry-After"]
    async with events(client, WALL) as other:
        assert other.status == 200
    for stream in opened:
        stream.close()


async def test_streams_are_bounded_overall(client, pace, monkeypatch):
    monkeypatch.setattr(streams_module, "MOST_STREAMS", 1)
    async with events(client) as stream, events(client, WALL) as refused:
        assert (stream.status, refused.status) == (200, 503)


async def test_a_revoked_link_ends_its_streams(client, board, pace):
    async with events(client) as stream:
        await event_of(stream)
        board.revoke()
        await pace.turn()
        assert await event_of(stream) == ("revoked", None)
        assert await event_of(stream) is None
    async with events(client) as stream:
        assert stream.status == 404


async def test_a_link_that_could_not_be_asked_after_is_asked_after_again(client, board, pace, monkeypatch):
    async def fails(_code):
        raise OSError("the record is locked")

    async with events(client) as stream:
        await event_of(stream)
        board.revoke()
        with monkeypatch.context() as broken:
            broken.setattr(board, "watcher", fails)
            await pace.turn()
            await asyncio.wait_for(pace.asked.acquire(), PATIENCE_S)
        pace.passed.release()
        assert await event_of(stream) == ("revoked", None)


async def test_a_look_that_fails_ends_nothing(client, board, pace):
    async with events(client) as stream:
        await event_of(stream)
        whole, board.view = board.view, None
        await pace.turn()
        board.view = replace(whole, brands=())
        await pace.turn()
        assert "brands" in (await event_of(stream))[1]


async def test_streams_end_at_once_with_the_server(desk, board, metrics, pace):
    client = TestClient(TestServer(public_app(desk, metrics)))
    await client.start_server()
    stream = await events(client)
    await event_of(stream)
    async with asyncio.timeout(2):
        await client.server.close()
    assert await event_of(stream) is None
    await client.close()


async def test_a_reader_that_takes_nothing_is_let_go(client, board, pace, monkeypatch):
    monkeypatch.setattr(streams_module, "SLOW_S", 0.1)
    monkeypatch.setattr(streams_module, "MOST_STREAMS", 1)
    board.view = replace(calm(), ails=("x" * 8_000_000,))  # more than the kernel takes for anybody
    _, writer = await asyncio.open_connection(client.host, client.port, limit=1)
    writer.write(f"GET /i/{CODE}/events HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    await writer.drain()
    await asyncio.wait_for(pace.asked.acquire(), PATIENCE_S)  # it was looked at, and told
    board.view = calm()
    async with asyncio.timeout(PATIENCE_S):
        while True:
            async with events(client, WALL) as stream:
                if stream.status == 200:
                    break
    writer.close()
