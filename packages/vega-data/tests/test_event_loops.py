"""A database that is used in another event loop than the one that opened it says so, whatever is called."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from vega.data import Database, DatabaseStateError, SQLAlchemyRepository
from vega.data.outbox import Outbox


@dataclass
class Row:
    n: int
    id: int | None = None


async def _unit(database: Database, rows: SQLAlchemyRepository[Row], outbox: Outbox) -> None:
    async with database.unit():
        await rows.count()


async def _connection(database: Database, rows: SQLAlchemyRepository[Row], outbox: Outbox) -> None:
    async with database.connection():
        pass


async def _stream(database: Database, rows: SQLAlchemyRepository[Row], outbox: Outbox) -> None:
    async for _ in rows.stream():
        pass


CALLS: list[Callable[[Database, SQLAlchemyRepository[Row], Outbox], Awaitable[Any]]] = [
    _unit,
    _connection,
    _stream,
    lambda database, rows, outbox: database.open(),
    lambda database, rows, outbox: database.ping(),
    lambda database, rows, outbox: database.create_all(),
    lambda database, rows, outbox: database.drop_all(),
    lambda database, rows, outbox: rows.add(Row(1)),
    lambda database, rows, outbox: rows.add_many([Row(1)]),
    lambda database, rows, outbox: rows.find_by_id(1),
    lambda database, rows, outbox: rows.query().get(),
    lambda database, rows, outbox: outbox.relay_once(),
    lambda database, rows, outbox: outbox.entries(),
    lambda database, rows, outbox: outbox.run(asyncio.Event(), poll=0.01),
    lambda database, rows, outbox: outbox.resubmit(None),
]


@pytest.mark.filterwarnings(
    "ignore::ResourceWarning"
)  # sockets of the first loop, which cannot be closed in the second
def test_a_second_event_loop_is_refused_by_name_and_works_after_the_database_was_opened_in_it(
    database_url: str,
) -> None:
    database = Database(database_url, package="-")
    rows = SQLAlchemyRepository(Row, database=database)
    outbox = Outbox(database)

    async def first() -> None:
        await database.open()
        await database.create_all()
        await rows.add(Row(1))
        stop = asyncio.Event()
        stop_soon = asyncio.get_running_loop().call_later(0.05, stop.set)
        await outbox.run(stop, poll=0.01)
        stop_soon.cancel()

    async def second() -> int:
        for call in CALLS:
            with pytest.raises(DatabaseStateError, match="another event loop"):
                await asyncio.wait_for(call(database, rows, outbox), 5)
        await asyncio.wait_for(database.close(), 5)
        await database.open()
        await rows.add(Row(2))
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(0.05, stop.set)
        await outbox.run(stop, poll=0.01)
        try:
            return await rows.count()
        finally:
            await database.close()

    asyncio.run(first())
    assert asyncio.run(asyncio.wait_for(second(), 20)) == 2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()
