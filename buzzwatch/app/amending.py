"""Changes to what is on record already, which are made between two turns of the drive."""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

Amendment: TypeAlias = Callable[[sqlite3.Connection], None]


class DriveEndedError(Exception):
    """Nothing is amended any more: the daemon is stopping."""


class Asked(NamedTuple):
    """An amendment, and the promise that it is made."""

    amendment: Amendment
    done: "asyncio.Future[None]"


class Amendments:
    """Those that wait, in their order; one whose asker went away is passed over."""

    def __init__(self) -> None:
        self._asked: deque[Asked] = deque()
        self._at_work: Asked | None = None
        self._closed = False

    def ask(self, amendment: Amendment) -> "asyncio.Future[None]":
        """Let it wait for its turn.

        Raises:
            DriveEndedError: there are no turns any more.
        """
        if self._closed:
            raise DriveEndedError
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._asked.append(Asked(amendment, done))
        return done

    def take(self) -> Asked | None:
        """The next one that somebody still waits for."""
        self._at_work = None
        while self._asked and self._at_work is None:
            asked = self._asked.popleft()
            self._at_work = None if asked.done.done() else asked
        return self._at_work

    def close(self) -> None:
        """None is made any more; whoever waits is told."""
        self._closed = True
        for asked in (self._at_work, *self._asked):
            if asked is not None and not asked.done.done():
                asked.done.set_exception(DriveEndedError())
        self._asked.clear()
