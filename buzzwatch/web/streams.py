"""The status page as it changes, by server-sent events: one rendering for all who see the same.

The format and what browsers do with it: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
import secrets
from collections.abc import Callable
from typing import Final

import msgspec
import structlog
from aiohttp import web

from buzzwatch.gate.runner import KEEPS_ITS_PLACE
from buzzwatch.web.board import Board
from buzzwatch.web.status import Reader, Shown, StatusPages

MOST_STREAMS, MOST_OF_A_LINK = 100, 10
"""Open at a time."""
BEAT: Final = 5
"""Looks after which the clock is sent although nothing else changed: a page that hears nothing says so."""
SLOW_S = 10.0
"""Who takes nothing for so long is let go: their browser comes again, and gets everything."""
_RETRY_MS = 3_000
_PAUSE_S = 1.0

log = structlog.get_logger()


class _Variant:
    """What all of one kind of reader see, and how it changed last."""

    def __init__(self) -> None:
        self.version = 0
        self.latest = b""
        self.readers = 0
        self._shown: Shown | None = None
        self._whole: bytes | None = None
        self._silent = 0

    def show(self, shown: Shown, boot: str) -> bool:
        """Take what is to be seen from now on; whether anybody is to be told."""
        before, self._shown = self._shown, shown
        self._silent += 1
        changed = shown.whole if before is None else shown.since(before)
        if not changed.keys() - {"clock"} and self._silent < BEAT:
            self._shown = before or shown  # the clock is sent with what changes, or at the next beat
            return False
        self._silent, self._whole = 0, None
        self.version += 1
        self.latest = _event(changed, f"{boot}-{self.version}")
        return True

    def after(self, seen: int, boot: str) -> bytes:
        """What a reader needs who has seen a version: the last change, or everything."""
        if seen == self.version - 1:
            return self.latest
        if self._whole is None and self._shown is not None:
            self._whole = _event(self._shown.whole, f"{boot}-{self.version}")
        return self._whole or b""


class Streams:
    """Looks at the board once a second as long as any stream is open, and never otherwise."""

    def __init__(self, board: Callable[[], Board], pages: StatusPages) -> None:
        self._board = board
        self._pages = pages
        self.boot = secrets.token_hex(4)
        """Names this process, so that a page of another one is loaded anew."""
        self._variants: dict[Reader, _Variant] = {}
        self._links: dict[str, int] = {}
        self._revoked: set[str] = set()
        self._checked: int | None = None
        """How many revocations there had been when all links were last asked after."""
        self._turned = asyncio.Event()
        self._closed = False
        self._looking: asyncio.Task[None] | None = None

    @property
    def open(self) -> int:
        """How many streams there are."""
        return sum(self._links.values())

    def is_full(self, code: str) -> bool:
        """Whether no more may be opened, at all or on this link."""
        return self._closed or self.open >= MOST_STREAMS or self._links.get(code, 0) >= MOST_OF_A_LINK

    async def close(self) -> None:
        """End every stream at once."""
        self._closed = True
        self._turn()
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])

    async def serve(self, request: web.Request, code: str, reader: Reader) -> web.StreamResponse:
        """Send everything, then each change, until the reader goes, the link is revoked or the daemon ends."""
        request[KEEPS_ITS_PLACE] = True
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no"}
        )
        await response.prepare(request)
        variant = self._enter(code, reader)
        try:
            await self._send(request, response, b"retry: %d\n\n" % _RETRY_MS)
            await self._follow(request, response, code, variant)
        except (TimeoutError, ConnectionError):  # too slow, or gone
            if request.transport is not None:
                request.transport.abort()
        finally:
            self._leave(code, reader, variant)
        return response

    async def _follow(self, request: web.Request, response: web.StreamResponse, code: str, variant: _Variant) -> None:
        seen = -1
        while not self._closed and code not in self._revoked:
            if variant.version > max(seen, 0):
                version = variant.version
                await self._send(request, response, variant.after(seen, self.boot))
                seen = version
            else:
                await self._turned.wait()
                _still_there(request)
        if code in self._revoked:
            await self._send(request, response, b"event: revoked\ndata:\n\n")

    async def _send(self, request: web.Request, response: web.StreamResponse, event: bytes) -> None:
        _still_there(request)
        async with asyncio.timeout(SLOW_S):
            await response.write(event)

    def _enter(self, code: str, reader: Reader) -> _Variant:
        self._links[code] = self._links.get(code, 0) + 1
        self._checked = None  # it may have been revoked since it was looked up
        variant = self._variants.setdefault(reader, _Variant())
        variant.readers += 1
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name="status")
        return variant

    def _leave(self, code: str, reader: Reader, variant: _Variant) -> None:
        self._links[code] -= 1
        if not self._links[code]:
            del self._links[code]
            self._revoked.discard(code)
        variant.readers -= 1
        if not variant.readers:
            self._variants.pop(reader, None)
        if not self._links and self._looking is not None:
            self._looking.cancel()
            self._looking = None

    async def _look(self) -> None:
        while True:
            try:
                await self._revoke()
                await self._render()
            except Exception:  # the next look may succeed; pages say meanwhile that they hear nothing
                log.exception("status_not_rendered")
            self._turn()
            await _second()

    async def _render(self) -> None:
        view = await self._board().overview()
        for reader, variant in list(self._variants.items()):
            shown = await asyncio.to_thread(self._pages.show, view, reader)
            variant.show(shown, self.boot)
        self._pages.forget(view)

    async def _revoke(self) -> None:
        revocations = self._board().revocations
        if revocations == self._checked:
            return
        self._checked = revocations
        try:
            await self._ask_after_links()
        except Exception:
            self._checked = None  # again at the next look
            raise

    async def _ask_after_links(self) -> None:
        for code in list(self._links):
            if await self._board().watcher(code) is None:
                self._revoked.add(code)

    def _turn(self) -> None:
        """Wake all who wait for something new."""
        self._turned.set()
        self._turned = asyncio.Event()


def _still_there(request: web.Request) -> None:
    """Raise `ConnectionResetError` once the reader went: their place is another's."""
    if request.transport is None or request.transport.is_closing():
        raise ConnectionResetError("the reader went")


def _event(parts: dict[str, str], version: str) -> bytes:
    return b"id: %s\nevent: parts\ndata: %s\n\n" % (version.encode(), msgspec.json.encode(parts))


async def _second() -> None:
    await asyncio.sleep(_PAUSE_S)
