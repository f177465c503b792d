"""Long results and many readers: memory stays small, connections are few and are given back."""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from vega.data import Database, SQLAlchemyRepository
from vega.patterns.query import Query

FULL = bool(os.environ.get("VEGA_FULL"))
ROWS = 1_000_000 if FULL else 50_000
MOST_GROWTH = 30 * 1024  # KiB
READERS = 200


@dataclass(frozen=True, slots=True)
class Reading:
    id: int
    value: int
    name: str


async def fill(database: Database, how_many: int) -> SQLAlchemyRepository[Reading]:
    """Have the database make the rows itself: what is told here is how they are read."""
    readings = SQLAlchemyRepository(Reading, database=database)
    await database.create_all()
    numbers = "SELECT number FROM generate_series(0, :last) AS made(number)"
    if database.dialect == "sqlite":
        numbers = "WITH RECURSIVE n(number) AS (SELECT 0 UNION ALL SELECT number + 1 FROM n WHERE number < :last)"
        numbers += " SELECT number FROM n"
    table = readings.tables.table.name
    rows = f"INSERT INTO {table} (id, value, name) SELECT number, number % 97, 'n' || number FROM ({numbers}) AS made"
    async with database.connection() as connection:
        await connection.execute(text(rows), {"last": how_many - 1})
    return readings


async def grow(url: str) -> None:
    """Print by how many KiB the largest size of this process grows while it reads everything, in both orders."""
    async with Database(url, package="-") as database:
        readings = SQLAlchemyRepository(Reading, database=database)
        ordered: Query[Reading] = readings.query().order_by("value")
        assert [one async for one in ordered.limit(2_000).stream(batch=1000)]
        assert len([one async for one in readings.query().limit(2_000).stream(batch=1000)]) == 2_000
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        found = 0
        async for _ in readings.stream():
            found += 1
        async for _ in ordered.stream():
            found += 1
        sys.stdout.write(f"{found} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before}\n")


@pytest.mark.once
@pytest.mark.timeout(1200)
def test_a_long_stream_needs_little_memory_in_either_order(database_url: str) -> None:
    async def prepare() -> None:
        async with Database(database_url, package="-") as database:
            await fill(database, ROWS)

    asyncio.run(prepare())
    said = subprocess.run(
        [sys.executable, __file__, database_url],
        check=True,
        capture_output=True,
        text=True,
        timeout=1000,
        env={name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")},  # it weighs itself
    ).stdout
    found, growth = map(int, said.split())

    assert found == 2 * ROWS
    assert growth < MOST_GROWTH


def test_a_stream_that_is_left_early_gives_its_connection_back(database_url: str) -> None:
    async def main() -> None:
        async with Database(database_url, package="-", pool_size=1, pool_timeout=5) as database:
            readings = await fill(database, 10_000)
            for query in (readings.query(), readings.query().order_by("name")):
                stream: Any = query.stream(batch=10)
                async for _ in stream:
                    break
                await stream.aclose()
                assert await readings.count() == 10_000
                pool: Any = database.engine.pool
                assert pool.checkedout() == 0

    asyncio.run(main())


def test_two_hundred_slow_readers_share_five_connections(database_url: str) -> None:
    async def main() -> int:
        async with Database(database_url, package="-", pool_size=5, pool_timeout=30) as database:
            readings = await fill(database, 10_000)
            pool: Any = database.engine.pool
            most, everyone = 0, asyncio.Event()
            waiting = 0

            async def read_slowly() -> int:
                nonlocal most, waiting
                stream: Any = readings.stream(batch=1)
                first: Reading = await anext(stream)
                waiting += 1
                if waiting == READERS:
                    everyone.set()
                await everyone.wait()  # all of them are in the middle of their answer now
                most = max(most, pool.checkedout())
                second: Reading = await anext(stream)
                await stream.aclose()
                return second.id - first.id

            async with asyncio.timeout(60):
                assert await asyncio.gather(*(read_slowly() for _ in range(READERS))) == [1] * READERS
            assert pool.checkedout() == 0
            return most

    assert asyncio.run(main()) <= 5


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    asyncio.run(grow(sys.argv[1]))
