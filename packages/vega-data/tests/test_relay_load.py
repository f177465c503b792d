"""Relays under load: the cost of a row does not grow with the backlog, keys keep their order, attempts are counted."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from vega.data import Database, SQLAlchemyRepository
from vega.data._project.outbox_plugin import listener_runner
from vega.data.outbox import Outbox
from vega.data.outbox._relay import Relay
from vega.events import Event
from vega.patterns import AggregateRoot


@dataclass(frozen=True)
class ParcelQueued(Event):
    number: int
    customer: str


@dataclass
class Order(AggregateRoot):
    id: str


@dataclass
class Desk:
    database: Database
    outbox: Outbox
    orders: SQLAlchemyRepository[Order]
    heard: list[int]
    failing: set[int]

    @property
    def relay(self) -> Relay:
        return self.outbox._relay

    async def place(self, numbers: range, customer: str = "ada") -> None:
        async with self.database.unit():
            order = Order(f"{customer} {numbers}")
            for number in numbers:
                order.record(ParcelQueued(number, customer))
            await self.orders.add(order)


@pytest.fixture
def at_desk(database_url: str) -> Callable[..., None]:
    """Run a body at a desk whose listener has keys, unless it is made without."""

    def run(body: Callable[[Desk], Awaitable[None]], *, has_keys: bool = True) -> None:
        async def main() -> None:
            async with Database(database_url, package="-") as database:
                orders = SQLAlchemyRepository(Order, database=database)
                desk = Desk(database, Outbox(database, retries=2, backoff=0), orders, [], set())
                key = (lambda event: event.customer) if has_keys else None

                @desk.outbox.listen(ParcelQueued, name="mail", key=key)
                async def mail(event: ParcelQueued) -> None:
                    desk.heard.append(event.number)
                    if event.number in desk.failing:
                        raise LookupError(event.number)

                await database.create_all()
                await body(desk)

        asyncio.run(main())

    return run


def test_a_run_of_rows_of_one_key_is_claimed_at_once_and_in_order(at_desk: Any) -> None:
    async def body(desk: Desk) -> None:
        await desk.place(range(30))
        await desk.place(range(100, 103), "bob")

        assert await desk.outbox.relay_once(batch=20) == 13  # ten of one key, and all of the other
        while await desk.outbox.relay_once(batch=20):
            pass

        assert [number for number in desk.heard if number < 100] == list(range(30))
        assert [number for number in desk.heard if number >= 100] == [100, 101, 102]

    at_desk(body)


def test_two_relays_keep_the_order_of_each_key(at_desk: Any) -> None:
    async def body(desk: Desk) -> None:
        for number in range(4):
            await desk.place(range(100 * number, 100 * number + 15), f"customer {number}")

        async def relay() -> int:
            done = 0
            while count := await desk.outbox.relay_once(batch=7):
                done += count
            return done

        while len(desk.heard) < 60:
            await asyncio.gather(relay(), relay(), relay())

        assert len(desk.heard) == 60
        for number in range(4):
            mine = [heard for heard in desk.heard if heard // 100 == number]
            assert mine == sorted(mine)

    at_desk(body)


def test_a_row_that_fails_holds_up_its_key_until_it_is_dead_and_no_other_key(at_desk: Any) -> None:
    async def body(desk: Desk) -> None:
        desk.failing = {1}
        await desk.place(range(4))
        await desk.place(range(100, 102), "bob")

        assert await desk.outbox.relay_once() == 3
        assert sorted(desk.heard) == [0, 1, 100, 101]
        for _ in range(2):
            await desk.outbox.relay_once()

        assert desk.heard[-5:] == [101, 1, 1, 2, 3] or desk.heard[-4:] == [1, 1, 2, 3]
        assert [entry.attempts for entry in await desk.outbox.entries(dead=True)] == [3]
        assert await desk.outbox.entries() == []

    at_desk(body)


@pytest.mark.parametrize("has_keys", [True, False], ids=["key", "no key"])
def test_attempts_count_when_a_listener_starts_and_not_when_its_row_is_claimed(at_desk: Any, has_keys: bool) -> None:
    async def body(desk: Desk) -> None:
        await desk.place(range(3))
        claims = await desk.relay.claim(10)
        assert [entry.attempts for entry in await desk.outbox.entries()] == [0, 0, 0]

        desk.failing = {0}
        await desk.relay.handle(claims[0], lambda handler, event: handler(event))

        assert [entry.attempts for entry in await desk.outbox.entries()] == [1, 0, 0]

    at_desk(body, has_keys=has_keys)


def test_a_failing_listener_is_logged_with_event_attempt_and_next_try(
    at_desk: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def body(desk: Desk) -> None:
        desk.failing = {7}
        await desk.place(range(7, 8))
        for _ in range(3):
            await desk.outbox.relay_once()

    with caplog.at_level(logging.WARNING, "vega.data"):
        at_desk(body)

    texts = [record.getMessage() for record in caplog.records if record.name == "vega.data"]
    assert [f"attempt {number}:" in text for number, text in enumerate(texts, 1)] == [True] * 3
    assert all(text.startswith("listener mail failed on ParcelQueued ") and "of the key ada" in text for text in texts)
    assert [("tried again at 20" in text, text.endswith("it is dead")) for text in texts] == [
        (True, False),
        (True, False),
        (False, True),
    ]


def test_a_listener_is_bound_once_and_not_for_each_event() -> None:
    bound: list[Any] = []

    class App:
        container = SimpleNamespace(bind=lambda handler: bound.append(handler) or handler)

        @asynccontextmanager
        async def activate(self) -> AsyncIterator[None]:
            yield

    async def first(event: int) -> int:
        return event

    async def second(event: int) -> int:
        return -event

    async def main() -> list[int]:
        app: Any = App()
        run = listener_runner(app)
        return [await run(handler, number) for number in range(1, 4) for handler in (first, second)]

    assert asyncio.run(main()) == [1, -1, 2, -2, 3, -3]
    assert bound == [first, second]


@pytest.mark.parametrize("has_keys", [True, False], ids=["key", "no key"])
def test_rows_are_found_in_an_index_and_as_many_are_read_whatever_waits_behind_them(
    at_desk: Any, has_keys: bool
) -> None:
    async def body(desk: Desk) -> None:
        await desk.place(range(200))
        few = await _examined(desk, has_keys)
        await desk.place(range(200, 4200))
        many = await _examined(desk, has_keys)

        assert many <= min(few * 1.5 + 5, 2000)

    at_desk(body, has_keys=has_keys)


async def _examined(desk: Desk, has_keys: bool) -> float:
    """Return how many rows the database reads to find ten: steps of its machine on SQLite, rows on PostgreSQL."""
    now = datetime.now(UTC)
    due = desk.relay.due_rows
    query = due.first_of_keys("mail", "", now, 10) if has_keys else due.without_key("mail", now, 10)
    compiled = str(query.compile(dialect=desk.database.engine.dialect, compile_kwargs={"literal_binds": True}))
    async with desk.database.connection() as connection:
        if desk.database.dialect == "postgresql":
            await connection.exec_driver_sql("ANALYZE outbox")
            rows = await connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {compiled}")
            plan: Any = rows.scalar_one()
            plan = json.loads(plan) if isinstance(plan, str) else plan
            return _rows_read(plan[0]["Plan"])
        plan = [row[-1] for row in (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}")).all()]
        assert not [line for line in plan if line.startswith("SCAN outbox") or "TEMP B-TREE" in line]
        assert any("USING" in line and "INDEX ix_outbox" in line for line in plan)
        steps = 0

        def step() -> int:
            nonlocal steps
            steps += 1
            return 0

        driver: Any = (await connection.get_raw_connection()).driver_connection
        await driver.set_progress_handler(step, 1)
        (await connection.exec_driver_sql(compiled)).all()
        await driver.set_progress_handler(None, 1)
        return steps


def _rows_read(plan: dict[str, Any]) -> float:
    own = plan["Actual Rows"] * plan["Actual Loops"] if "Scan" in plan["Node Type"] else 0
    removed = plan.get("Rows Removed by Filter", 0) * plan["Actual Loops"]
    return float(own + removed + sum(_rows_read(part) for part in plan.get("Plans", ())))
