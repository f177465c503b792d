"""A coroutine whose task is cancelled while it waits for the k-th time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator
from typing import Any


class CancelledAt:
    """Awaits a coroutine, and cancels its task at an await of it.

    Args:
        work: the coroutine.
        at: the number of the await, from 1.
        again: cancel at each later await too, as a cancel scope of anyio does.
    """

    def __init__(self, work: Awaitable[Any], at: int, *, again: bool = False) -> None:
        self.work, self.at, self.again, self.seen = work, at, again, 0

    def __await__(self) -> Generator[Any, Any, None]:
        task = asyncio.current_task()
        assert task is not None
        step = self.work.__await__()
        resume: Callable[[Any], Any] = step.send
        value: Any = None
        while True:
            try:
                waits_for = resume(value)
            except StopIteration:
                return
            self.seen += 1
            if self.seen == self.at or (self.again and self.seen > self.at):
                asyncio.get_running_loop().call_soon(task.cancel)
            try:
                value, resume = (yield waits_for), step.send
            except BaseException as error:  # noqa: BLE001 - thrown into the coroutine
                value, resume = error, step.throw


async def outcome(cancelled: CancelledAt, *, within: float = 5.0) -> str:
    """Return how the task ends: `cancelled`, `hangs`, `done`, or the error's name."""

    async def main() -> None:
        await cancelled

    task = asyncio.create_task(main())
    await asyncio.wait([task], timeout=within)
    if not task.done():
        return "hangs"
    if task.cancelled():
        return "cancelled"
    error = task.exception()
    return "done" if error is None else type(error).__name__
