"""Serving the public side on TCP and the control side on a Unix socket, while a context lasts."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from buzzwatch.gate.runner import BoundedRunner
from buzzwatch.web import CannotListenError

_SOCKET_MODE = 0o660


@asynccontextmanager
async def listening(app: web.Application, host: str, port: int) -> AsyncIterator[int]:
    """Serve on TCP; gives the port, which is of the system's choosing where 0 was asked. CannotListenError."""
    async with _running(app) as runner:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise CannotListenError(f"cannot listen on {host}:{port}: {error.strerror or error}") from error
        yield runner.addresses[0][1]


@asynccontextmanager
async def listening_on_socket(app: web.Application, path: Path) -> AsyncIterator[None]:
    """Serve on a Unix socket for its owner and group; what a dead daemon left in its place is replaced."""
    async with _running(app) as runner:
        await web.SockSite(runner, _bind(path)).start()
        yield


def _bind(path: Path) -> socket.socket:
    bound = socket.socket(socket.AF_UNIX)
    try:
        path.unlink(missing_ok=True)
        bound.bind(str(path))
        path.chmod(_SOCKET_MODE)  # Nobody can connect before this: it does not listen yet.
    except OSError as error:
        bound.close()
        raise CannotListenError(f"cannot listen on {path}: {error.strerror or error}") from error
    return bound


@asynccontextmanager
async def _running(app: web.Application) -> AsyncIterator[web.AppRunner]:
    # Without an access log: an incident's code is a key to its page.
    runner = BoundedRunner(app, access_log=None, keepalive_timeout=75, shutdown_timeout=5)
    await runner.setup()
    try:
        yield runner
    finally:
        await runner.cleanup()
