"""Which publishes of a bus have not ended, and who waits for the last of them."""

from __future__ import annotations

import asyncio
import threading
from typing import final

from .._errors import DrainError
from .._event.event import Event


@final
class InFlight:
    """The publishes that are under way, across tasks and threads.

    `running` is written by `publish` itself: the event of each call, by the identity of the token of its
    context variable, which each call holds until it ends.
    """

    __slots__ = ("_lock", "running", "waiters")

    def __init__(self) -> None:
        self.running: dict[int, Event] = {}
        self.waiters: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
        self._lock = threading.Lock()

    def wake(self) -> None:
        """Tell those who wait, if nothing is under way."""
        with self._lock:
            if self.running:
                return
            waiters, self.waiters = self.waiters, []
        for loop, idle in waiters:
            if not loop.is_closed():
                loop.call_soon_threadsafe(idle.set)

    async def wait(self, timeout: float | None) -> None:  # noqa: ASYNC109 - the time limit is part of the promise
        """Return when nothing is under way.

        Raises:
            DrainError: `timeout` seconds have passed.
        """
        try:
            async with asyncio.timeout(timeout):
                while self.running:
                    idle = asyncio.Event()
                    with self._lock:
                        self.waiters.append((asyncio.get_running_loop(), idle))
                    if self.running:
                        await idle.wait()
        except TimeoutError as error:
            names = sorted({event.event_name for event in list(self.running.values())})
            raise DrainError(
                f"{len(self.running)} publishes did not end within {timeout} s: {', '.join(names)}",
                "drain",
                "give more time, or look for a handler that waits for something that has stopped",
            ) from error
