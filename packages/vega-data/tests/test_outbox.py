"""The outbox: what was committed is told at least once, to each listener for itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from vega.data import Database, OutboxError, SQLAlchemyRepository
from vega.data.outbox import Outbox
from vega.data.outbox._relay import End
from vega.events import Event, EventBus, set_event_bus
from vega.patterns import AggregateRoot


@dataclass(frozen=True)
class Placed(Event):
    order_id: str
    customer: str = "c"


@dataclass
class Order(AggregateRoot):
    id: str
    customer: str = "c"

    def place(self) -> Order:
        self.record(Placed(self.id, self.customer))
        return self


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Shop:
    database: Database
    orders: Any
    outbox: Outbox
    clock: Clock
    heard: list[str]

    async def place(self, *orders: Order) -> None:
        async with self.database.unit():
            for order in orders:
                await self.orders.add(order.place())

    def listen(self, name: str, **options: Any) -> None:
        async def handler(event: Placed) -> None:
            self.heard.append(f"{name} {event.order_id}")

        self.outbox.listen(Placed, name=name, **options)(handler)


def in_shop(url: str, body: Callable[[Shop], Awaitable[Any]], **options: Any) -> Any:
    async def main() -> Any:
        set_event_bus(EventBus())
        async with Database(url, package="-") as database:
            clock = Clock()
            outbox = Outbox(database, clock=clock, **options)
            orders = SQLAlchemyRepository(Order, database=database)
            await database.create_all()
            return await body(Shop(database, orders, outbox, clock, []))

    return asyncio.run(main())


def test_what_is_committed_is_told_once_to_each_listener(database_url: str) -> None:
    async def body(shop: Shop) -> None:
        shop.listen("mail")
        shop.listen("audit")
        await shop.place(Order("1"))

        assert len(await shop.outbox.entries()) == 2
        assert await shop.outbox.relay_once() == 2
        assert await shop.outbox.relay_once() == 0
        assert sorted(shop.heard) == ["audit 1", "mail 1"]

    in_shop(database_url, body)


def test_what_is_rolled_back_is_not_told(database_url: str) -> None:
    async def body(shop: Shop) -> None:
        shop.listen("mail")
        with pytest.raises(ZeroDivisionError):  # noqa: PT012 - the block is the unit
            async with shop.database.unit():
                await shop.orders.add(Order("1").place())
                raise ZeroDivisionError

        assert await shop.outbox.entries() == []

    in_shop(database_url, body)


def test_a_failing_listener_is_retried_alone_then_dead_then_resubmitted(database_url: str) -> None:
    async def body(shop: Shop) -> None:
        broken = True
        shop.listen("audit")

        @shop.outbox.listen(Placed, name="mail")
        async def mail(event: Placed) -> None:
            shop.heard.append("tried")
            if broken:
                raise ConnectionError("mail server away")

        await shop.place(Order("1"))
        for _ in range(5):
            await shop.outbox.relay_once()
            shop.clock.pass_by(3600)

        assert shop.heard.count("audit 1") == 1
        assert shop.heard.count("tried") == 3
        (dead,) = await shop.outbox.entries(dead=True)
        assert (dead.listener, dead.attempts, dead.is_dead) == ("mail", 3, True)
        assert dead.error == "ConnectionError: mail server away"
        broken = False
        assert await shop.outbox.resubmit([dead.id]) == 1
        assert await shop.outbox.resubmit([dead.id]) == 0
        assert await shop.outbox.relay_once() == 1
        assert await shop.outbox.entries(dead=True) == []

    in_shop(database_url, body, retries=2)


def test_a_retry_waits_for_its_delay(database_url: str) -> None:
    async def body(shop: Shop) -> None:
        @shop.outbox.listen(Placed, name="mail")
        async def mail(event: Placed) -> None:
            shop.heard.append("tried")
            raise ConnectionError

        await shop.place(Order("1"))
        await shop.outbox.relay_once()
        await shop.outbox.relay_once()
        assert shop.heard == ["tried"]
        shop.clock.pass_by(10)
        await shop.outbox.relay_once()
        assert shop.heard == ["tried", "tried"]

    in_shop(database_url, body, backoff=10)


def test_many_relays_tell_each_row_once(database_url: str) -> None:
    async def body(shop: Shop) -> None:
        shop.listen("mail")
        await shop.place(*(Order(f"{number:03d}") for number in range(60)))

        async def relay() -> int:
            told = 0
            while done := await shop.outbox.relay_once(batch=7):
                told += done
            return told

        assert sum(await asyncio.gather(*(relay() for _ in range(4)))) == 60
        assert sorted(shop.heard) == [f"mail {number:03d}" for number in range(60)]

    in_shop(database_url, body)


def test_a_row_of_a_relay_that_died_is_taken_over_and_its_late_end_is_void(database_url: str) -> None:
    async def body(shop: Shop) -> None:
        shop.listen("mail")
        await shop.place(Order("1"))
        (lost,) = await shop.outbox._relay.claim(10)

        assert await shop.outbox.relay_once() == 0
        shop.clock.pass_by(61)
        assert await shop.outbox.relay_once() == 1
        assert await shop.outbox._relay.handle(lost, lambda handler, event: handler(event)) is End.LOST
        assert shop.heard == ["mail 1"]

    in_shop(database_url, body, lease=60)


def test_events_of_one_key_are_told_in_order(database_url: str) -> None:
    async def body(shop: Shop) -> None:
        failing = True

        @shop.outbox.listen(Placed, name="mail", key=lambda event: event.customer)
        async def mail(event: Placed) -> None:
            if failing and event.order_id == "1":
                raise ConnectionError
            shop.heard.append(event.order_id)

        await shop.place(Order("1", "ada"), Order("2", "ada"), Order("3", "bob"))
        for _ in range(3):
            await shop.outbox.relay_once()
        assert shop.heard == ["3"]
        failing = False
        shop.clock.pass_by(3600)
        for _ in range(3):
            await shop.outbox.relay_once()
        assert shop.heard == ["3", "1", "2"]

    in_shop(database_url, body)


def test_what_a_listener_stores_happens_with_its_row_or_not_at_all(database_url: str) -> None:
    async def body(shop: Shop) -> None:
        @shop.outbox.listen(Placed, name="copy")
        async def copy(event: Placed) -> None:
            await shop.orders.add(Order(f"copy of {event.order_id}"))
            if len(shop.heard) == 0:
                shop.heard.append("failed")
                raise ConnectionError

        await shop.place(Order("1"))
        await shop.outbox.relay_once()
        assert await shop.orders.count() == 1
        shop.clock.pass_by(10)
        await shop.outbox.relay_once()
        assert await shop.orders.count() == 2

    in_shop(database_url, body)


def test_the_inbox_sees_a_message_once(database_url: str) -> None:
    async def body(shop: Shop) -> None:
        async with shop.database.unit():
            assert await shop.outbox.first_time("mail", "1")
            assert not await shop.outbox.first_time("mail", "1")
            assert await shop.outbox.first_time("audit", "1")
        with pytest.raises(ZeroDivisionError):  # noqa: PT012 - the block is the unit
            async with shop.database.unit():
                assert await shop.outbox.first_time("mail", "2")
                raise ZeroDivisionError
        async with shop.database.unit():
            assert await shop.outbox.first_time("mail", "2")

    in_shop(database_url, body)


def test_a_relay_that_runs_hears_of_commits_at_once_and_stops(database_url: str) -> None:
    async def body(shop: Shop) -> None:
        told: asyncio.Queue[str] = asyncio.Queue()
        stop = asyncio.Event()

        @shop.outbox.listen(Placed, name="mail")
        async def mail(event: Placed) -> None:
            told.put_nowait(event.order_id)

        running = asyncio.create_task(shop.outbox.run(stop, poll=3600))  # only the commits can wake it
        heard: list[str] = []
        async with asyncio.timeout(60):
            for number in ("1", "2"):
                await shop.place(Order(number))
                heard.append(await told.get())
            assert not running.done()
            stop.set()
            await running

        assert heard == ["1", "2"]
        assert await shop.outbox.entries() == []
        await shop.place(Order("3"))
        assert told.empty()
        assert [entry.listener for entry in await shop.outbox.entries()] == ["mail"]

    in_shop(database_url, body)


def test_two_listeners_of_one_name_are_refused(tmp_path: Any) -> None:
    outbox = Outbox(Database(f"sqlite:///{tmp_path / 'test.db'}"))
    outbox.listen(Placed, name="mail")(_nothing)

    with pytest.raises(OutboxError, match="two listeners"):
        outbox.listen(Placed, name="mail")(_nothing_else)


async def _nothing(event: Placed) -> None: ...


async def _nothing_else(event: Placed) -> None: ...


def test_the_outbox_of_a_database_is_found() -> None:
    database = Database("sqlite://", package="-")

    with pytest.raises(OutboxError, match="has no outbox"):
        Outbox.of(database)
    outbox = Outbox(database)

    assert Outbox.of(database) is outbox
