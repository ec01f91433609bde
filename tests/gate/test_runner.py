import asyncio

import pytest
from aiohttp import web

from buzzwatch.gate.runner import BoundedRunner

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
async def port():
    async def answer(request):
        await request.read()
        return web.Response(text="here")

    application = web.Application()
    application.router.add_route("*", "/", answer)
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
