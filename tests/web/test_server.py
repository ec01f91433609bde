import aiohttp
import pytest

from buzzwatch.web.public import public_app
from buzzwatch.web.server import listening


async def test_the_port_of_the_systems_choosing_is_told(desk, metrics):
    async with (
        listening(public_app(desk, metrics), "127.0.0.1", 0) as port,
        aiohttp.ClientSession() as browser,
        browser.get(f"http://127.0.0.1:{port}/healthz") as answer,
    ):
        assert answer.status == 200


async def test_a_port_that_is_taken_is_an_error_and_not_a_silent_failure(desk, metrics):
    async with listening(public_app(desk, metrics), "127.0.0.1", 0) as port:
        with pytest.raises(OSError, match="address already in use"):
            async with listening(public_app(desk, metrics), "127.0.0.1", port):
                pytest.fail("two servers on one port")


async def test_nobody_is_served_once_the_context_has_ended(desk, metrics):
    async with listening(public_app(desk, metrics), "127.0.0.1", 0) as port:
        pass
    async with aiohttp.ClientSession() as browser:
        with pytest.raises(aiohttp.ClientConnectorError):
            await browser.get(f"http://127.0.0.1:{port}/healthz")
