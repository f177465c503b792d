"""A process that is killed between commit and dispatch loses nothing and tells nothing that was not committed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from vega.data import Database, SQLAlchemyRepository
from vega.data.outbox import Outbox
from vega.events import Event
from vega.patterns import AggregateRoot

ROUNDS = 50 if os.environ.get("VEGA_FULL") else 5


@dataclass(frozen=True)
class CrashPlaced(Event):
    order_id: str


@dataclass
class CrashOrder(AggregateRoot):
    id: str


@dataclass
class Heard:
    id: str


def shop(url: str) -> tuple[Database, SQLAlchemyRepository[CrashOrder], SQLAlchemyRepository[Heard], Outbox]:
    database = Database(url, package="-", lock_timeout=30)
    outbox = Outbox(database, lease=0.2)
    orders, heard = SQLAlchemyRepository(CrashOrder, database=database), SQLAlchemyRepository(Heard, database=database)

    @outbox.listen(CrashPlaced, name="heard")
    async def hear(event: CrashPlaced) -> None:
        await heard.add(Heard(event.order_id))

    return database, orders, heard, outbox


async def work(url: str, prefix: str) -> None:
    """Place orders and relay them until killed; a line is written for each order that is committed."""
    database, orders, _, outbox = shop(url)
    async with database:
        relaying = asyncio.create_task(outbox.run(asyncio.Event(), poll=0.01))
        for number in range(10_000):
            async with database.unit():
                order = CrashOrder(f"{prefix}-{number}")
                order.record(CrashPlaced(order.id))
                await orders.add(order)
            os.write(1, b"committed\n")
        await relaying


@pytest.mark.timeout(600)
def test_killed_processes_lose_nothing(database_url: str) -> None:
    async def prepare() -> None:
        database, *_ = shop(database_url)
        async with database:
            await database.create_all()

    async def settle() -> tuple[set[str], list[str], int]:
        database, orders, heard, outbox = shop(database_url)
        async with database:
            while await outbox.entries(limit=1):
                await outbox.relay_once()
            placed = {order.id for order in await orders.find_all(limit=100_000)}
            told = [one.id for one in await heard.find_all(limit=100_000)]
            return placed, told, len(await outbox.entries(dead=True))

    asyncio.run(prepare())
    for number in range(ROUNDS):
        command = [sys.executable, __file__, database_url, str(number)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            for _ in range(1 + number * 7 % 20):
                child.stdout.readline()
            child.send_signal(signal.SIGKILL)
    placed, told, dead = asyncio.run(settle())

    assert len(placed) >= ROUNDS
    assert set(told) == placed
    assert len(told) == len(placed)
    assert dead == 0


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    asyncio.run(work(sys.argv[1], sys.argv[2]))
