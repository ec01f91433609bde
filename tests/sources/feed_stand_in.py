"""A server of feeds on this machine, as rude as they come."""

import asyncio
import zlib
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from xml.sax.saxutils import escape

from aiohttp import web

from buzzwatch.model.instant import Instant, moment_of

PATIENCE_S = 30


def item(number: int, at: Instant | None, text: str = "", publisher: str = "") -> str:
    """One entry of RSS; `at` None: without a date."""
    parts = [
        f"<title>{escape(text or f'acme news {number}')}</title>",
        f"<link>https://paper.example/articles/{number}</link>",
        f'<guid isPermaLink="false">n{number}</guid>',
        f"<description>&lt;p&gt;The whole story of {number}, acme.&lt;/p&gt;</description>",
    ]
    if at is not None:
        parts.append(f"<pubDate>{format_datetime(moment_of(at))}</pubDate>")
    if publisher:
        parts.append(f'<source url="https://{publisher.lower()}.example">{publisher}</source>')
    return f"<item>{''.join(parts)}</item>"


def rss(*items: str, title: str = "The Paper", more: str = "") -> str:
    """A document of RSS 2.0, the newest entry first."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>{escape(title)}</title>{more}'
        f"{''.join(items)}</channel></rss>"
    )


class FeedStandIn:
    """Serves `/rss` with an ETag, and what tests put at other paths.

    `answers`: by path, what to say instead of a feed. `asked` counts requests by path; `headers` holds the last ones.
    """

    def __init__(self) -> None:
        self.port = 0
        self.asked: Counter[str] = Counter()
        self.headers: dict[str, dict[str, str]] = {}
        self.at_once = self.most_at_once = 0
        self.answers: dict[str, Callable[[web.Request], Any]] = {}
        self.feeds: dict[str, str] = {"/rss": rss()}
        self.extra: dict[str, str] = {}
        self.with_etag = True
        self._items: list[str] = []
        self._runner: web.AppRunner | None = None
        self._changed = asyncio.Event()

    async def start(self) -> None:
        application = web.Application()
        application.router.add_get("/{path:.*}", self._serve)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def address(self, path: str = "/rss") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def say(self, number: int, at: Instant | None) -> None:
        """Now there is a post about acme with that number, above the others, of which the oldest go."""
        self._items = [item(number, at), *self._items][:100]
        self.feeds["/rss"] = rss(*self._items)

    async def until_asked(self, times: int, path: str = "/rss") -> None:
        async with asyncio.timeout(PATIENCE_S):
            while self.asked[path] < times:
                self._changed.clear()
                await self._changed.wait()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            answer = self.answers.get(request.path)
            if answer is not None:
                said = answer(request)
                return await said if asyncio.iscoroutine(said) else said
            return self._feed(request)
        finally:
            self.at_once -= 1
            self.asked[request.path] += 1
            self.headers[request.path] = dict(request.headers)
            self._changed.set()

    def _feed(self, request: web.Request) -> web.Response:
        body = self.feeds.get(request.path)
        if body is None:
            return web.Response(status=404)
        etag = f'"{zlib.crc32(body.encode()):x}"'
        headers = {"ETag": etag} if self.with_etag else {}
        if self.with_etag and request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers=headers | self.extra)
        media_type = "application/rss+xml; charset=utf-8"
        return web.Response(body=body.encode(), headers={"Content-Type": media_type} | headers | self.extra)


def day(number: int) -> Instant:
    return int(datetime(2026, 3, number, 12, tzinfo=UTC).timestamp()) * 1000
