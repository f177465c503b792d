"""Idle units of work: each is reported once, with the line that opened the unit."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from .._errors import IdleUnitError

if TYPE_CHECKING:  # avoids an import cycle: pool, session, this module
    from .session import Session

_logger = logging.getLogger("vega.data")


class IdleMonitor:
    """A periodic check of the units that hold a connection; it stops while there are none.

    A unit that sent nothing between two checks has been idle for the whole interval, and is reported.

    Args:
        seconds: the interval between checks; 0 disables the monitor.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds: float = seconds
        self._held: dict[Session, int | None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def took(self, session: Session) -> None:
        """Register a unit that has acquired a connection."""
        if self.seconds > 0:
            self._held[session] = None
            loop = asyncio.get_running_loop()
            if self._timer is None or self._loop is not loop:
                self._wait(loop)

    def gave_back(self, session: Session) -> None:
        """Remove a unit that has released the connection."""
        self._held.pop(session, None)

    def stop(self) -> None:
        """Look no more."""
        self._held.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def look(self) -> None:
        """Report the units without a statement since the last check."""
        for session, before in list(self._held.items()):
            if session.is_busy or session.sent != before:
                self._held[session] = session.sent
            else:
                self.gave_back(session)
                _logger.warning("%s", _report(session.opened_at, self.seconds), extra={"code": IdleUnitError.code})

    def _wait(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop, self._timer = loop, loop.call_later(self.seconds, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self.look()
        if self._held:
            self._wait(asyncio.get_running_loop())


def _report(place: str, seconds: float) -> IdleUnitError:
    return IdleUnitError(
        f"a unit of work has kept a connection for {seconds:g} s without sending anything",
        place,
        "close the unit before slow work, or open it after; Database(url, idle_limit=...) allows more",
    )
