"""Debian's Chromium before a page server with one incident, for tests and for looking."""

import asyncio
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web
from playwright.sync_api import Browser, sync_playwright

from buzzwatch.web.metrics import Metrics
from buzzwatch.web.public import public_app

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
PHONE = {"width": 390, "height": 844}


@contextmanager
def served(desk) -> Iterator[str]:
    """The public side of a desk, on a thread of its own: the browser's tests are not asynchronous."""
    loop = asyncio.new_event_loop()
    runner = web.AppRunner(public_app(desk, Metrics("0")), access_log=None)

    async def start() -> int:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return runner.addresses[0][1]

    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        port = asyncio.run_coroutine_threadsafe(start(), loop).result(20)
        yield f"http://127.0.0.1:{port}"
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(20)
        loop.close()


@contextmanager
def chromium() -> Iterator[Browser]:
    """The installed browser; `.ci/programs` says how to get it."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    assert program, "the tests need Chromium: sudo apt install chromium (on Ubuntu: sudo snap install chromium)"
    with sync_playwright() as playwright:
        # As root, in a container, Chromium has no sandbox; what it is shown here is our own.
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()
