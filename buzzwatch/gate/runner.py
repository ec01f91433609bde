"""Serving an application to a bounded number of connections."""

from collections.abc import Callable
from typing import Any, cast

from aiohttp import web
from aiohttp.typedefs import Handler
from aiohttp.web_protocol import RequestHandler

MOST_CONNECTIONS = 256
"""To one port. A process may hold some thousand files open; what sends alarms and writes the record needs its own."""


KEEPS_ITS_PLACE = web.RequestKey("keeps its place", bool)
"""Set by whoever answers a request for long, to somebody with a right to it and to a bounded number of them."""


class BoundedRunner(web.AppRunner):
    """Where too many are connected the oldest makes room, first of those that are not being answered.

    The library waits for a request without end: who connects and asks for nothing, or never ends the head of a request,
    would else keep a place for as long as they like. A screen that is told news all day is older than any crowd of
    strangers: it goes last.
    """

    def __init__(self, app: web.Application, **settings: Any) -> None:  # noqa: ANN401 - those of the library
        self._answering: dict[RequestHandler, web.BaseRequest] = {}
        app.middlewares.insert(0, self._note)
        super().__init__(app, **settings)

    @property
    def server(self) -> web.Server | None:
        """What makes the protocol of each connection, as a site asks for it."""
        server = super().server
        return None if server is None else cast(web.Server, self._with_room(server))

    def _with_room(self, server: web.Server) -> Callable[[], RequestHandler]:
        def make() -> RequestHandler:
            known = server.connections
            excess = len(known) - MOST_CONNECTIONS + 1
            if excess > 0:
                for each in sorted(known, key=self._right)[:excess]:  # a stable sort: the oldest first
                    if each.transport is not None:
                        each.transport.abort()  # closing waits for whoever does not read, and their place stays taken
            return server()

        return make

    def _right(self, connection: RequestHandler) -> int:
        """How much right it has to its place."""
        request = self._answering.get(connection)
        return 0 if request is None else 1 + request.get(KEEPS_ITS_PLACE, False)

    @web.middleware
    async def _note(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self._answering[request.protocol] = request
        try:
            return await handler(request)
        except ConnectionError:
            if request.transport is not None:
                raise
            return web.Response()  # they went in the middle of what they sent: nobody reads it, and it is no error
        finally:
            self._answering.pop(request.protocol, None)
