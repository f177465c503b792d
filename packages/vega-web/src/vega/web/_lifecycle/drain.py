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
_MOMENT: Final = 0.05  # seconds in which what was handed to a server leaves it
_PATIENCE: Final = 2.0  # seconds for connections to end in


@final
class Drain:
    """Whether a process is about to end, and what is to be told then.

    Args:
        delay: seconds between the loss of readiness and the end of the server, for load balancers to notice.
    """

    def __init__(self, delay: float = 0.0) -> None:
        self.is_begun: bool = False
        self.is_served: bool = False  # whether a server waits for the end, rather than a test or a script
        self._delay = delay
        self._told: set[Callable[[], None]] = set()
        self._latest = 0.0

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

    def reset(self) -> None:
        """Forget the end and the connections of an earlier run."""
        self.is_begun = False
        self._told.clear()

    @asynccontextmanager
    async def on_sigterm(self) -> AsyncGenerator[None]:
        """Begin at SIGTERM while the block runs, before other handlers; for the main thread only."""
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
        """Begin, and have the server end after the delay; a signal that comes again changes nothing."""
        if not self.is_begun:
            self.begin()
            self._latest = loop.time() + self._delay + _PATIENCE
            loop.call_later(max(self._delay, _MOMENT), end, *arguments)

    def _end_when_left(self, loop: asyncio.AbstractEventLoop) -> None:
        """End a server that would drop what it has not sent yet, once nobody is left, or patience is."""
        if self._told and loop.time() < self._latest:
            loop.call_later(_MOMENT, self._end_when_left, loop)
        else:
            signal.raise_signal(signal.SIGINT)


def _take_from_loop(loop: asyncio.AbstractEventLoop, handler: object) -> bool:
    """Take SIGTERM from a server that has the event loop handle it and SIGINT alike, as granian does.

    A loop tells nobody its handlers, so the server is asked to end by SIGINT instead.
    """
    if handler != signal.getsignal(signal.SIGINT):
        return False
    try:
        return loop.remove_signal_handler(signal.SIGTERM)
    except NotImplementedError:  # Windows
        return False


def drain_of(scope: Scope) -> Drain:
    """Return that of the application which serves a connection; a still one where there is none."""
    app: Any = scope.get("app")
    found = getattr(app.state, _KEY, None) if app is not None else None
    return found if isinstance(found, Drain) else Drain()


def set_drain(app: Any, drain: Drain) -> None:
    """Give an application the drain that its connections look at."""
    setattr(app.state, _KEY, drain)
