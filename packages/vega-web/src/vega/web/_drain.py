"""The end of a process: readiness goes first, then long-lived connections, then the server."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from types import FrameType
from typing import Any, Final, final

from starlette.types import Scope

_KEY: Final = "vega_drain"


@final
class Drain:
    """Whether a process is about to end, and what is to be told then.

    Args:
        delay: seconds between the loss of readiness and the end of the server, for load balancers to notice. Servers
            that handle SIGTERM in the event loop, as granian does, end at once.
    """

    def __init__(self, delay: float = 0.0) -> None:
        self.is_begun: bool = False
        self._delay = delay
        self._told: set[Callable[[], None]] = set()

    def add(self, tell: Callable[[], None]) -> Callable[[], None]:
        """Have a function called when the end begins, at once if it has; return what forgets it."""
        if self.is_begun:
            tell()
        self._told.add(tell)
        return lambda: self._told.discard(tell)

    def begin(self) -> None:
        """Tell everybody; once."""
        if not self.is_begun:
            self.is_begun = True
            for tell in tuple(self._told):
                tell()

    @asynccontextmanager
    async def on_sigterm(self) -> AsyncGenerator[None]:
        """Begin at SIGTERM while the block runs, before whoever else handles it; for the main thread only."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop, before = asyncio.get_running_loop(), signal.getsignal(signal.SIGTERM)

        def handle(number: int, frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(self.begin)
            if callable(before):
                if self._delay:
                    loop.call_soon_threadsafe(loop.call_later, self._delay, before, number, None)
                else:
                    before(number, frame)

        if before is signal.SIG_DFL:  # nobody waits for the end of the server: a test, or a script
            yield
            return
        signal.signal(signal.SIGTERM, handle)
        try:
            yield
        finally:
            if signal.getsignal(signal.SIGTERM) is handle:
                signal.signal(signal.SIGTERM, before)


def drain_of(scope: Scope) -> Drain:
    """Return that of the application which serves a connection; a still one where there is none."""
    app: Any = scope.get("app")
    found = getattr(app.state, _KEY, None) if app is not None else None
    return found if isinstance(found, Drain) else Drain()


def set_drain(app: Any, drain: Drain) -> None:
    """Give an application the drain that its connections look at."""
    setattr(app.state, _KEY, drain)
