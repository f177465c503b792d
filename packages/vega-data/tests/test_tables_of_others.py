"""Tables that other programs keep in the same database: migrations leave them alone."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from vega.data import Database, SQLAlchemyRepository
from vega.data.migrations import Migrations

OTHERS = [
    "CREATE TABLE spatial_things (id INTEGER PRIMARY KEY, body TEXT)",
    "CREATE INDEX spatial_body ON spatial_things (body)",
    "CREATE TABLE spatial_parts (thing INTEGER REFERENCES spatial_things (id))",
]


@dataclass
class Note:
    id: str
    text: str


def test_tables_that_no_migration_created_are_left_alone(database_url: str, tmp_path: Path) -> None:
    async def main() -> None:
        async with Database(database_url, package="-") as database:
            async with database.connection() as connection:
                for statement in OTHERS:
                    await connection.exec_driver_sql(statement)
            SQLAlchemyRepository(Note, database=database)
            migrations = Migrations(database, tmp_path)
            assert "spatial" not in (await migrations.create("notes")).read_text()
            await migrations.upgrade()
            assert (await migrations.check()).ok
        async with Database(database_url, package="-") as database:  # without the entity
            fewer = Migrations(database, tmp_path)
            assert (await fewer.check()).drift == ("remove table: notes",)
            text = (await fewer.create("drop notes")).read_text()
            assert 'op.drop_table("notes")' in text
            assert "spatial" not in text

    asyncio.run(main())


def test_ignored_tables_are_left_alone_whether_they_are_declared_or_created_by_a_migration(
    database_url: str, tmp_path: Path
) -> None:
    async def main() -> None:
        async with Database(database_url, package="-") as database:
            SQLAlchemyRepository(Note, database=database)
            migrations = Migrations(database, tmp_path)
            await migrations.create("notes")
            await migrations.upgrade()
        async with Database(database_url, package="-") as database:
            assert (await Migrations(database, tmp_path, ignore=("no*",)).check()).ok
            SQLAlchemyRepository(Note, database=database)
            async with database.connection() as connection:
                await connection.exec_driver_sql("ALTER TABLE notes ADD COLUMN more TEXT")
            assert (await Migrations(database, tmp_path, ignore=("no*",)).check()).ok
            assert not (await Migrations(database, tmp_path, ignore=("other",)).check()).ok

    asyncio.run(main())


def test_a_table_that_the_project_has_dropped_or_renamed_is_no_longer_its_own(
    database_url: str, tmp_path: Path
) -> None:
    @dataclass
    class Remark:
        id: str
        text: str

    async def main() -> None:
        async with Database(database_url, package="-") as database:
            SQLAlchemyRepository(Note, database=database)
            migrations = Migrations(database, tmp_path)
            await migrations.create("notes")
            await migrations.upgrade()
        async with Database(database_url, package="-") as database:
            SQLAlchemyRepository(Remark, database=database)
            migrations = Migrations(database, tmp_path)
            await migrations.create("remarks", renames={"notes": "remarks"})
            await migrations.upgrade()
            async with database.connection() as connection:  # of another program
                await connection.exec_driver_sql("CREATE TABLE notes (id INTEGER PRIMARY KEY)")
            assert (await migrations.check()).ok
        async with Database(database_url, package="-") as database:
            migrations = Migrations(database, tmp_path)
            assert (await migrations.check()).drift == ("remove table: remarks",)
            await migrations.create("nothing")
            await migrations.upgrade(allow_destructive=True)
            async with database.connection() as connection:
                await connection.exec_driver_sql("CREATE TABLE remarks (id INTEGER PRIMARY KEY)")
            assert (await migrations.check()).ok

    asyncio.run(main())
