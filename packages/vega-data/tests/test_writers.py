"""Writers of one SQLite file take turns; a lock that is not free in time is unavailable, and asks for another run."""

from __future__ import annotations

import asyncio
import contextvars
import sqlite3
from dataclasses import dataclass
from pathlib import Path

import pytest

from vega.data import Database, LockTimeoutError, SQLAlchemyRepository
from vega.errors import ErrorKind


@dataclass
class Row:
    writer: int
    id: int | None = None


def test_writers_in_one_process_write_equally_often(tmp_path: Path) -> None:
    async def main() -> list[int]:
        url = f"sqlite:///{tmp_path / 'test.db'}"
        async with Database(url, package="-", pool_size=4) as first, Database(url, package="-", pool_size=4) as second:
            tables = [SQLAlchemyRepository(Row, database=database) for database in (first, second)]
            await first.create_all()
            written = [0] * 8
            is_over = False

            async def write(number: int) -> None:
                database, rows = (first, second)[number % 2], tables[number % 2]
                while not is_over:
                    async with database.unit():
                        await rows.add(Row(number))
                    await rows.add(Row(number))
                    written[number] += 1

            writers = [asyncio.create_task(write(number)) for number in range(8)]
            await asyncio.sleep(1)
            is_over = True
            await asyncio.gather(*writers)
            assert await tables[0].count() == 2 * sum(written)
            return written

    written = asyncio.run(main())

    assert min(written) > 1
    assert max(written) - min(written) <= 2


def test_a_writer_in_the_queue_gives_up_in_time_and_lets_the_next_one_in(tmp_path: Path) -> None:
    async def main() -> int:
        async with Database(f"sqlite:///{tmp_path / 'test.db'}", package="-", lock_timeout=0.1) as database:
            rows = SQLAlchemyRepository(Row, database=database)
            await database.create_all()
            alone = contextvars.Context()
            async with database.unit():
                await rows.add(Row(1))
                late = asyncio.get_running_loop().create_task(rows.add(Row(2)), context=alone)
                with pytest.raises(LockTimeoutError, match="other units of this process"):
                    await late
            await rows.add(Row(3))
            return await rows.count()

    assert asyncio.run(main()) == 2


@pytest.mark.parametrize("is_unit", [True, False], ids=["unit", "call"])
def test_a_lock_of_another_process_is_unavailable_and_a_retry_waits_for_it(tmp_path: Path, is_unit: bool) -> None:
    async def main() -> int:
        async with Database(f"sqlite:///{tmp_path / 'test.db'}", package="-", lock_timeout=0.1) as database:
            rows = SQLAlchemyRepository(Row, database=database)
            await database.create_all()
            holder = sqlite3.connect(tmp_path / "test.db", isolation_level=None)
            holder.execute("BEGIN IMMEDIATE")
            with pytest.raises(LockTimeoutError) as raised:
                await (database.unit().run(lambda: rows.add(Row(1))) if is_unit else rows.add(Row(1)))
            assert (raised.value.kind, raised.value.retryable) == (ErrorKind.UNAVAILABLE, True)
            asyncio.get_running_loop().call_later(0.15, holder.rollback)
            await database.unit().run(lambda: rows.add(Row(2)), retry=5)
            holder.close()
            return await rows.count()

    assert asyncio.run(main()) == 1


def test_a_lock_that_is_held_too_long_is_unavailable_on_postgresql(postgres_url: str) -> None:
    async def main() -> None:
        async with Database(postgres_url, package="-", lock_timeout=0.1) as database:
            rows = SQLAlchemyRepository(Row, database=database)
            await database.create_all()
            row = await rows.add(Row(1))
            alone = contextvars.Context()
            async with database.unit():
                await rows.save(Row(2, row.id))
                late = asyncio.get_running_loop().create_task(rows.save(Row(3, row.id)), context=alone)
                with pytest.raises(LockTimeoutError) as raised:
                    await late
            assert (raised.value.kind, raised.value.retryable) == (ErrorKind.UNAVAILABLE, True)

    asyncio.run(main())


def test_a_reader_needs_no_turn(tmp_path: Path) -> None:
    async def main() -> tuple[int, int]:
        async with Database(f"sqlite:///{tmp_path / 'test.db'}", package="-", lock_timeout=1) as database:
            rows = SQLAlchemyRepository(Row, database=database)
            await database.create_all()
            alone = contextvars.Context()
            async with database.unit():
                await rows.add(Row(1))
                seen = await asyncio.get_running_loop().create_task(rows.count(), context=alone)
            return seen, await rows.count()

    assert asyncio.run(main()) == (0, 1)
