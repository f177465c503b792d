"""Store calls protected from cancellation."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from anyio import CancelScope

T = TypeVar("T")


async def uninterrupted(call: Coroutine[Any, Any, T]) -> T:
    """Run a call to completion and return its result, even if the caller is cancelled meanwhile.

    A store on the network acts before its answer arrives: a caller cancelled in between cannot know the result. The
    call runs in its own task; `task.cancel()` and anyio scopes take effect after the call.

    Args:
        call: completes in bounded time, as calls of a `Store` do.

    Raises:
        CancelledError: the caller was cancelled; the call has completed.
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
    task.exception()  # mark as retrieved: the cancellation takes precedence
    raise cancelled
