"""Calls of a store that a cancellation does not cut in two."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from anyio import CancelScope

T = TypeVar("T")


async def uninterrupted(call: Coroutine[Any, Any, T]) -> T:
    """Run a call to its end and return its result, whatever cancels the caller meanwhile.

    A store on the network acts before it answers: a caller that is cancelled between the two does not know what it
    changed. The call runs in a task of its own; `task.cancel()` and the scopes of anyio take effect after it.

    Args:
        call: ends in bounded time, as the calls of a `Store` do.

    Raises:
        CancelledError: the caller was cancelled; the call has ended.
    """
    task = asyncio.ensure_future(call)
    cancelled: asyncio.CancelledError | None = None
    with CancelScope(shield=True):
        while not task.done():
            try:
                await asyncio.wait([task])
            except asyncio.CancelledError as error:
                cancelled = error
    if cancelled is None or task.cancelled():
        return task.result()
    task.exception()  # seen, whatever it is: the cancellation comes first
    raise cancelled
