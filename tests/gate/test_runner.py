import asyncio
from contextlib import suppress

import pytest
from aiohttp import web

from buzzwatch.gate.runner import KEEPS_ITS_PLACE, BoundedRunner

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
SLOW_BODY = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"
LARGE = 16_000_000
"""More than the kernel takes for anybody."""


@pytest.fixture
async def port():
    async def answer(request):
        await request.read()
        return web.Response(text="here")

    async def tell(request):
        request[KEEPS_ITS_PLACE] = True
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"news\n")
            await asyncio.sleep(0.01)

    async def much(_request):
        return web.Response(body=bytes(LARGE))

    application = web.Application()
    application.router.add_route("*", "/", answer)
    application.router.add_get("/news", tell)
    application.router.add_get("/much", much)
    runner = BoundedRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


async def test_connections_that_never_ask_make_room_the_oldest_first(port, monkeypatch):
    monkeypatch.setattr("buzzwatch.gate.runner.MOST_CONNECTIONS", 8)
    idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(10)]
    for _, writer in idle[3:]:
        writer.write(REQUEST[:20])  # a head that never ends
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(REQUEST)
    assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
    assert await asyncio.gather(*(each.read() for each, _ in idle[:3])) == [b""] * 3
    assert not idle[-1][0].at_eof()
    for _, each in [*idle, (reader, writer)]:
        each.close()
        await each.wait_closed()


async def close(*opened):
    for _, writer in opened:
        writer.transport.abort()
    await asyncio.sleep(0)


async def test_a_stream_keeps_its_place_however_many_are_answered_after_it(port, monkeypatch):
    monkeypatch.setattr("buzzwatch.gate.runner.MOST_CONNECTIONS", 8)
    stream = await asyncio.open_connection("127.0.0.1", port)
    stream[1].write(REQUEST.replace(b"/", b"/news", 1))
    await stream[0].readuntil(b"news")
    crowd = []
    for _ in range(20):
        crowd.append(await asyncio.open_connection("127.0.0.1", port))
        crowd[-1][1].write(SLOW_BODY.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"))
        await crowd[-1][0].readline()  # it is being answered
    assert await crowd[0][0].read() in {b"\r\n", b""}, "the oldest of the crowd makes room"
    for _ in range(20):
        await asyncio.wait_for(stream[0].readuntil(b"news"), 5)
    await close(stream, *crowd)


async def test_who_reads_nothing_makes_room_as_well(port, monkeypatch):
    monkeypatch.setattr("buzzwatch.gate.runner.MOST_CONNECTIONS", 4)
    stuck = []
    for _ in range(4):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
        stuck.append((reader, writer))
        writer.write(REQUEST.replace(b"/", b"/much", 1))
        await reader.readexactly(1)
    kept = []
    for _ in range(4):
        kept.append(await asyncio.open_connection("127.0.0.1", port))
        kept[-1][1].write(REQUEST)
        assert await kept[-1][0].readline() == b"HTTP/1.1 200 OK\r\n"
    taken = 0
    with suppress(ConnectionResetError):
        while some := await asyncio.wait_for(stuck[0][0].read(100_000), 5):
            taken += len(some)
    assert taken < LARGE, "it was closed, which waits for a reader, and kept its file meanwhile"
    await close(*stuck, *kept)


async def test_who_hangs_up_in_the_middle_of_a_body_leaves_nothing_in_the_log(port, caplog):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n{")
    await reader.readuntil(b"100 Continue\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(REQUEST)
    assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
    writer.close()
    await writer.wait_closed()
    assert caplog.text == ""
