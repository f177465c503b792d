"""A process that is killed between commit and dispatch loses nothing and tells nothing that was not committed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE

import pytest

from vega.data import Database, SQLAlchemyRepository
from vega.data.outbox import Outbox
from vega.events import Event
from vega.patterns import AggregateRoot

ROUNDS = 50 if os.environ.get("VEGA_FULL") else 10


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


@pytest.mark.once
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
    with subprocess.Popen([sys.executable, __file__, database_url], stdin=PIPE, stdout=PIPE, text=True) as nursery:
        for number in range(ROUNDS):
            kill_after(nursery, prefix=str(number), orders=1 + number * 7 % 20)
        assert nursery.stdin is not None
        nursery.stdin.close()
    placed, told, dead = asyncio.run(settle())

    assert len(placed) >= ROUNDS
    assert set(told) == placed
    assert len(told) == len(placed)
    assert dead == 0


def kill_after(nursery: subprocess.Popen[str], *, prefix: str, orders: int) -> None:
    """Have a process started, and kill it when it has committed so many orders, whatever it is doing then."""
    assert nursery.stdin is not None
    assert nursery.stdout is not None
    nursery.stdin.write(f"{prefix}\n")
    nursery.stdin.flush()
    process = int(nursery.stdout.readline())
    for _ in range(orders):
        assert nursery.stdout.readline() == "committed\n"
    os.kill(process, signal.SIGKILL)
    while nursery.stdout.readline() == "committed\n":
        pass


def start_processes(url: str) -> None:
    """Start a process for each line that comes in: a copy of this one, which has imported everything already."""
    for line in sys.stdin:
        process = os.fork()
        if process == 0:
            os.write(1, f"{os.getpid()}\n".encode())
            asyncio.run(work(url, line.strip()))
            return
        os.waitpid(process, 0)
        os.write(1, b"gone\n")


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    start_processes(sys.argv[1])
