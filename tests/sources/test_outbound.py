"""Which addresses sources may reach."""

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from buzzwatch.sources.outbound import ForbiddenAddressError, is_public, open_session


@pytest.fixture
async def server():
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text="secret")

    async def redirect(request: web.Request) -> web.Response:
        raise web.HTTPFound(request.query["to"])

    application = web.Application()
    application.router.add_get("/", answer)
    application.router.add_get("/redirect", redirect)
    async with TestServer(application, host="127.0.0.1") as running:
        yield running


async def fetch(address: str, *allow: str) -> str:
    async with open_session(allow) as session, session.get(address) as answer:
        return await answer.text()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0x7f000001", "[::ffff:127.0.0.1]"])
async def test_this_machine_is_refused_however_it_is_written(server: TestServer, host: str):
    with pytest.raises(aiohttp.ClientConnectorError) as refused:
        await fetch(f"http://{host}:{server.port}/")
    assert isinstance(refused.value.os_error, ForbiddenAddressError)
    assert "`allow`" in str(refused.value.os_error)


async def test_what_is_allowed_by_name_is_reached(server: TestServer):
    assert await fetch(f"http://localhost:{server.port}/", "localhost") == "secret"
    assert await fetch(f"http://127.0.0.1:{server.port}/", "127.0.0.1") == "secret"


@pytest.mark.parametrize(
    ("host", "public"),
    [
        ("8.8.8.8", True),
        ("10.0.0.1", False),
        ("169.254.169.254", False),
        ("100.100.100.200", False),
        ("192.168.1.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00:ec2::254", False),
        ("::ffff:10.0.0.1", False),
        ("2001:4860:4860::8888", True),
    ],
)
def test_which_addresses_belong_to_the_world(host: str, public: bool):  # noqa: FBT001
    assert is_public(host) is public
