"""Units of work in memory and in a database: savepoints, read-only units, and events after the commit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from vega.data import (
    Database,
    DatabaseStateError,
    DuplicateEntityError,
    InMemoryRepository,
    InMemoryUnitOfWork,
    SQLAlchemyRepository,
)
from vega.events import Event, EventBus, get_event_bus, set_event_bus
from vega.patterns import (
    AfterCommitErrors,
    AggregateRoot,
    QueryableRepository,
    UnitOfWork,
    UnitOfWorkError,
    use_after_commit_report,
)


@dataclass(frozen=True)
class Registered(Event):
    order_id: str


@dataclass
class Order(AggregateRoot):
    id: str

    def place(self) -> Order:
        self.record(Registered(self.id))
        return self


@dataclass
class House:
    orders: QueryableRepository[Order]
    unit: Callable[[], UnitOfWork]
    heard: list[str]

    async def ids(self) -> list[str]:
        return [order.id for order in await self.orders.find_all()]


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def in_house(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Callable[[House], Awaitable[Any]]], Any]:
    """Run a body in an empty house of orders."""
    url = f"sqlite:///{tmp_path / 'test.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")

    async def main(body: Callable[[House], Awaitable[Any]]) -> Any:
        heard: list[str] = []
        bus = EventBus()

        async def hear(event: Registered) -> None:
            heard.append(event.order_id)

        bus.subscribe(Registered, hear)
        set_event_bus(bus)
        if request.param == "memory":
            return await body(House(InMemoryRepository(Order), InMemoryUnitOfWork, heard))
        async with Database(url, package="-") as database:
            orders = SQLAlchemyRepository(Order, database=database)
            await database.create_all()
            return await body(House(orders, database.unit, heard))

    return lambda body: asyncio.run(main(body))


def test_a_savepoint_that_is_kept_is_kept_and_one_that_fails_is_undone(in_house: Any) -> None:
    async def body(house: House) -> None:
        async with house.unit() as unit:
            await house.orders.add(Order("1"))
            async with unit.begin(savepoint=True):
                await house.orders.add(Order("2"))
            with pytest.raises(DuplicateEntityError):  # noqa: PT012 - the block is the savepoint
                async with unit.begin(savepoint=True):
                    await house.orders.add(Order("3"))
                    await house.orders.add(Order("1"))
            await house.orders.add(Order("4"))

        assert await house.ids() == ["1", "2", "4"]

    in_house(body)


def test_a_savepoint_before_the_first_change_is_undone_too(in_house: Any) -> None:
    async def body(house: House) -> None:
        await house.orders.add(Order("0"))
        async with house.unit() as unit:
            with pytest.raises(ZeroDivisionError):  # noqa: PT012 - the block is the savepoint
                async with unit.begin(savepoint=True):
                    await house.orders.add(Order("1"))
                    raise ZeroDivisionError

        assert await house.ids() == ["0"]

    in_house(body)


def test_a_read_only_unit_refuses_every_change(in_house: Any) -> None:
    async def body(house: House) -> None:
        async with house.unit().begin(read_only=True):
            for change in (lambda: house.orders.add(Order("1")), lambda: house.orders.delete("1")):
                with pytest.raises(UnitOfWorkError, match="read-only"):
                    await change()

    in_house(body)


@pytest.mark.parametrize("in_unit", [True, False])
@pytest.mark.parametrize("at_edge", [True, False])
def test_the_events_of_a_stored_aggregate_are_all_published_despite_failures(
    in_house: Any, in_unit: bool, at_edge: bool
) -> None:
    reported: list[AfterCommitErrors] = []

    async def body(house: House) -> None:
        def fail(event: Registered) -> None:
            raise ValueError(event.order_id)

        get_event_bus().subscribe(Registered, fail, priority=9)
        order = Order("1").place()
        order.record(Registered("2"))
        raised = nullcontext() if at_edge else pytest.raises(AfterCommitErrors, match="the change is stored")
        with use_after_commit_report(reported.append if at_edge else None), raised as caught:
            async with house.unit() if in_unit else nullcontext():
                await house.orders.save(order)

        (errors,) = reported if at_edge else (caught.value,)
        assert (len(errors.exceptions), house.heard, await house.ids()) == (2, ["1", "2"], ["1"])

    in_house(body)


def test_a_unit_marked_for_rollback_stores_and_publishes_nothing(in_house: Any) -> None:
    async def body(house: House) -> None:
        async with house.unit() as unit:
            await house.orders.add(Order("1").place())
            unit.mark_rollback()

        assert (await house.ids(), house.heard) == ([], [])

    in_house(body)


def test_a_unit_without_a_statement_ends_quietly(in_house: Any) -> None:
    async def body(house: House) -> None:
        async with house.unit():
            pass
        with pytest.raises(ZeroDivisionError):
            async with house.unit():
                raise ZeroDivisionError

    in_house(body)


def test_events_are_told_at_once_without_a_unit_and_after_the_commit_within_one(in_house: Any) -> None:
    async def body(house: House) -> None:
        await house.orders.add(Order("1").place())
        assert house.heard == ["1"]
        async with house.unit():
            await house.orders.add(Order("2").place())
            await house.orders.save(Order("1").place())
            assert house.heard == ["1"]
        assert house.heard == ["1", "2", "1"]
        with pytest.raises(ZeroDivisionError):  # noqa: PT012 - the block is the unit
            async with house.unit():
                await house.orders.add(Order("3").place())
                raise ZeroDivisionError
        assert house.heard == ["1", "2", "1"]

    in_house(body)


def test_a_unit_that_is_not_open_has_no_session(tmp_path: Path) -> None:
    unit = Database(f"sqlite:///{tmp_path / 'test.db'}").unit()

    with pytest.raises(UnitOfWorkError, match="not open"):
        _ = unit.session


@pytest.mark.parametrize("commits", [True, False])
@pytest.mark.parametrize("has_sent", [True, False])
def test_a_session_that_outlives_its_unit_refuses_and_takes_no_connection(
    tmp_path: Path, commits: bool, has_sent: bool
) -> None:
    async def main() -> None:
        async with Database(f"sqlite:///{tmp_path / 'test.db'}") as database:
            async with database.unit() as unit:
                session = unit.session
                if has_sent:
                    await session.driver_sql("SELECT 1")
                if not commits:
                    unit.mark_rollback()

            with pytest.raises(DatabaseStateError, match="session is closed") as caught:
                await session.driver_sql("SELECT 1")

            assert caught.value.where.startswith(f"used at {__file__}:")

    asyncio.run(main())
