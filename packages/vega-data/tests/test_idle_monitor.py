"""Idle units of work: each is reported once, with the line that opened it."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from vega.core.extend import Project
from vega.data import Database, SQLAlchemyRepository
from vega.data._connection.idle_monitor import IdleMonitor
from vega.data._project.location import database_of

NEVER = 3600.0


@dataclass(frozen=True)
class Task:
    id: int
    title: str


def in_database(url: str, body: Callable[[Database, Any], Awaitable[None]], *, idle_limit: float = NEVER) -> None:
    async def main() -> None:
        async with Database(url, package="-", idle_limit=idle_limit) as database:
            tasks = SQLAlchemyRepository(Task, database=database)
            await database.create_all()
            await body(database, tasks)

    asyncio.run(main())


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "vega.data"]


def test_an_idle_unit_is_told_once_with_the_line_that_opened_it(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    lines: list[int] = []

    async def body(database: Database, tasks: Any) -> None:
        lines.append(inspect.currentframe().f_lineno + 1)  # type: ignore[union-attr] # CPython has one
        async with database.unit():
            assert await tasks.count() == 0
            for _ in range(4):
                database.pool.idle_monitor.look()

    in_database(database_url, body)

    (told,) = warnings(caplog)
    assert told.startswith("[VG415]")
    assert f"{__file__}:{lines[0]}" in told
    assert caplog.records[-1].code == "VG415"  # type: ignore[attr-defined] # given as extra
    assert caplog.records[-1].levelno == logging.WARNING


def test_a_unit_that_goes_on_working_or_has_no_connection_is_not_told(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def body(database: Database, tasks: Any) -> None:
        async with database.unit() as unit:
            database.pool.idle_monitor.look()  # no connection is taken before the first statement
            database.pool.idle_monitor.look()
            for number in range(3):
                await tasks.add(Task(number, "x"))
                database.pool.idle_monitor.look()
            async with unit.session._lock:  # a statement is on its way
                database.pool.idle_monitor.look()
                database.pool.idle_monitor.look()
        database.pool.idle_monitor.look()
        database.pool.idle_monitor.look()

    in_database(database_url, body)

    assert warnings(caplog) == []


def test_what_is_done_with_the_connection_itself_is_not_taken_for_idleness(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def body(database: Database, tasks: Any) -> None:
        async with database.unit(), database.connection():
            for _ in range(3):
                database.pool.idle_monitor.look()

    in_database(database_url, body)

    assert warnings(caplog) == []


def test_a_reader_that_stops_in_the_middle_of_a_stream_is_told(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def body(database: Database, tasks: Any) -> None:
        await tasks.add_many([Task(number, f"{number}") for number in range(10)])
        async with database.unit():
            stream = tasks.query().order_by("title").stream(batch=1)
            async for _ in stream:
                database.pool.idle_monitor.look()
            assert warnings(caplog) == [], "each batch is work"
            for _ in range(2):
                database.pool.idle_monitor.look()

    in_database(database_url, body)

    assert len(warnings(caplog)) == 1


def test_the_watch_looks_by_itself(
    database_url: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body(database: Database, tasks: Any) -> None:
        told = asyncio.Event()

        def note(_: logging.LogRecord) -> bool:
            told.set()
            return True

        monkeypatch.setattr(logging.getLogger("vega.data"), "filters", [note])
        async with database.unit(), asyncio.timeout(30):
            await tasks.count()
            await told.wait()

    in_database(database_url, body, idle_limit=0.01)

    assert len(warnings(caplog)) == 1


def test_short_units_cost_one_timer_for_all_and_no_look(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    wait = IdleMonitor._wait

    def noted_wait(watch: IdleMonitor, loop: asyncio.AbstractEventLoop) -> None:
        done.append("wait")
        wait(watch, loop)

    monkeypatch.setattr(IdleMonitor, "_wait", noted_wait)
    monkeypatch.setattr(IdleMonitor, "look", lambda _: done.append("look"))

    async def body(database: Database, tasks: Any) -> None:
        for number in range(200):
            async with database.unit():
                await tasks.add(Task(number, "x"))
        assert database.pool.idle_monitor._held == {}

    in_database(database_url, body)

    assert done == ["wait"]


def test_a_limit_of_zero_watches_nothing(database_url: str, caplog: pytest.LogCaptureFixture) -> None:
    async def body(database: Database, tasks: Any) -> None:
        async with database.unit() as unit:
            await tasks.count()
            assert unit.session.opened_at == ""
            database.pool.idle_monitor.look()
            database.pool.idle_monitor.look()

    in_database(database_url, body, idle_limit=0)

    assert warnings(caplog) == []


def test_the_limit_of_a_project_comes_from_its_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_IDLE_LIMIT", "2.5")

    assert database_of(Project(root=tmp_path, package="shop")).pool.idle_monitor.seconds == 2.5
