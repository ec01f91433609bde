"""The state directory as the loop sees it: locked by this process, every write in order on one thread."""

import asyncio
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from buzzwatch.model.instant import MINUTE, Instant, Span
from buzzwatch.model.notification import Lease, Target
from buzzwatch.store.batch import Batch, Heard, Verdict
from buzzwatch.store.database import StateLock, open_database, open_for_reading
from buzzwatch.store.journal import Ledger
from buzzwatch.store.keeping import read_anchors
from buzzwatch.store.names import find_named, has_names
from buzzwatch.store.outbox import OutboxTable
from buzzwatch.store.snapshot import write_snapshot
from buzzwatch.store.swap import go_on

LEASE: Span = 3 * MINUTE
"""How long the courier may take over one notice before another attempt is allowed: longer than a send may last."""
RETRY_S = 2.0
"""Between attempts at what must be written, while the disk is full."""

T = TypeVar("T")


class Record:
    """What outlives the process.

    Raises:
        StateError: on opening, when the directory cannot be used or another process uses it.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._lock = StateLock(directory)
        go_on(directory)  # a restore that was cut off
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer")
        self._db: sqlite3.Connection = self._thread.submit(open_database, directory).result()
        self._ledger = Ledger(self._db)
        self._outbox = OutboxTable(self._db)
        self.has_names = self.write_now(has_names)
        """Whether any mention on record has further names."""
        self.spared = {anchor.seq for anchor in self.write_now(read_anchors)}
        """The snapshots that are put aside, by the row after which they were taken."""

    @property
    def position(self) -> tuple[int, Instant]:
        """The last journalled input and the last instant stepped to; (0, 0) for a new record."""
        return self._thread.submit(self._ledger.position).result()

    def write_now(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """As `write`, for the time before there is a loop."""
        return self._thread.submit(work, self._db).result()

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do something with the database on the writer thread, after all that was asked before."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, self._db)

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Read on a thread and a connection of its own; writing goes on meanwhile."""
        return await asyncio.to_thread(self._read, work)

    def _read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        connection = open_for_reading(self.directory)
        try:
            return work(connection)
        finally:
            connection.close()

    async def sift(self, heard: Sequence[Heard]) -> list[Verdict]:
        """See `Ledger`."""
        return await self.write(lambda _: self._ledger.sift(heard))

    async def find_named(self, names: Collection[str], own: Collection[str]) -> dict[str, str]:
        """See `store.names`."""
        return await self.write(lambda db: find_named(db, names, own))

    async def commit(self, batch: Batch) -> None:
        """See `Ledger`; raises `sqlite3.Error`, and then nothing was written."""
        await self.write(lambda _: self._ledger.commit(batch))
        self.has_names = self.has_names or bool(batch.names)

    async def lease(self, now: Instant, limit: int, left_alone: Mapping[Target, Instant]) -> list[Lease]:
        """See `OutboxTable`."""
        return await self.write(lambda _: self._outbox.lease(now, limit, LEASE, left_alone))

    async def postpone(self, key: str, until: Instant, why: str, *, doubtful: bool = False) -> None:
        """See `OutboxTable`; waits while nothing can be written."""
        while True:
            with suppress(sqlite3.OperationalError):
                return await self.write(lambda _: self._outbox.postpone(key, until, why, doubtful=doubtful))
            await asyncio.sleep(RETRY_S)

    async def prove(self) -> None:
        """Write something durably that changes nothing; raises `sqlite3.Error`."""
        await self.write(lambda db: db.execute("UPDATE position SET seq = seq"))

    async def waiting(self) -> tuple[int, Instant | None]:
        """How many notices have not left yet, and since when the oldest of them waits."""
        return await self.write(lambda _: self._outbox.waiting())

    async def snapshot(self, seq: int, dumped: dict[str, Any]) -> None:
        """Write the spine's memory beside the database, off the writer thread."""
        await asyncio.to_thread(write_snapshot, self.directory, seq, dumped, frozenset(self.spared))

    def close(self) -> None:
        """Wait for what is under way; then another process may have the state."""
        self._thread.submit(self._db.close).result()
        self._thread.shutdown()
        self._lock.release()
