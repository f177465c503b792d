"""A coroutine in a separate event loop and thread, stopped when the caller is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from threading import Event
from typing import Any, TypeVar

R = TypeVar("R")


async def in_thread(work: Callable[[], Coroutine[Any, Any, R]]) -> R:
    """Run a coroutine in a thread, and return its result.

    A cancellation of the caller cancels the coroutine, and is raised after the end of the thread, so that no work
    continues in the background.

    Args:
        work: makes the coroutine, in the thread.
    """
    running: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]]] = []
    stopped = Event()

    async def main() -> R:
        task = asyncio.current_task()
        assert task is not None  # a coroutine of asyncio.run is a task
        running.append((asyncio.get_running_loop(), task))
        if stopped.is_set():  # stopped before the task existed
            raise asyncio.CancelledError
        return await work()

    thread = asyncio.ensure_future(asyncio.to_thread(lambda: asyncio.run(main())))
    cancellation: asyncio.CancelledError | None = None
    while not thread.done():
        try:
            await asyncio.wait({thread})
        except asyncio.CancelledError as error:
            cancellation = error
            stopped.set()
            for loop, task in running:
                with suppress(RuntimeError):  # the loop is closed: the thread is about to end
                    loop.call_soon_threadsafe(task.cancel)
    if cancellation is not None:
        with suppress(BaseException):  # the cancellation takes precedence over the coroutine's error
            thread.result()
        raise cancellation
    return thread.result()
