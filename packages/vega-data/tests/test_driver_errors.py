"""What a driver says, as errors of vega.data: on SQLite and on PostgreSQL alike where both can say it."""

from __future__ import annotations

import asyncio
import contextvars
import random
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from vega.data import (
    ConstraintError,
    Database,
    DatabaseUnavailableError,
    DataError,
    DuplicateEntityError,
    EntityMapping,
    InvalidEntityError,
    QueryTimeoutError,
    SQLAlchemyRepository,
)
from vega.patterns.query import UnsupportedPredicateError


@dataclass
class Counter:
    id: str
    value: int = 0


def table(*more: Any) -> sa.Table:
    return sa.Table(
        "counted",
        sa.MetaData(),
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("value", sa.Integer, nullable=False),
        *more,
    )


def test_a_value_that_a_table_requires_and_the_entity_lacks_is_named(database_url: str) -> None:
    async def main() -> None:
        async with Database(database_url, package="-") as database:
            made = table(sa.Column("extra", sa.Integer, nullable=False))
            counters = SQLAlchemyRepository(Counter, database=database, table=made)
            await database.create_all()
            with pytest.raises(ConstraintError, match="missing: extra"):
                await counters.add(Counter("1"))

    asyncio.run(main())


def test_two_that_share_unique_fields_name_all_of_them(database_url: str) -> None:
    async def main() -> None:
        async with Database(database_url, package="-") as database:
            made = table(sa.Index("one_of_each", "value", sa.text("(1)"), unique=True))
            counters = SQLAlchemyRepository(Counter, database=database, table=made)
            await database.create_all()
            await counters.add(Counter("1"))
            with pytest.raises(DuplicateEntityError):
                await counters.add(Counter("2"))

    asyncio.run(main())


def test_a_unique_index_of_the_database_names_the_fields(database_url: str) -> None:
    async def main() -> tuple[str, ...]:
        async with Database(database_url, package="-") as database:
            counters = SQLAlchemyRepository(Counter, database=database)
            await database.create_all()
            async with database.connection() as connection:
                await connection.exec_driver_sql("CREATE UNIQUE INDEX once ON counters (value)")
            await counters.add(Counter("1"))
            with pytest.raises(DuplicateEntityError) as caught:
                await counters.add(Counter("2"))
            return caught.value.fields

    assert asyncio.run(main()) == ("value",)


def test_a_statement_that_the_database_does_not_understand_is_refused_in_short(database_url: str) -> None:
    async def main() -> None:
        async with Database(database_url, package="-") as database:
            with pytest.raises(DataError, match="refused a statement") as caught:
                async with database.writing() as session:
                    await session.driver_sql("SELEKT 1")
            assert len(str(caught.value)) < 600

    asyncio.run(main())


def test_a_long_complaint_of_the_database_is_cut(tmp_path: Path) -> None:
    async def main() -> str:
        async with Database(f"sqlite:///{tmp_path / 'test.db'}", package="-") as database:
            with pytest.raises(DataError) as caught:
                async with database.writing() as session:
                    await session.driver_sql("x" * 1000)
            return caught.value.fix

    assert asyncio.run(main()).endswith("...")


def test_a_pool_without_a_free_connection_ends_the_wait(tmp_path: Path) -> None:
    async def main() -> None:
        url = f"sqlite:///{tmp_path / 'test.db'}"
        async with Database(url, package="-", pool_size=1, pool_timeout=0.05) as database:

            async def other() -> None:
                with pytest.raises(QueryTimeoutError, match="no connection became free"):
                    await database.ping()

            async with database.unit() as unit:
                await unit.session.connection()
                await asyncio.get_running_loop().create_task(other(), context=contextvars.Context())

    asyncio.run(main())


def test_a_statement_that_takes_too_long_is_stopped(postgres_url: str) -> None:
    async def main() -> None:
        async with Database(postgres_url, statement_timeout=0.05) as database:
            with pytest.raises(QueryTimeoutError):
                async with database.writing() as session:
                    await session.driver_sql("SELECT pg_sleep(20)")

    asyncio.run(main())


def test_a_file_that_cannot_be_opened_is_an_unavailable_database(tmp_path: Path) -> None:
    async def main() -> None:
        async with Database(f"sqlite:///{tmp_path / 'nowhere' / 'test.db'}") as database:
            with pytest.raises(DatabaseUnavailableError):
                await database.ping()

    asyncio.run(main())


@dataclass
class Priced:
    id: str
    price: Decimal


def test_decimals_in_a_float_column_are_not_compared_on_sqlite(tmp_path: Path) -> None:
    made = sa.Table(
        "priced", sa.MetaData(), sa.Column("id", sa.String, primary_key=True), sa.Column("price", sa.Numeric)
    )
    database = Database(f"sqlite:///{tmp_path / 'test.db'}", package="-")
    prices = SQLAlchemyRepository(Priced, database=database, table=made)

    async def main() -> None:
        async with database:
            with pytest.raises(UnsupportedPredicateError, match="as a float"):
                await prices.query().where("price", ">", Decimal(1)).get()

    asyncio.run(main())


def test_a_pool_of_memory_is_one_database_until_it_is_closed() -> None:
    async def main() -> list[int]:
        counts = []
        database = Database("sqlite:///:memory:", package="-")
        for _ in range(2):
            async with database:
                counters = SQLAlchemyRepository(Counter, database=database)
                await database.create_all()
                await counters.add(Counter("1"))
                counts.append(await counters.count())
                await database.drop_all()
        return counts

    assert asyncio.run(main()) == [1, 1]


@dataclass
class Document:
    title: str = "t"
    place: str = "p"
    body: str = "b"
    id: str | None = None


DOCUMENTS = EntityMapping(unique=("title",), indexes=(("place", "-title"),), columns={"place": "Place"})


@pytest.mark.parametrize("length", [1_500, 3_000, 20_000])
@pytest.mark.parametrize("field", ["title", "place", "id"])
def test_a_text_too_long_for_an_index_is_named(postgres_url: str, field: str, length: int) -> None:
    chance = random.Random(length)
    text = "".join(chr(chance.randrange(0x100, 0x2000)) for _ in range(length))  # which does not compress

    async def main() -> None:
        async with Database(postgres_url, package="-") as database:
            documents = SQLAlchemyRepository(Document, database=database, mapping=DOCUMENTS)
            await database.create_all()
            stored = await documents.add(Document(body=text, id="1"))
            change: Any = {field: text}
            for store in (documents.add, lambda one: documents.add_many([one]), documents.add_if_absent):
                with pytest.raises(InvalidEntityError, match=rf"\b{field}\b.* is too long for its index.* 2,704 bytes"):
                    await store(Document(**({"title": "other"} | change)))
            if field != "id":
                with pytest.raises(InvalidEntityError, match=r"digest of it"):
                    await documents.update(replace(stored, **change))
            assert await documents.find_all() == [stored]

    asyncio.run(main())
