"""The connection of SQLite: closed once, with its cursors, its transaction and its thread."""

from __future__ import annotations

import asyncio
import gc
import sqlite3
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vega.data._drivers.sqlite import VegaConnection
from vega.data._drivers.sqlite_driver import SQLiteDriver, open_connection


def _open(path: Path, **options: Any) -> Any:
    return open_connection(str(path), factory=VegaConnection, isolation_level=None, timeout=0.1, **options)


def _prepare(path: Path) -> None:
    with sqlite3.connect(path, factory=VegaConnection) as connection:
        connection.execute("CREATE TABLE t (n INTEGER)")
        connection.executemany("INSERT INTO t VALUES (?)", [(n,) for n in range(100)])
    connection.close()


def _write(path: Path) -> None:
    connection = sqlite3.connect(path, timeout=0, isolation_level=None)
    connection.execute("INSERT INTO t VALUES (0)")
    connection.close()


@pytest.mark.parametrize("statement", ["SELECT n FROM t", "INSERT INTO t VALUES (1), (2), (3) RETURNING n"])
def test_a_closed_connection_holds_no_lock_while_its_cursor_lives(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "test.db"
    _prepare(path)
    connection = sqlite3.connect(path, factory=VegaConnection, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    unread = connection.execute(statement)
    unread.fetchone()

    connection.close()

    _write(path)
    with pytest.raises(sqlite3.ProgrammingError):
        unread.fetchone()


@pytest.mark.parametrize(
    "end",
    [
        lambda driver: (driver.stop(), driver.close()),
        lambda driver: (driver.close(), driver.close()),
        lambda driver: (driver.close(), driver.stop()),
    ],
    ids=["stop close", "close close", "close stop"],
)
def test_a_connection_is_closed_once_in_whichever_order(tmp_path: Path, end: Callable[[Any], tuple[Any, Any]]) -> None:
    async def main() -> threading.Thread:
        driver = await _open(tmp_path / "test.db")
        await asyncio.wait_for(asyncio.gather(*(part for part in end(driver) if part is not None)), 5)
        with pytest.raises(ValueError, match="no active connection"):
            await driver.execute("SELECT 1")
        return driver._thread

    thread = asyncio.run(main())
    thread.join(5)
    assert not thread.is_alive()


def test_closing_interrupts_the_statement_that_runs(tmp_path: Path) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"

    async def main() -> None:
        driver = await _open(tmp_path / "test.db")
        running = asyncio.create_task(driver.execute_fetchall(endless))
        await asyncio.sleep(0.05)
        await asyncio.wait_for(driver.close(), 5)
        with pytest.raises(sqlite3.OperationalError, match="interrupted"):
            await running

    asyncio.run(main())


def test_a_begin_that_was_cancelled_is_undone_by_the_rollback_behind_it(tmp_path: Path) -> None:
    path = tmp_path / "test.db"
    _prepare(path)

    async def main() -> None:
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        driver = await open_connection(str(path), factory=VegaConnection, isolation_level=None, timeout=5)
        begin = asyncio.create_task(driver.execute("BEGIN IMMEDIATE"))
        await asyncio.sleep(0.05)
        begin.cancel()
        rollback = asyncio.create_task(driver.rollback())
        await asyncio.sleep(0.05)
        holder.rollback()
        holder.close()
        await rollback
        assert not driver.in_transaction
        _write(path)
        await driver.close()

    asyncio.run(main())


def test_a_connection_that_opens_for_a_task_that_has_gone_is_closed(tmp_path: Path) -> None:
    opened = threading.Event()

    def connect() -> sqlite3.Connection:
        opened.wait(5)
        return sqlite3.connect(tmp_path / "test.db", factory=VegaConnection)

    async def main() -> threading.Thread:
        driver = SQLiteDriver(connect)

        async def start() -> None:
            await driver

        task = asyncio.create_task(start())
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        opened.set()
        return driver._thread

    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        thread = asyncio.run(main())
        thread.join(5)
        gc.collect()
    assert not thread.is_alive()


def test_a_thread_that_outlives_its_loop_ends_without_a_word(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    async def main() -> SQLiteDriver:
        driver: SQLiteDriver = await _open(tmp_path / "test.db")
        asyncio.create_task(driver.execute_fetchall("SELECT 1")).cancel()
        return driver

    driver = asyncio.run(main())
    asyncio.run(driver.close())
    driver._thread.join(5)
    assert not driver._thread.is_alive()
    assert capfd.readouterr().err == ""


def test_a_new_file_is_opened_while_another_process_writes_to_it(tmp_path: Path) -> None:
    path = tmp_path / "test.db"
    holder = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN IMMEDIATE")

    async def main() -> None:
        opening = asyncio.create_task(open_connection(str(path), factory=VegaConnection, timeout=5))
        await asyncio.sleep(0.1)
        holder.commit()
        holder.close()
        await (await opening).close()

    asyncio.run(main())
