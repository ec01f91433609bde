"""Which addresses sources may reach, and how much they read there."""

import asyncio
import gzip
import socket
import tracemalloc
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from buzzwatch.sources.outbound import (
    MOST_REDIRECTS,
    ForbiddenAddressError,
    TooLargeError,
    is_public,
    meant,
    open_session,
    read_bounded,
)

BOMB = 64_000_000


async def answer(_request: web.Request) -> web.Response:
    return web.Response(text="secret", headers={"Set-Cookie": "followed=1"})


async def redirect(request: web.Request) -> web.Response:
    raise web.HTTPFound(request.query["to"])


async def say_cookies(request: web.Request) -> web.Response:
    return web.Response(text=str(dict(request.cookies)))


async def say_headers(request: web.Request) -> web.Response:
    return web.Response(text=str(dict(request.headers)))


async def echo(request: web.Request) -> web.WebSocketResponse:
    line = web.WebSocketResponse()
    await line.prepare(request)
    await line.send_str("secret")
    await line.close()
    return line


async def explode(request: web.Request) -> web.Response:
    return web.Response(body=bodies()[request.query["coding"]], headers={"Content-Encoding": request.query["coding"]})


@cache
def bodies() -> dict[str, bytes]:
    zeros = bytes(BOMB)
    return {"gzip": gzip.compress(zeros, 1), "deflate": zlib.compress(zeros, 1), "br": b"\xcf\xff\xff\x3f\x00"}


@pytest.fixture
async def server():
    application = web.Application()
    application.router.add_get("/", answer)
    application.router.add_get("/redirect", redirect)
    application.router.add_get("/cookies", say_cookies)
    application.router.add_get("/headers", say_headers)
    application.router.add_get("/socket", echo)
    application.router.add_get("/bomb", explode)
    async with TestServer(application, host="127.0.0.1") as running:
        yield running


