"""The asyncio driver of SQLite: aiosqlite's connection, made safe to cancel and to close at any await.

Each connection has a thread that runs calls one after the other. A cancelled call still runs, and later calls
wait: a rollback queued behind a `BEGIN IMMEDIATE` always undoes the latter. Only this module uses
private names of aiosqlite: `_connection`, `_running`, `_thread`, `_tx`.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeAlias

import aiosqlite

_Call: TypeAlias = tuple["asyncio.Future[Any] | None", Callable[[], Any]]


class SQLiteDriver(aiosqlite.Connection):
    """A connection that closes once, at the first of `stop` and `close`.

    aiosqlite's class waits forever in a `close` after a `stop`, and leaks a connection opened for a task that
    was cancelled in the meantime.

    Args:
        connect: opens the connection, in the thread.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connect, iter_chunk_size=64)
        self._calls: SimpleQueue[_Call] = SimpleQueue()
        self._tx = self._calls
        self._thread = Thread(target=_work, args=(self._calls,), daemon=True)
        self._connect_in_thread = connect
        self._ended: asyncio.Future[Any] | None = None

    async def _connect(self) -> SQLiteDriver:
        opened = asyncio.get_running_loop().create_future()
        self._calls.put_nowait((opened, self._open_in_thread))
        try:
            await opened
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> asyncio.Future[Any] | None:
        """Interrupt the running statement, and close the connection behind all queued calls.

        Returns:
            Done when the thread has closed the connection; None without a running loop.
        """
        if self._running:
            self._running = False
            with suppress(sqlite3.Error, AttributeError):  # closed, or not open yet
                self._connection.interrupt()  # type: ignore[union-attr] # not open yet: the AttributeError
            with suppress(RuntimeError):  # without a loop, garbage collection stops the thread
                self._ended = asyncio.get_running_loop().create_future()
            self._calls.put_nowait((self._ended, self._close_in_thread))
        return self._ended

    async def close(self) -> None:
        """Close the connection, and wait for the thread; a second call does nothing."""
        ended = self.stop()
        if ended is not None and ended.get_loop() is asyncio.get_running_loop():
            await asyncio.shield(ended)

    def _open_in_thread(self) -> None:
        self._connection = self._connect_in_thread()

    def _close_in_thread(self) -> Any:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):  # the connection is discarded in any case
                connection.close()
        return _work


async def open_connection(*args: Any, **options: Any) -> SQLiteDriver:
    """Open a connection with the arguments of `sqlite3.connect`."""
    driver = SQLiteDriver(partial(sqlite3.connect, *args, **options))
    _ = await driver
    return driver


def _work(calls: SimpleQueue[_Call]) -> None:
    """Run calls until a call returns this function."""
    result: Any = None
    while result is not _work:
        result = None  # drop the result: an unread cursor keeps locks
        waiting, call = calls.get()
        try:
            result = call()
        except BaseException as error:  # noqa: BLE001 - raised where the call is awaited
            _answer(waiting, _set_exception, error)
        else:
            _answer(waiting, _set_result, result)
        del waiting, call


def _answer(waiting: asyncio.Future[Any] | None, answer: Callable[..., None], value: Any) -> None:
    if waiting is not None:
        with suppress(RuntimeError):  # the loop has been closed: nothing waits for the answer
            waiting.get_loop().call_soon_threadsafe(answer, waiting, value)


def _set_result(waiting: asyncio.Future[Any], result: Any) -> None:
    if not waiting.done():
        waiting.set_result(result)


def _set_exception(waiting: asyncio.Future[Any], error: BaseException) -> None:
    if not waiting.done():
        waiting.set_exception(error)
