"""A schema of PostgreSQL for all tables of an application, beside tables of the same names in other schemas."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, make_dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from vega.data import Database, DatabaseStateError, EntityMapping, OutdatedSchemaError, SQLAlchemyRepository
from vega.data._project.pending_migrations import PendingMigrations
from vega.data.migrations import Migrations
from vega.data.outbox import Outbox

SCHEMAS = ["shop", 'My "own" it\'s: 100% $user', "é" * 31]
OTHERS = [
    "CREATE TABLE notes (id integer PRIMARY KEY, body text)",
    "CREATE TABLE alembic_version (version_num text)",
    "INSERT INTO alembic_version VALUES ('of another program')",
    "CREATE TABLE old_notes (id integer PRIMARY KEY)",
]


@dataclass
class Tag:
    name: str


@dataclass
class Note:
    text: str
    author: str | None = None
    tags: list[Tag] = field(default_factory=list[Tag])
    id: int | None = None


@dataclass
class Author:
    id: str


def notes(database: Database) -> tuple[Any, Any]:
    authors = SQLAlchemyRepository(Author, database=database)
    mapping = EntityMapping(references={"author": "authors.id"}, indexes=("text",), unique=(("author", "text"),))
    return SQLAlchemyRepository(Note, database=database, mapping=mapping), authors


async def used(database: Database) -> None:
    repository, authors = notes(database)
    await authors.add(Author("ann"))
    await repository.add_many([Note("a", "ann", [Tag("x")]), Note("b", id=7)])
    async with database.unit():
        note = await repository.add(Note("c"))
        assert note.id > 7
    (found,) = await repository.query().where("text", "=", "a").get()
    assert (found.author, found.tags) == ("ann", [Tag("x")])
    assert await repository.upsert_many([Note("b", id=7)])
    assert await repository.delete(note.id)


async def tables(url: str, schema: str) -> set[str]:
    async with Database(url, package="-") as database, database.connection() as connection:
        names: list[str] = await connection.run_sync(lambda found: sa.inspect(found).get_table_names(schema=schema))
        return set(names)


async def others(url: str) -> None:
    async with Database(url, package="-") as database, database.connection() as connection:
        for statement in OTHERS:
            await connection.exec_driver_sql(statement)


@pytest.mark.parametrize("pooler", [False, True])
@pytest.mark.parametrize("schema", SCHEMAS)
def test_all_tables_are_created_used_and_dropped_there(postgres_url: str, schema: str, pooler: bool) -> None:
    async def main() -> None:
        await others(postgres_url)
        async with Database(postgres_url, package="-", schema=schema, transaction_pooler=pooler) as database:
            notes(database)
            Outbox(database)
            with pytest.raises(OutdatedSchemaError):
                await used(database)
            await database.create_all()
            await database.create_all()
            await used(database)
            assert await tables(postgres_url, schema) == {"notes", "notes_tags", "authors", "outbox", "outbox_inbox"}
            await database.drop_all()
            assert await tables(postgres_url, schema) == set()
        assert {"notes", "old_notes"} <= await tables(postgres_url, "public")

    asyncio.run(main())


@pytest.mark.parametrize("schema", SCHEMAS)
def test_migrations_run_there_and_leave_other_schemas_alone(postgres_url: str, tmp_path: Path, schema: str) -> None:
    async def main() -> None:
        await others(postgres_url)
        async with Database(postgres_url, package="-", schema=schema) as database:
            notes(database)
            migrations = Migrations(database, tmp_path)
            pending = PendingMigrations(database, tmp_path)
            text = (await migrations.create("one")).read_text()
            assert "drop_table" not in text.partition("def downgrade")[0]
            assert "old_notes" not in text
            assert await pending.names() == ["0001_one"]
            await migrations.upgrade()
            assert (await migrations.check()).ok
            assert await pending.names() == []
            await used(database)
        async with Database(postgres_url, package="-", schema=schema) as database:
            authors = SQLAlchemyRepository(make_dataclass("Writer", [("id", str), ("age", int, 1)]), database=database)
            migrations = Migrations(database, tmp_path)
            kept = ["notes", "notes_tags"]
            await migrations.create("two", renames={"authors": "writers"}, drops=kept)
            await migrations.upgrade(allow_destructive=True)
            assert (await authors.get("ann")).age == 1
            assert (await migrations.check()).ok
            assert await tables(postgres_url, schema) == {"alembic_version", "writers"}
            assert 'SET search_path TO "' in migrations.sql()
            await migrations.downgrade("base", allow_destructive=True)
            assert await tables(postgres_url, schema) == {"alembic_version"}
        assert await tables(postgres_url, "public") == {"alembic_version", "notes", "old_notes"}

    asyncio.run(main())


def test_two_applications_share_a_database(postgres_url: str, tmp_path: Path) -> None:
    async def main() -> None:
        for schema in ("one", "two"):
            async with Database(postgres_url, package="-", schema=schema) as database:
                notes(database)
                migrations = Migrations(database, tmp_path)
                if not migrations.history():
                    await migrations.create("one")
                assert await migrations.upgrade() == ["0001_one"]
                await used(database)

    asyncio.run(main())


def test_a_schema_that_is_there_needs_no_right_to_create_one(postgres_url: str) -> None:
    async def main() -> None:
        async with Database(postgres_url, package="-") as database, database.connection() as connection:
            await connection.exec_driver_sql("CREATE SCHEMA shop")
            await connection.exec_driver_sql("DROP ROLE IF EXISTS vega_plain")
            await connection.exec_driver_sql("CREATE ROLE vega_plain LOGIN")
            await connection.exec_driver_sql("GRANT ALL ON SCHEMA shop TO vega_plain")
        plain = sa.make_url(postgres_url).set(username="vega_plain")
        async with Database(plain, package="-", schema="shop") as database:
            notes(database)
            await database.create_all()
            await used(database)
            await database.drop_all()
        async with Database(postgres_url, package="-") as database, database.connection() as connection:
            await connection.exec_driver_sql("DROP OWNED BY vega_plain")
            await connection.exec_driver_sql("DROP ROLE vega_plain")

    asyncio.run(main())


@pytest.mark.parametrize(
    ("url", "schema"),
    [
        ("sqlite:///shop.db", "shop"),
        ("postgresql://host/shop", "a\0b"),
        ("postgresql://host/shop", "é" * 32),
        ("postgresql://host/shop", "pg_shop"),
    ],
)
def test_a_schema_that_cannot_be_is_refused(url: str, schema: str) -> None:
    with pytest.raises(DatabaseStateError, match="schema"):
        Database(url, schema=schema)
