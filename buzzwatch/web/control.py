"""What the commands say to the running daemon, over its Unix socket."""

import socket
import struct
from typing import Any, TypeAlias, TypeVar

import msgspec
from aiohttp import web
from msgspec import Struct

from buzzwatch.model.input import Mark
from buzzwatch.web.desk import Answer, Desk, Hush, Rehearsal, Reload, Reply

_LIMIT = 256_000_000
"""Of a request: a learnt baseline takes some 10 kB a brand."""

_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

Habits: TypeAlias = dict[str, dict[str, Any]]
_Shape = TypeVar("_Shape")


class Revocation(Struct, frozen=True, forbid_unknown_fields=True):
    """Of which incident no link may work any more: the body of `/revoke`."""

    incident: str


class Correction(Struct, frozen=True, forbid_unknown_fields=True):
    """Who says what of which post: the body of `/correct`."""

    brand: str
    mention: str
    mark: Mark
    by: str


class QueueLink(Struct, frozen=True, forbid_unknown_fields=True):
    """Who wants a link to the queue of which brand: the body of `/queue-link`."""

    brand: str
    by: str


class StatusLink(Struct, frozen=True, forbid_unknown_fields=True):
    """Who wants a link to the status page, "" for a wall screen: the body of `/status-link`."""

    by: str = ""


class Trial(Struct, frozen=True, forbid_unknown_fields=True):
    """Which channel to try: the body of `/notify-test`."""

    channel: str


def control_app(desk: Desk) -> web.Application:
    """The control side. JSON in and out, but `/learn` takes MessagePack, which carries arrays as they are.

    Every POST but `/sources` and `/board` gives an `Answer`: status 200 if done, 409 if not, 400 if the request could
    not be read.
    """
    commands = _Commands(desk)
    app = web.Application(client_max_size=_LIMIT)
    app.router.add_get("/status", commands.status)
    app.router.add_post("/sources", commands.sources)
    app.router.add_post("/board", commands.board)
    app.router.add_post("/status-link", commands.status_link)
    app.router.add_post("/reload", commands.reload)
    app.router.add_post("/answer", commands.answer)
    app.router.add_post("/silence", commands.silence)
    app.router.add_post("/silences", commands.silences)
    app.router.add_post("/drill", commands.rehearse)
    app.router.add_post("/revoke", commands.revoke)
    app.router.add_post("/queue-link", commands.queue_link)
    app.router.add_post("/correct", commands.correct)
    app.router.add_post("/notify-test", commands.notify_test)
    app.router.add_post("/learn", commands.learn)
    return app


class _Commands:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def status(self, _request: web.Request) -> web.Response:
        return _json(self._desk.status(), 200)

    async def sources(self, _request: web.Request) -> web.Response:
        return _json(await self._desk.sources(), 200)

    async def board(self, _request: web.Request) -> web.Response:
        return _json(await self._desk.board.overview(), 200)

    async def status_link(self, request: web.Request) -> web.Response:
        return _reply(await self._desk.board.link((await _body(request, StatusLink)).by))

    async def reload(self, request: web.Request) -> web.Response:
        asked = await _body(request, Reload) if await request.read() else Reload()
        return _reply(await self._desk.reload(asked, _uid_of(request)))

    async def answer(self, request: web.Request) -> web.Response:
        return _reply(await self._desk.answer(await _body(request, Reply)))

    async def silence(self, request: web.Request) -> web.Response:
        return _reply(await self._desk.silence(await _body(request, Hush)))

    async def silences(self, _request: web.Request) -> web.Response:
        return _reply(self._desk.silences())

    async def rehearse(self, request: web.Request) -> web.Response:
        return _reply(await self._desk.rehearse(await _body(request, Rehearsal)))

    async def revoke(self, request: web.Request) -> web.Response:
        return _reply(await self._desk.revoke((await _body(request, Revocation)).incident))

    async def queue_link(self, request: web.Request) -> web.Response:
        asked = await _body(request, QueueLink)
        return _reply(await self._desk.link_queue(asked.brand, asked.by))

    async def correct(self, request: web.Request) -> web.Response:
        asked = await _body(request, Correction)
        return _reply(await self._desk.correct(asked.brand, asked.mention, asked.mark, asked.by))

    async def notify_test(self, request: web.Request) -> web.Response:
        return _reply(await self._desk.notify_test((await _body(request, Trial)).channel))

    async def learn(self, request: web.Request) -> web.Response:
        try:
            habits = msgspec.msgpack.decode(await request.read(), type=Habits)
        except _UNREADABLE as error:
            raise _unreadable(error) from error
        return _reply(await self._desk.learn(habits))


async def _body(request: web.Request, shape: type[_Shape]) -> _Shape:
    try:
        return msgspec.json.decode(await request.read(), type=shape)
    except _UNREADABLE as error:
        raise _unreadable(error) from error


def _uid_of(request: web.Request) -> int | None:
    """Whose process asks, as the kernel tells of who connected to a Unix socket."""
    peer = None if request.transport is None else request.transport.get_extra_info("socket")
    if peer is None or peer.family != socket.AF_UNIX:
        return None
    _, uid, _ = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    return int(uid)


def _unreadable(error: Exception) -> web.HTTPBadRequest:
    answer = Answer(done=False, lines=(f"The request cannot be read: {error}.",))
    return web.HTTPBadRequest(text=msgspec.json.encode(answer).decode(), content_type="application/json")


def _reply(answer: Answer) -> web.Response:
    return _json(answer, 200 if answer.done else 409)


def _json(value: object, status: int) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), content_type="application/json", status=status)
