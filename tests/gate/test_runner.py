import asyncio

import pytest
from aiohttp import web

from buzzwatch.gate.runner import BoundedRunner

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
async def port():
    async def answer(_request):
        return web.Response(text="here")

    application = web.Application()
    application.router.add_get("/", answer)
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
