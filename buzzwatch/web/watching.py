"""The status page, its changes, and the way from it to the incidents, each behind a link."""

import asyncio
from collections.abc import Awaitable, Callable
from importlib.resources import files

from aiohttp import web

from buzzwatch.web.board import Board
from buzzwatch.web.status import StatusPages, reader_of
from buzzwatch.web.streams import Streams

_CODE = r"{code:[A-Za-z0-9_-]{4,64}}"
_INCIDENT = r"{incident:[^/]{1,200}}"
_KEPT = {"Cache-Control": "no-cache"}
_POLICY = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    )
}

Opener = Callable[[web.Request, Callable[[str], Awaitable[str | None]]], Awaitable[str]]
"""Gives the person behind a request's link as a function finds them by its code; refuses guesses."""
Nowhere = Callable[[web.Request], web.HTTPNotFound]
"""The page of a link that leads to no incident."""


class Watching:
    """`board` is asked at each request; `behind_link` refuses codes that lead nowhere, and who tries many."""

    def __init__(self, board: Callable[[], Board], behind_link: Opener, nowhere: Nowhere) -> None:
        self._board = board
        self._behind_link = behind_link
        self._nowhere = nowhere
        self.pages = StatusPages()
        self.streams = Streams(board, self.pages)
        static = files("buzzwatch.web").joinpath("static")
        self._style = static.joinpath("status.css").read_text("utf-8")
        self._script = static.joinpath("status.js").read_text("utf-8")

    def open(self, app: web.Application) -> None:
        """Let an application answer for all of it."""
        app.router.add_get(f"/i/{_CODE}/status", self.show)
        app.router.add_get(f"/i/{_CODE}/events", self.events, allow_head=False)  # it would never end
        app.router.add_get(f"/i/{_CODE}/incident/{_INCIDENT}", self.incident)
        app.router.add_get("/static/status.css", self.style)
        app.router.add_get("/static/status.js", self.script)
        app.on_shutdown.append(self._close)

    async def _close(self, _app: web.Application) -> None:
        await self.streams.close()

    async def style(self, _request: web.Request) -> web.Response:
        """The stylesheet."""
        return web.Response(text=self._style, content_type="text/css", headers=_KEPT)

    async def script(self, _request: web.Request) -> web.Response:
        """The script that puts changes in their places."""
        return web.Response(text=self._script, content_type="text/javascript", headers=_KEPT)

    async def show(self, request: web.Request) -> web.Response:
        """The page as it is now."""
        person = await self._person(request)
        view = await self._board().overview()
        reader = reader_of(_accepted(request), view, person)
        page = await asyncio.to_thread(self.pages.page, view, reader, self.streams.boot)
        response = web.Response(text=page, content_type="text/html", headers=_POLICY)
        response.enable_compression()
        return response

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Everything, then what changes."""
        code, person = request.match_info["code"].upper(), await self._person(request)
        if self.streams.is_full(code):
            raise web.HTTPServiceUnavailable(text="too many streams\n", headers={"Retry-After": "30"})
        view = await self._board().overview()
        return await self.streams.serve(request, code, reader_of(_accepted(request), view, person))

    async def incident(self, request: web.Request) -> web.Response:
        """Lead whoever may to their own page of an incident."""
        person = await self._person(request)
        code = await self._board().incident_code(person, request.match_info["incident"])
        if code is None:
            raise self._nowhere(request)
        raise web.HTTPSeeOther(f"../../{code}")

    async def _person(self, request: web.Request) -> str:
        return await self._behind_link(request, self._board().watcher)


def _accepted(request: web.Request) -> str:
    return request.headers.get("Accept-Language", "")
