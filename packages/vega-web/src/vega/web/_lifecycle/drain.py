"""Graceful shutdown: end readiness first, then long-lived connections, then the server."""

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
_MOMENT: Final = 0.05  # seconds for a server to send buffered data
_PATIENCE: Final = 2.0  # seconds for connections to end


@final
class Drain:
    """The state of a shutdown, and the callbacks to run when a shutdown begins.

    Args:
        delay: seconds between the end of readiness and the end of the server, for load balancers to react.
    """

    def __init__(self, delay: float = 0.0) -> None:
        self.is_begun: bool = False
        self.is_served: bool = False  # whether a server handles SIGTERM, as opposed to a test or a script
        self._delay = delay
        self._callbacks: set[Callable[[], None]] = set()
        self._latest = 0.0

    def add(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Register a callback for the start of shutdown, called at once if begun; return a function to unregister."""
        if self.is_begun:
            callback()
        self._callbacks.add(callback)
        return lambda: self._callbacks.discard(callback)

    def begin(self) -> None:
        """Begin the shutdown and call the callbacks, once."""
        if not self.is_begun:
            self.is_begun = True
            for callback in tuple(self._callbacks):
                callback()

    def reset(self) -> None:
        """Forget a shutdown and the connections of an earlier run."""
        self.is_begun = False
        self._callbacks.clear()

    @asynccontextmanager
    async def on_sigterm(self) -> AsyncGenerator[None]:
        """Begin the shutdown on SIGTERM inside the block, before other handlers run; for the main thread only."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop, before = asyncio.get_running_loop(), signal.getsignal(signal.SIGTERM)
        self.is_served = callable(before)
        if not callable(before):
            yield
            return
        if _take_from_loop(loop, before):
            loop.add_signal_handler(signal.SIGTERM, self._begin_then, loop, self._end_when_left, loop)
            try:
                yield
            finally:
                loop.add_signal_handler(signal.SIGTERM, signal.raise_signal, signal.SIGINT)
            return

        def handle(number: int, frame: FrameType | None) -> None:
            if self._delay:
                loop.call_soon_threadsafe(self._begin_then, loop, before, number, None)
            else:
                loop.call_soon_threadsafe(self.begin)
                before(number, frame)

        signal.signal(signal.SIGTERM, handle)
        try:
            yield
        finally:
            if signal.getsignal(signal.SIGTERM) is handle:
                signal.signal(signal.SIGTERM, before)

    def _begin_then(self, loop: asyncio.AbstractEventLoop, end: Callable[..., object], *arguments: Any) -> None:
        """Begin the shutdown and stop the server after the delay; ignore further signals."""
        if not self.is_begun:
            self.begin()
            self._latest = loop.time() + self._delay + _PATIENCE
            loop.call_later(max(self._delay, _MOMENT), end, *arguments)

    def _end_when_left(self, loop: asyncio.AbstractEventLoop) -> None:
        """Stop a server that would drop unsent data, once all connections have ended or the time limit has passed."""
        if self._callbacks and loop.time() < self._latest:
            loop.call_later(_MOMENT, self._end_when_left, loop)
        else:
            signal.raise_signal(signal.SIGINT)


def _take_from_loop(loop: asyncio.AbstractEventLoop, handler: object) -> bool:
    """Take over SIGTERM from a server such as granian, with one event loop handler for SIGTERM and SIGINT.

    An event loop does not expose its handlers, so the server is stopped with SIGINT instead.
    """
    if handler != signal.getsignal(signal.SIGINT):
        return False
    try:
        return loop.remove_signal_handler(signal.SIGTERM)
    except NotImplementedError:  # Windows
        return False


def drain_of(scope: Scope) -> Drain:
    """Return the drain of the application that serves a connection; a new, inactive drain without an application."""
    app: Any = scope.get("app")
    drain = getattr(app.state, _KEY, None) if app is not None else None
    return drain if isinstance(drain, Drain) else Drain()


def set_drain(app: Any, drain: Drain) -> None:
    """Set the drain used by the connections of an application."""
    setattr(app.state, _KEY, drain)
