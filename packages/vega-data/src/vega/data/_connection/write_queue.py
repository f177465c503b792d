"""Turns of the writers of an SQLite file: first come, first served within a process.

SQLite lets writers of several connections poll for the lock, so that under load some writers starve.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final
from weakref import WeakKeyDictionary, WeakValueDictionary

from .._errors import LockTimeoutError

_locks: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, WeakValueDictionary[str, asyncio.Lock]]] = (
    WeakKeyDictionary()
)


class WriteQueue:
    """The writers of a file; databases of the same file in an event loop share the queue.

    Args:
        path: the file; empty for a database in memory, which has a separate queue.
        timeout: how long to wait for a turn, in seconds.
    """

    def __init__(self, path: str, timeout: float) -> None:
        self._timeout = timeout
        self._lock = asyncio.Lock()
        if path:
            of_loop = _locks.setdefault(asyncio.get_running_loop(), WeakValueDictionary())
            self._lock = of_loop.setdefault(str(Path(path).resolve()), self._lock)

    async def enter(self) -> None:
        """Wait for the turn of the calling writer.

        Raises:
            LockTimeoutError: earlier writers did not end in time.
        """
        try:
            async with asyncio.timeout(self._timeout):
                await self._lock.acquire()
        except TimeoutError as error:
            raise LockTimeoutError(
                f"other units of this process wrote for longer than {self._timeout:g} s",
                "the database",
                "keep units short, run again (@transactional(retry=3)), or allow more: Database(lock_timeout=...)",
            ) from error

    def leave(self) -> None:
        """Let the next writer in."""
        self._lock.release()
