"""Cancellation at any await: the task ends as cancelled, the pool is whole, no lock is held, nothing is left over."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from vega.data import Database, DataError, InMemoryRepository, InMemoryUnitOfWork, SQLAlchemyRepository
from vega.data.migrations import Migrations
from vega.patterns import UnitOfWork, UnitOfWorkError

from .cancelling import CancelledAt, outcome


@dataclass
class Row:
    n: int
    id: int | None = None


async def _unit(database: Database, rows: SQLAlchemyRepository[Row]) -> None:
    async with database.unit() as unit:
        await rows.add(Row(1))
        await rows.count()
        async with unit.savepoint():
            await rows.add(Row(2))


async def _nested_unit(database: Database, rows: SQLAlchemyRepository[Row]) -> None:
    async with database.unit(), database.unit() as unit:
        await rows.add(Row(7))
        try:
            async with unit.savepoint():
                await rows.add(Row(8))
                raise LookupError
        except LookupError:
            await rows.add(Row(7))


async def _failing_unit(database: Database, rows: SQLAlchemyRepository[Row]) -> None:
    try:
        async with database.unit():
            await rows.add(Row(8))
            raise LookupError
    except LookupError:
        pass


async def _stream(database: Database, rows: SQLAlchemyRepository[Row]) -> None:
    async for _ in rows.stream(batch=10):
        pass


async def _ordered_stream(database: Database, rows: SQLAlchemyRepository[Row]) -> None:
    async for _ in rows.query().order_by("n").stream(batch=10):
        pass


async def _calls(database: Database, rows: SQLAlchemyRepository[Row]) -> None:
    await rows.add(Row(3))
    await rows.query().where("n", ">", 3).get()
    await rows.add_many([Row(4), Row(5)])


async def _connection(database: Database, rows: SQLAlchemyRepository[Row]) -> None:
    async with database.connection() as connection:
        await connection.exec_driver_sql("SELECT 1")
        await rows.add(Row(6))


WORKS = [_stream, _ordered_stream, _unit, _nested_unit, _failing_unit, _calls, _connection]  # few rows at first


@pytest.mark.parametrize("again", [False, True], ids=["once", "at each await"])
def test_a_task_cancelled_at_any_await_ends_as_cancelled_and_leaves_nothing_behind(
    database_url: str, again: bool
) -> None:
    async def main() -> dict[str, list[int]]:
        faults: dict[str, list[int]] = {}
        async with Database(database_url, package="-", pool_size=2, pool_timeout=2, lock_timeout=1) as database:
            rows = SQLAlchemyRepository(Row, database=database)
            await database.create_all()
            await rows.add_many([Row(100 + n) for n in range(30)])
            for work in WORKS:
                for at in range(1, 200):
                    cancelled = CancelledAt(work(database, rows), at, again=again)
                    end = await outcome(cancelled)
                    if cancelled.seen < at:
                        break
                    async with asyncio.timeout(0.8):
                        await rows.save(Row(100, id=1))
                    if end != "cancelled":
                        faults.setdefault(f"{work.__name__} {end}", []).append(at)
            await asyncio.sleep(0.05)
            assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined] # of a queue pool
            assert asyncio.all_tasks() == {asyncio.current_task()}
            ones, twos, undone = [await rows.query().where("n", "=", n).count() for n in (1, 2, 8)]
            assert (ones, undone) == (twos, 0)
        return faults

    assert asyncio.run(main()) == {}
    assert _threads() == []


@pytest.mark.parametrize("again", [False, True], ids=["once", "at each await"])
def test_a_database_can_be_opened_after_its_first_call_was_cancelled(tmp_path: Path, again: bool) -> None:
    async def first(at: int) -> bool:
        async with Database(f"sqlite:///{tmp_path / f'{at}{again}.db'}", package="-", lock_timeout=1) as database:
            cancelled = CancelledAt(database.ping(), at, again=again)
            assert await outcome(cancelled) == ("cancelled" if cancelled.seen >= at else "done")
            async with asyncio.timeout(1):
                await database.ping()
            return cancelled.seen >= at

    for at in range(1, 100):
        if not asyncio.run(first(at)):
            break
    assert at > 3
    assert _threads() == []


@pytest.mark.parametrize("again", [False, True], ids=["once", "at each await"])
def test_a_cancelled_migration_is_whole_or_undone_and_its_thread_has_ended(database_url: str, again: bool) -> None:
    async def main(folder: Path) -> list[str]:
        ends = []
        async with Database(database_url, package="-", lock_timeout=1) as database:
            SQLAlchemyRepository(Row, database=database)
            migrations = Migrations(database, folder)
            await migrations.create("create rows")
            for at in (1, 2, 3):
                cancelled = CancelledAt(_delayed(migrations.upgrade, at), at, again=again)
                ends.append(await outcome(cancelled, within=20))
                assert [thread for thread in _threads() if "asyncio" not in thread] == []
                await migrations.upgrade()
                await migrations.downgrade("base", allow_destructive=True)
        return ends

    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        assert set(asyncio.run(main(Path(folder)))) <= {"cancelled", "done"}


async def _delayed(work: Callable[[], Awaitable[Any]], pauses: int) -> None:
    for _ in range(pauses - 1):
        await asyncio.sleep(0.01)
    await work()


def test_a_unit_cancelled_while_it_waits_for_the_lock_leaves_no_transaction(tmp_path: Path) -> None:
    async def main() -> list[int]:
        url = f"sqlite:///{tmp_path / 'test.db'}"
        async with Database(url, package="-", pool_size=2, lock_timeout=3) as database, Database(url) as other:
            rows = SQLAlchemyRepository(Row, database=database)
            foreign = SQLAlchemyRepository(Row, database=other)
            await database.create_all()
            async with database.connection() as holder:
                await holder.exec_driver_sql("SELECT 1")
                began = asyncio.get_running_loop().time()
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.05), other.unit():
                        await foreign.add(Row(1))
                assert asyncio.get_running_loop().time() - began < 1
            await asyncio.sleep(0.3)
            async with asyncio.timeout(1):
                await rows.add(Row(2))
                return [row.n for row in await rows.find_all()]

    assert asyncio.run(main()) == [2]


def test_writes_after_a_begin_that_failed_are_refused_and_not_stored(tmp_path: Path) -> None:
    async def main() -> list[int]:
        async with Database(f"sqlite:///{tmp_path / 'test.db'}", package="-", lock_timeout=0.1) as database:
            rows = SQLAlchemyRepository(Row, database=database)
            await database.create_all()
            inside, leave = asyncio.Event(), asyncio.Event()

            async def hold() -> None:
                async with database.unit():
                    await rows.add(Row(1))
                    inside.set()
                    await leave.wait()

            holder = asyncio.create_task(hold())
            await inside.wait()
            with pytest.raises(DataError):  # noqa: PT012 - the block is the unit
                async with database.unit():
                    with pytest.raises(DataError):
                        await rows.add(Row(2))
                    leave.set()
                    await holder
                    with pytest.raises(DataError):
                        await rows.add(Row(3))
            return [row.n for row in await rows.find_all()]

    assert asyncio.run(main()) == [1]


def test_a_statement_that_was_cancelled_inside_a_unit_ends_the_unit(database_url: str) -> None:
    async def main() -> int:
        async with Database(database_url, package="-", lock_timeout=1) as database:
            rows = SQLAlchemyRepository(Row, database=database)
            await database.create_all()
            with pytest.raises((DataError, UnitOfWorkError)):  # noqa: PT012 - the block is the unit
                async with database.unit():
                    await rows.add(Row(1))
                    assert await outcome(CancelledAt(rows.count(), 1)) == "cancelled"
                    with pytest.raises(DataError):
                        await rows.add(Row(2))
            return await rows.count()

    assert asyncio.run(main()) == 0


@pytest.mark.parametrize("unit", [InMemoryUnitOfWork])
def test_a_unit_in_memory_that_is_cancelled_ends_as_cancelled_and_holds_what_it_held(
    unit: Callable[[], UnitOfWork],
) -> None:
    rows = InMemoryRepository(Row)

    async def work() -> None:
        async with unit():
            await rows.add(Row(1))
            await asyncio.sleep(0)
            await rows.add(Row(2))

    async def main() -> tuple[str, int]:
        return await outcome(CancelledAt(work(), 1)), await rows.count()

    assert asyncio.run(main()) == ("cancelled", 0)


def _threads() -> list[str]:
    """Return the names of the threads of connections, after they had the time to end."""
    for thread in threading.enumerate():
        if "_work" in thread.name:
            thread.join(2)
    return [thread.name for thread in threading.enumerate() if "_work" in thread.name]
