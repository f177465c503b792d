"""Publishes of a bus in flight, and the waiters for their end."""

from __future__ import annotations

import asyncio
import threading
from typing import final

from .._errors import DrainError
from .._event.event import Event


@final
class InFlight:
    """The publishes in flight, across tasks and threads.

    `publish` writes `running`: the event of every call, by the identity of the token of its context variable, held
    until the end of the call.
    """

    __slots__ = ("_lock", "running", "waiters")

    def __init__(self) -> None:
        self.running: dict[int, Event] = {}
        self.waiters: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
        self._lock = threading.Lock()

    def wake(self) -> None:
        """Wake the waiters, if nothing is in flight."""
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
