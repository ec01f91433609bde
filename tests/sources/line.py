"""The TCP line between an adapter and the other side, which does to what passes what lines do."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress

HOST = "127.0.0.1"


class Line:
    """Passes bytes on between whoever connects and the port behind; the same port when it is started again.

    `behind` is asked at each connection. `ear_connects`: the adapter is who connects here, else who listens behind.
    """

    def __init__(self, behind: Callable[[], int], *, ear_connects: bool = True) -> None:
        self.port = 0
        self.drops = 0
        """At most so many bytes pass at a time; 0: as they come."""
        self.nonsense: deque[bytes] = deque()
        """What the adapter gets from the next connections in place of the other side."""
        self._behind = behind
        self._ear_connects = ear_connects
        self._carried = 0
        self._moved = asyncio.Condition()
        self._left: int | None = None
        self._flows = asyncio.Event()
        self._flows.set()
        self._server: asyncio.Server | None = None
        self._calls: dict[asyncio.Task[None], list[asyncio.StreamWriter]] = {}

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._take_call, HOST, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the port and break every connection."""
        if self._server is not None:
            self._server.close()
        await self.hang_up()

    async def hang_up(self) -> None:
        """Break every connection, as a cable does: no side says goodbye."""
        calls = list(self._calls)
        for call in calls:
            for writer in self._calls[call]:
                writer.transport.abort()
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)

    def fall_silent(self) -> None:
        """Take connections and let nothing pass."""
        self._flows.clear()

    def flow(self) -> None:
        """Let pass what was held back, and all that follows."""
        self._flows.set()

    def break_after(self, count: int) -> None:
        """Break every connection once so many more bytes have gone to the adapter."""
        self._left = count

    async def carried(self, count: int) -> None:
        """Return once so many more bytes have gone to the adapter."""
        goal = self._carried + count
        async with self._moved:
            await self._moved.wait_for(lambda: self._carried >= goal)

    async def _take_call(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        call = asyncio.current_task()
        assert call is not None
        self._calls[call] = [writer]
        with suppress(OSError, asyncio.CancelledError):
            if self.nonsense:
                await self._babble(reader, writer, self.nonsense.popleft())
            else:
                await self._put_through(reader, writer, self._calls[call])
        for side in self._calls.pop(call):
            side.close()

    async def _babble(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, nonsense: bytes) -> None:
        await reader.read(1 << 16)
        if not self._ear_connects:
            _, writer = await asyncio.open_connection(HOST, self._behind())
        writer.write(nonsense)
        await writer.drain()
        writer.close()

    async def _put_through(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sides: list[asyncio.StreamWriter]
    ) -> None:
        far_reader, far_writer = await asyncio.open_connection(HOST, self._behind())
        sides.append(far_writer)
        ways = [
            asyncio.create_task(self._pass_on(reader, far_writer, to_ear=not self._ear_connects)),
            asyncio.create_task(self._pass_on(far_reader, writer, to_ear=self._ear_connects)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _pass_on(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, to_ear: bool) -> None:
        while piece := await source.read(1 << 16):
            await self._flows.wait()
            if to_ear and self._left is not None:
                piece, self._left = piece[: self._left], self._left - len(piece)
            for drop in self._cut(piece):
                sink.write(drop)
                await sink.drain()
                if self.drops:
                    await asyncio.sleep(0)
            if to_ear:
                self._carried += len(piece)
                async with self._moved:
                    self._moved.notify_all()
            if to_ear and self._left is not None and self._left <= 0:
                self._left = None
                sink.transport.abort()
                return

    def _cut(self, piece: bytes) -> list[bytes]:
        size = self.drops or len(piece) or 1
        return [piece[at : at + size] for at in range(0, len(piece), size)]
