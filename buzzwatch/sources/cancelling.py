"""Ending a connection for certain."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

_T = TypeVar("_T")


async def cancellable(work: Coroutine[Any, Any, _T]) -> _T:
    """Await work that ends when cancelled, but perhaps not as cancelled: then we do.

    Before Python 3.12 that is so of `asyncio.wait_for` when its result comes at the same time, and of a task group that
    is failing already.
    """
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
