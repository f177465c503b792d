"""Identifiers that are made, beside those that are given: none is made that was ever used."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Column, Identity, Integer, MetaData, Table, Text, text

from vega.data import Database, DataError, EntityMapping, InMemoryRepository, SQLAlchemyRepository
from vega.data.migrations import Migrations

Runner = Callable[..., Any]


@dataclass
class Member:
    name: str
    id: int | None = None


@dataclass
class Order:  # a word that SQL keeps for itself, as a name of a table below
    name: str
    id: int | None = None


async def one_at_a_time(members: Any, entities: list[Member]) -> list[Any]:
    return [await members.add(one) for one in entities]


async def saved(members: Any, entities: list[Member]) -> list[Any]:
    return [await members.save(one) for one in entities]


async def added_at_once(members: Any, entities: list[Member]) -> list[Any]:
    stored: list[Any] = await members.add_many(entities)
    return stored


async def merged(members: Any, entities: list[Member]) -> list[Any]:
    stored: list[Any] = await members.upsert_many(entities)
    return stored


async def merged_by_name(members: Any, entities: list[Member]) -> list[Any]:
    stored: list[Any] = await members.upsert_many(entities, on=("name",))
    return stored


WAYS = [one_at_a_time, saved, added_at_once, merged, merged_by_name]
UNIQUE = EntityMapping(unique=("name",))
Way = Callable[[Any, list[Member]], Awaitable[list[Any]]]


@pytest.mark.parametrize("first", WAYS)
def test_an_identifier_is_made_after_those_that_were_given(run: Runner, first: Way) -> None:
    async def body(members: Any) -> None:
        for start, then in zip(range(10, 60, 10), WAYS, strict=True):
            await first(members, [Member(f"{start + id}", start + id) for id in (1, 7, 3)])
            made = await then(members, [Member(f"{start} d"), Member(f"{start} e")])

            assert [one.id for one in made] == [start + 8, start + 9]

    run(Member, body, mapping=UNIQUE)


@pytest.mark.parametrize("way", [added_at_once, merged, merged_by_name])
def test_within_one_call_none_is_made_that_another_entity_brings(run: Runner, way: Way) -> None:
    async def body(members: Any) -> None:
        stored = await way(members, [Member("a"), Member("b", 2), Member("c"), Member("d", 1)])

        assert [one.id for one in stored] == [3, 2, 4, 1]
        assert [(one.id, one.name) for one in await members.find_all()] == [(1, "d"), (2, "b"), (3, "a"), (4, "c")]

    run(Member, body, mapping=UNIQUE)


@pytest.mark.parametrize("way", WAYS)
def test_the_identifier_of_a_deleted_entity_is_not_given_again(run: Runner, way: Way) -> None:
    async def body(members: Any) -> None:
        *_, last = await way(members, [Member("a"), Member("b"), Member("c")])
        assert await members.delete(last.id)
        await members.add(Member("given", 10))
        await members.delete(10)

        assert [one.id for one in await way(members, [Member("d"), Member("e")])] == [11, 12]

    run(Member, body, mapping=UNIQUE)


@pytest.mark.parametrize("way", [one_at_a_time, added_at_once])
def test_after_the_largest_identifier_there_is_none_to_make(run: Runner, way: Way) -> None:
    async def body(members: Any) -> None:
        await members.add(Member("last", 2**63 - 1))
        with pytest.raises(DataError, match="Member"):
            await way(members, [Member("a"), Member("b")])

    run(Member, body, mapping=UNIQUE)


def test_identifiers_below_one_are_given_and_not_counted(run: Runner) -> None:
    async def body(members: Any) -> None:
        await members.add_many([Member("a", -5), Member("b", 0)])

        assert (await members.add(Member("c"))).id == 1

    run(Member, body)


def test_given_identifiers_that_are_smaller_leave_the_next_one_as_it_is(run: Runner) -> None:
    async def body(members: Any) -> None:
        await members.add(Member("a", 100))
        await members.add(Member("b", 50))
        await members.add_many([Member("c", 20), Member("d", 30)])

        assert (await members.add(Member("e"))).id == 101

    run(Member, body)


@pytest.mark.parametrize("name", ["order", "Mixed Case", "it's", 'with"quote'])
def test_tables_of_any_name_are_numbered(database_url: str, name: str) -> None:
    async def main() -> None:
        async with Database(database_url, package="-") as database:
            orders = SQLAlchemyRepository(Order, database=database, mapping=EntityMapping(table=name))
            await database.create_all()
            await orders.add(Order("a", 4))
            await orders.add_many([Order("b", 6), Order("c")])

            assert [one.id for one in await orders.add_many([Order("d"), Order("e")])] == [8, 9]

    asyncio.run(main())


def test_a_given_table_with_an_identity_from_a_start_is_numbered_from_there(postgres_url: str) -> None:
    table = Table(
        "members",
        MetaData(),
        Column("id", BigInteger, Identity(start=1000), primary_key=True),
        Column("name", Text, nullable=False),
    )

    async def main() -> None:
        async with Database(postgres_url, package="-") as database:
            members = SQLAlchemyRepository(Member, database=database, table=table)
            await database.create_all()
            await members.add(Member("a", 5))
            made = await members.add(Member("b"))
            await members.add(Member("c", 2000))

            assert (made.id, (await members.add(Member("d"))).id) == (1000, 2001)

    asyncio.run(main())


@pytest.mark.parametrize("way", WAYS)
def test_an_identifier_beyond_its_sequence_is_refused_and_holds_no_lock(postgres_url: str, way: Way) -> None:
    columns = (Column("id", Integer, primary_key=True), Column("name", Text, nullable=False, unique=True))
    table = Table("members", MetaData(), *columns)

    async def main() -> None:
        async with Database(postgres_url, package="-") as database:
            async with database.engine.begin() as connection:
                await connection.run_sync(table.metadata.create_all)
            members = SQLAlchemyRepository(Member, database=database, table=table)
            with pytest.raises(DataError):
                await way(members, [Member("a", 2**31 + 5)])
            async with database.connection() as connection:
                held = await connection.scalar(text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"))
            assert held == 0
            assert [one.id for one in await way(members, [Member("b", 7), Member("c")])] == [7, 8]

    asyncio.run(main())


def test_an_identifier_that_is_made_costs_no_further_statement(database_url: str, sent: Any) -> None:
    async def main() -> None:
        async with Database(database_url, package="-") as database:
            members = SQLAlchemyRepository(Member, database=database)
            await database.create_all()
            await members.add(Member("a", 3))
            with sent(database) as seen:
                await members.add(Member("b"))
                await members.add(Member("c", 9))
                await members.save(Member("d", 11))

            assert len(seen) == 3
            assert "sequence" not in seen[0]

    asyncio.run(main())


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    calls=st.lists(
        st.one_of(
            st.tuples(
                st.sampled_from(range(len(WAYS))), st.lists(st.none() | st.integers(1, 30), min_size=1, max_size=3)
            ),
            st.tuples(st.just(-1), st.just([None])),
        ),
        max_size=8,
    )
)
@example(calls=[(0, [12, None, 13]), (1, [None, 14]), (2, [None, 16])])
def test_an_identifier_is_never_made_twice(
    postgres_url: str, tmp_path: Path, calls: list[tuple[int, list[Any]]]
) -> None:
    async def body(members: Any) -> None:
        for one in await members.find_all():
            await members.delete(one.id)
        seen: set[int] = {(await members.add(Member("first"))).id}
        for number, (way, identities) in enumerate(calls):
            if way < 0:
                for one in (await members.query().order_by("id", "desc").get())[:2]:
                    await members.delete(one.id)
                continue
            is_single = WAYS[way] in {one_at_a_time, saved}  # an identifier made for one may be the next one given
            for part, batch in enumerate([[one] for one in identities] if is_single else [identities]):
                wanted = [one for one in dict.fromkeys(batch) if one not in seen or one is None]
                entities = [Member(f"{number}.{part}.{place}", one) for place, one in enumerate(wanted)]
                stored = [one.id for one in await WAYS[way](members, entities)] if entities else []
                made = {id for id, one in zip(stored, wanted, strict=True) if one is None}
                assert not made & (seen | {one for one in wanted if one is not None})
                seen |= set(stored)

    async def main() -> None:
        await body(InMemoryRepository(Member, mapping=UNIQUE))
        for url in (f"sqlite:///{tmp_path / 'test.db'}", postgres_url):
            async with Database(url, package="-") as database:
                members = SQLAlchemyRepository(Member, database=database, mapping=UNIQUE)
                await database.create_all()
                await body(members)

    asyncio.run(main())


def test_tables_that_were_made_before_identifiers_were_kept_show_no_difference(tmp_path: Path) -> None:
    async def main() -> None:
        async with Database(f"sqlite:///{tmp_path / 'old.db'}", package="-") as database:
            members = SQLAlchemyRepository(Member, database=database)
            old = (
                "CREATE TABLE members (id INTEGER NOT NULL, name TEXT NOT NULL, CONSTRAINT pk_members PRIMARY KEY (id))"
            )
            async with database.connection() as connection:
                await connection.execute(text(old))
            report = await Migrations(database, tmp_path / "versions").check()
            stored = await members.add_many([Member("a"), Member("b", 7)])

            assert report.drift == ()
            assert [one.id for one in stored] == [8, 7]

    asyncio.run(main())


def test_a_temporary_table_does_not_hide_the_identifiers_that_were_given(tmp_path: Path) -> None:
    async def main() -> None:
        async with Database(f"sqlite:///{tmp_path / 'test.db'}", package="-") as database:
            members = SQLAlchemyRepository(Member, database=database)
            await database.create_all()
            await members.add(Member("a", 7))
            await members.delete(7)
            async with database.unit():
                async with database.connection() as connection:
                    await connection.exec_driver_sql("CREATE TEMP TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT)")
                assert [one.id for one in await members.add_many([Member("b"), Member("c")])] == [8, 9]

    asyncio.run(main())


def test_migrations_make_tables_that_keep_identifiers(tmp_path: Path) -> None:
    async def main() -> None:
        async with Database(f"sqlite:///{tmp_path / 'new.db'}", package="-") as database:
            members = SQLAlchemyRepository(Member, database=database)
            migrations = Migrations(database, tmp_path / "versions")
            await migrations.create("members")
            await migrations.upgrade()
            last = await members.add(Member("a"))
            await members.delete(last.id)

            assert (await members.add(Member("b"))).id == 2
            assert (await migrations.check()).ok

    asyncio.run(main())