@pytest.fixture
def lead(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let a name lead to addresses."""
    names: dict[str, tuple[str, ...]] = {}
    ask = socket.getaddrinfo

    def look_up(host, port, *args, **kwargs):
        return [each for to in names.get(host, (host,)) for each in ask(to, port, *args, **kwargs)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return lambda name, *to: names.__setitem__(name, to)


async def fetch(address: str, *allow: str) -> str:
    async with (
        open_session(allow) as session,
        session.get(address, max_redirects=MOST_REDIRECTS) as response,
    ):
        return (await read_bounded(response, 1_000)).decode()


async def refusal(address: str, *allow: str) -> str:
    with pytest.raises(aiohttp.ClientConnectorError) as refused:
        await fetch(address, *allow)
    assert isinstance(refused.value.os_error, ForbiddenAddressError)
    return str(refused.value.os_error)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "localhost.", "LOCALHOST", "a.localhost", "0x7f000001", "127.1", "2130706433",
        "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[::1]", "0.0.0.0",
    ],
)  # fmt: skip
async def test_this_machine_is_refused_however_it_is_written(server: TestServer, host: str):
    assert "`allow`" in await refusal(f"http://{host}:{server.port}/")


async def test_a_name_that_leads_here_is_refused_unless_it_is_allowed(server: TestServer, lead: Callable[..., None]):
    lead("press.example", "127.0.0.1")
    address = f"http://press.example:{server.port}/"
    assert "press.example leads to 127.0.0.1" in await refusal(address)
    assert await fetch(address, "press.example") == "secret"
    assert await fetch(address, f"press.example:{server.port}") == "secret"
    assert "press.example" in await refusal(address, "press.example:1")


async def test_of_several_addresses_only_the_public_ones_are_tried(server: TestServer, lead: Callable[..., None]):
    lead("press.example", "127.0.0.1", "8.8.8.8", "::1")
    async with open_session(()) as session:
        guard = session.connector._resolver
        found = await guard.resolve("press.example", server.port, socket.AF_UNSPEC)
    assert [each["host"] for each in found] == ["8.8.8.8"]


async def test_a_redirect_to_this_machine_is_refused(server: TestServer, lead: Callable[..., None]):
    lead("press.example", "127.0.0.1")
    lead("evil.example", "127.0.0.1")
    for target in ("127.0.0.1", "localhost", "evil.example", "[::ffff:127.0.0.1]", "169.254.169.254"):
        address = f"http://press.example:{server.port}/redirect?to=http://{target}:{server.port}/"
        assert "not public" in await refusal(address, "press.example")


async def test_a_redirect_elsewhere_than_the_web_is_refused(server: TestServer):
    with pytest.raises(aiohttp.NonHttpUrlRedirectClientError):
        await fetch(f"http://127.0.0.1:{server.port}/redirect?to=file:///etc/passwd", "127.0.0.1")


async def test_a_circle_of_redirects_ends(server: TestServer):
    here = f"http://127.0.0.1:{server.port}/redirect"
    application = web.Application()

    async def back(_request: web.Request) -> web.Response:
        raise web.HTTPFound("/redirect")

    application.router.add_get("/redirect", back)
    async with TestServer(application, host="127.0.0.1") as circle:
        with pytest.raises(aiohttp.TooManyRedirects):
            await fetch(f"{here}?to=http://127.0.0.1:{circle.port}/redirect", "127.0.0.1")


async def test_a_websocket_is_under_the_same_guard(server: TestServer):
    address = f"ws://127.0.0.1:{server.port}/socket"
    async with open_session(()) as session:
        with pytest.raises(aiohttp.ClientConnectorError) as refused:
            await session.ws_connect(address)
    assert isinstance(refused.value.os_error, ForbiddenAddressError)
    async with open_session(meant([address])) as session, session.ws_connect(address) as line:
        assert await line.receive_str() == "secret"


async def test_cookies_are_not_kept(server: TestServer):
    here = f"http://127.0.0.1:{server.port}"
    async with open_session(meant([here])) as session:
        for path in ("/", "/cookies"):
            async with session.get(here + path) as response:
                said = await response.text()
    assert said == "{}"


def test_what_is_written_as_a_number_or_localhost_is_meant_at_its_port():
    written = ["http://127.0.0.1:8080/rss", "https://LOCALHOST/rss", "http://[::1]:81/", "https://press.example/rss"]
    assert meant(written, ["intranet"]) == {"127.0.0.1:8080", "localhost:443", "[::1]:81", "intranet"}
    assert meant(["http://[broken", "nonsense", "http://127.0.0.1:99999/"]) == frozenset()


async def test_what_is_meant_at_one_port_is_refused_at_others(server: TestServer):
    here = f"http://127.0.0.1:{server.port}/"
    assert await fetch(here, *meant([here])) == "secret"
    await refusal(here, *meant(["http://127.0.0.1:1/"]))
    await refusal(f"{here}redirect?to=http://127.0.0.1:1/", *meant([here]))


async def test_a_name_in_the_configuration_is_not_meant_by_itself(server: TestServer, lead: Callable[..., None]):
    lead("press.example", "10.0.0.1")
    address = f"http://press.example:{server.port}/"
    assert "10.0.0.1" in await refusal(address, *meant([address]))


@pytest.fixture
async def proxy(monkeypatch: pytest.MonkeyPatch):
    """A proxy on this machine that the environment names; it notes what it is asked for."""
    asked: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[0])
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nproxy")
        await writer.drain()
        writer.close()

    running = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = running.sockets[0].getsockname()[1]
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    yield asked
    running.close()
    await running.wait_closed()


async def test_the_proxy_of_the_environment_is_meant_and_looks_names_up(proxy: list[str]):
    assert await fetch("http://press.example/rss") == "proxy"
    assert proxy == ["GET http://press.example/rss HTTP/1.1"]


@pytest.mark.parametrize("host", ["169.254.169.254", "localhost", "0x7f.1", "[::ffff:10.0.0.1]"])
async def test_the_proxy_is_not_asked_for_what_is_no_public_address(proxy: list[str], host: str):
    await refusal(f"http://{host}/")
    assert proxy == []


async def test_what_netrc_holds_is_sent_to_nobody(server: TestServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("default login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    address = f"http://127.0.0.1:{server.port}/headers"
    async with open_session(meant([address])) as session, session.get(address) as response:
        assert "Authorization" not in await response.text()
    async with (
        open_session(meant([address]), {"Authorization": "Bearer ours"}) as session,
        session.get(address) as response,
    ):
        assert "Bearer ours" in await response.text()


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_a_bomb_is_never_whole_in_memory(server: TestServer, coding: str):
    address = f"http://127.0.0.1:{server.port}/bomb?coding={coding}"
    bodies()  # what the server takes is not ours
    async with open_session(meant([address])) as session, session.get(address) as response:
        tracemalloc.start()
        try:
            with pytest.raises(TooLargeError):
                await read_bounded(response, 1_000_000)
            assert tracemalloc.get_traced_memory()[1] < BOMB / 8
        finally:
            tracemalloc.stop()


async def test_a_coding_that_we_did_not_ask_for_is_a_broken_answer(server: TestServer):
    with pytest.raises(aiohttp.ClientError):
        await fetch(f"http://127.0.0.1:{server.port}/bomb?coding=br", "127.0.0.1")


@pytest.mark.parametrize(
    ("host", "public"),
    [
        ("8.8.8.8", True),
        ("10.0.0.1", False),
        ("169.254.169.254", False),
        ("100.100.100.200", False),
        ("168.63.129.16", False),
        ("192.0.0.192", False),
        ("192.168.1.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("::7f00:1", False),
        ("fe80::1%eth0", False),
        ("fec0::1", False),
        ("ff02::1", False),
        ("fd00:ec2::254", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::a00:1", False),
        ("64:ff9b::808:808", True),
        ("64:ff9b:1::808:808", False),
        ("2002:a00:1::1", False),
        ("2001:0:808:808::1", False),
        ("2001:db8::1", False),
        ("2001:4860:4860::8888", True),
    ],
)
def test_which_addresses_belong_to_the_world(host: str, public: bool):  # noqa: FBT001
    assert is_public(host) is public
