"""Idle units of work: each is reported once, with the line that opened it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from .._errors import IdleUnitError

if TYPE_CHECKING:  # sessions take their connections from a pool, which has a monitor
    from .session import Session

_logger = logging.getLogger("vega.data")


class IdleMonitor:
    """Looks at the units that hold a connection, once in so many seconds, and not at all while there are none.

    A unit that has sent nothing between two looks has been idle for that long, and is reported.

    Args:
        seconds: the time between two looks; 0 for never.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds: float = seconds
        self._held: dict[Session, int | None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def took(self, session: Session) -> None:
        """Note a unit that has taken a connection."""
        if self.seconds > 0:
            self._held[session] = None
            loop = asyncio.get_running_loop()
            if self._timer is None or self._loop is not loop:
                self._wait(loop)

    def gave_back(self, session: Session) -> None:
        """Forget a unit that has given its connection back."""
        self._held.pop(session, None)

    def stop(self) -> None:
        """Look no more."""
        self._held.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def look(self) -> None:
        """Report the units that have done nothing since the last look."""
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
