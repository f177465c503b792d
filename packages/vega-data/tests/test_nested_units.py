"""A unit of work inside another one of the same store joins it, however it was come by."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from vega.data import Database, InMemoryRepository, InMemoryUnitOfWork, SQLAlchemyRepository
from vega.di import Container, Scope, get_container, set_container
from vega.patterns import QueryableRepository, UnitOfWork, UnitOfWorkError, current_unit, transactional


@dataclass
class Row:
    id: str


@dataclass
class Shop:
    rows: QueryableRepository[Row]
    unit: Callable[[], UnitOfWork]

    async def ids(self) -> list[str]:
        return [row.id for row in await self.rows.find_all()]


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def in_shop(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Callable[[Shop], Awaitable[Any]]], Any]:
    """Run a body in an empty shop, whose container provides the unit of work of each scope."""
    url = f"sqlite:///{tmp_path / 'test.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")

    async def in_container(body: Callable[[Shop], Awaitable[Any]], shop: Shop) -> Any:
        before, container = get_container(), Container()
        container.register_factory(UnitOfWork, lambda _: shop.unit(), scope=Scope.SCOPED, enter=False)
        set_container(container)
        try:
            return await body(shop)
        finally:
            set_container(before)

    async def main(body: Callable[[Shop], Awaitable[Any]]) -> Any:
        if request.param == "memory":
            return await in_container(body, Shop(InMemoryRepository(Row), InMemoryUnitOfWork))
        async with Database(url, package="-", lock_timeout=1) as database:
            rows = SQLAlchemyRepository(Row, database=database)
            await database.create_all()
            return await in_container(body, Shop(rows, database.unit))

    return lambda body: asyncio.run(asyncio.wait_for(main(body), 20))


async def _own(shop: Shop, row: Row) -> None:
    async with shop.unit():
        await shop.rows.add(row)


async def _transactional(shop: Shop, row: Row) -> None:
    await transactional(shop.rows.add)(row)


async def _injected(shop: Shop, row: Row) -> None:
    async with get_container().scope() as scope, await scope.aresolve(UnitOfWork):
        await shop.rows.add(row)


async def _run(shop: Shop, row: Row) -> None:
    await shop.unit().run(lambda: shop.rows.add(row), retry=2)


HELPERS = [_own, _transactional, _injected, _run]


@pytest.mark.parametrize("helper", HELPERS)
def test_the_outer_rollback_undoes_the_inner_part(in_shop: Any, helper: Any) -> None:
    async def body(shop: Shop) -> list[str]:
        with pytest.raises(LookupError):  # noqa: PT012 - the block is the unit
            async with shop.unit():
                await shop.rows.add(Row("outer"))
                await helper(shop, Row("inner"))
                raise LookupError
        return await shop.ids()

    assert in_shop(body) == []


@pytest.mark.parametrize("helper", HELPERS)
def test_the_outer_commit_keeps_both_parts(in_shop: Any, helper: Any) -> None:
    async def body(shop: Shop) -> list[str]:
        async with get_container().scope(), shop.unit():
            await shop.rows.add(Row("outer"))
            await helper(shop, Row("inner"))
        return sorted(await shop.ids())

    assert in_shop(body) == ["inner", "outer"]


def test_what_follows_the_commit_of_an_inner_unit_waits_for_the_outer_one(in_shop: Any) -> None:
    async def body(shop: Shop) -> None:
        ran: list[str] = []
        async with shop.unit() as outer:
            inner = shop.unit()
            async with inner as joined:
                inner.after_commit(lambda: ran.append("inner"))
                assert (joined is outer, current_unit() is outer, inner.is_open) == (True, True, True)
            assert ran == []
        assert (ran, inner.is_open) == (["inner"], False)

    in_shop(body)


def test_an_inner_failure_that_is_caught_is_reported_at_the_end_and_names_the_savepoint(in_shop: Any) -> None:
    async def body(shop: Shop) -> list[str]:
        with pytest.raises(UnitOfWorkError, match=r"async with unit\.savepoint\(\)"):  # noqa: PT012 - the block is the unit
            async with shop.unit():
                await shop.rows.add(Row("outer"))
                with pytest.raises(LookupError):
                    async with shop.unit():
                        raise LookupError
        return await shop.ids()

    assert in_shop(body) == []


@pytest.mark.parametrize("form", ["savepoint", "begin"])
def test_an_inner_unit_in_a_savepoint_fails_alone(in_shop: Any, form: str) -> None:
    async def body(shop: Shop) -> list[str]:
        async with shop.unit() as unit:
            await shop.rows.add(Row("outer"))
            nested = unit.savepoint() if form == "savepoint" else shop.unit().begin(savepoint=True)
            with pytest.raises(LookupError):  # noqa: PT012 - the block is the savepoint
                async with nested:
                    await shop.rows.add(Row("undone"))
                    async with shop.unit():
                        raise LookupError
            async with shop.unit().begin(savepoint=True):
                await shop.rows.add(Row("kept"))
        return sorted(await shop.ids())

    assert in_shop(body) == ["kept", "outer"]


def test_a_failure_that_is_caught_inside_a_savepoint_undoes_the_savepoint_and_is_reported(in_shop: Any) -> None:
    async def body(shop: Shop) -> list[str]:
        async with shop.unit() as unit:
            await shop.rows.add(Row("outer"))
            with pytest.raises(UnitOfWorkError, match="the savepoint was undone"):  # noqa: PT012 - the block is the unit
                async with unit.savepoint():
                    await shop.rows.add(Row("undone"))
                    with pytest.raises(LookupError):
                        async with shop.unit():
                            raise LookupError
        return await shop.ids()

    assert in_shop(body) == ["outer"]


def test_a_savepoint_needs_an_open_unit(in_shop: Any) -> None:
    async def body(shop: Shop) -> None:
        with pytest.raises(UnitOfWorkError, match="not open"):
            shop.unit().savepoint()

    in_shop(body)


def test_a_unit_that_is_kept_joins_in_one_task_and_opens_in_another(in_shop: Any) -> None:
    async def body(shop: Shop) -> list[str]:
        kept, opened, leave = shop.unit(), asyncio.Event(), asyncio.Event()

        async def alone() -> None:
            async with kept:
                opened.set()
                await leave.wait()

        other = asyncio.create_task(alone())
        await opened.wait()
        with pytest.raises(LookupError):  # noqa: PT012 - the block is the unit
            async with shop.unit() as outer:
                async with kept as joined:
                    assert joined is outer
                raise LookupError
        leave.set()
        await other
        assert not kept.is_open
        return await shop.ids()

    assert in_shop(body) == []


def test_three_connections_serve_sixty_tasks_with_nested_units(database_url: str) -> None:
    async def main() -> int:
        async with Database(database_url, package="-", pool_size=3, lock_timeout=20) as database:
            rows = SQLAlchemyRepository(Row, database=database)
            await database.create_all()

            async def work(n: int) -> None:
                async with database.unit():
                    await rows.add(Row(f"{n} outer"))
                    async with database.unit(), database.unit() as unit, unit.savepoint():
                        await rows.add(Row(f"{n} inner"))
                    async with database.connection() as connection:
                        await connection.exec_driver_sql("SELECT 1")

            await asyncio.gather(*(work(n) for n in range(60)))
            return await rows.count()

    assert asyncio.run(asyncio.wait_for(main(), 30)) == 120


def test_repositories_work_in_the_transaction_of_the_connection_around_them(database_url: str) -> None:
    async def main() -> list[str]:
        async with Database(database_url, package="-", pool_size=1, pool_timeout=1, lock_timeout=1) as database:
            rows = SQLAlchemyRepository(Row, database=database)
            await database.create_all()
            with pytest.raises(LookupError):  # noqa: PT012 - the block is the unit
                async with database.connection() as connection:
                    await connection.execute(rows.tables.table.insert(), {"id": "1"})
                    await rows.add(Row("2"))
                    raise LookupError
            async with database.connection() as connection:
                await connection.execute(rows.tables.table.insert(), {"id": "3"})
                await rows.add(Row("4"))
            return sorted(row.id for row in await rows.find_all())

    assert asyncio.run(main()) == ["3", "4"]
