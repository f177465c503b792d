"""A schema that lacks a table or a column: one error names it with the command, and readiness fails until then."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import make_dataclass
from pathlib import Path
from typing import Any

import pytest

from vega.data import Database, MigrationError, OutdatedSchemaError, SQLAlchemyRepository
from vega.data._project.pending_migrations import PendingMigrations
from vega.data.migrations import Migrations
from vega.data.outbox import Outbox
from vega.patterns import Specification

OLD = make_dataclass("Shop", [("name", str), ("id", int | None, None)])
NEW = make_dataclass("Shop", [("name", str), ("stars", int, 1), ("id", int | None, None)])


class First(Specification[Any]):
    def predicate(self, thing: Any) -> Any:
        return thing.stars == 1


async def streamed(shops: Any) -> None:
    async for _ in shops.stream():
        pass


async def in_a_unit(shops: Any) -> None:
    async with shops.database.unit():
        await shops.save(NEW("a", 1, 1))


CALLS: list[Callable[[Any], Awaitable[Any]]] = [
    lambda shops: shops.add(NEW("a")),
    lambda shops: shops.add(NEW("a", 1, 7)),
    lambda shops: shops.add_many([NEW("a"), NEW("b", 1, 7)]),
    lambda shops: shops.delete_where(First()),
    lambda shops: shops.find_all(),
    lambda shops: shops.save(NEW("a", 1, 7)),
    lambda shops: shops.update(NEW("a", 1, 7)),
    lambda shops: shops.upsert_many([NEW("a", 1, 7)]),
    lambda shops: shops.update_where(First(), stars=2),
    lambda shops: shops.get(1),
    lambda shops: shops.find_by_id(1),
    lambda shops: shops.query().where("stars", "=", 1).get(),
    lambda shops: shops.query().where("stars", "=", 1).count(),
    lambda shops: shops.query().where("stars", "=", 1).exists(),
    lambda shops: shops.query().page(),
    lambda shops: shops.query().order_by("stars").cursor(),
    lambda shops: shops.query().group("stars").aggregate(),
    lambda shops: shops.query().explain(),
    streamed,
    in_a_unit,
]


@pytest.mark.parametrize("lacking", ["table", "column"])
def test_each_call_names_what_is_missing_and_the_command(database_url: str, lacking: str) -> None:
    async def main() -> None:
        if lacking == "column":
            async with Database(database_url, package="-") as database:
                SQLAlchemyRepository(OLD, database=database)
                await database.create_all()
        async with Database(database_url, package="-") as database:
            shops = SQLAlchemyRepository(NEW, database=database)
            for call in CALLS:
                with pytest.raises(OutdatedSchemaError, match="vega migrate upgrade") as caught:
                    await call(shops)
                named = "the database has no table shops" if lacking == "table" else "the database has no column "
                assert caught.value.what.startswith(named)
                assert lacking == "table" or "stars" in caught.value.what

    asyncio.run(main())


def test_the_outbox_names_its_missing_table(database_url: str) -> None:
    async def main() -> None:
        async with Database(database_url, package="-") as database:
            outbox = Outbox(database)
            for call in (outbox.entries, outbox.relay_once, lambda: outbox.resubmit(None)):
                with pytest.raises(OutdatedSchemaError, match="no table outbox"):
                    await call()

    asyncio.run(main())


def test_pending_migrations_are_named_until_they_have_run_and_then_not_asked_for(
    database_url: str, tmp_path: Path, sent: Any
) -> None:
    async def main() -> None:
        async with Database(database_url, package="-") as database:
            SQLAlchemyRepository(OLD, database=database)
            pending = PendingMigrations(database, tmp_path)
            assert await PendingMigrations(database, tmp_path / "none").names() == []
            migrations = Migrations(database, tmp_path)
            await migrations.create("one")
            with pytest.raises(MigrationError, match="0001_one is pending"):
                await pending.require_none()
            await migrations.upgrade()
            with sent(database) as statements:
                for _ in range(3):
                    await pending.require_none()
            assert len(statements) == 1

    asyncio.run(main())


def test_a_database_that_is_ahead_of_the_files_is_ready(database_url: str, tmp_path: Path) -> None:
    async def main() -> None:
        async with Database(database_url, package="-") as database:
            SQLAlchemyRepository(OLD, database=database)
            migrations = Migrations(database, tmp_path)
            await migrations.create("one")
            file = await migrations.create("two", empty=True)
            assert await PendingMigrations(database, tmp_path).names() == ["0001_one", "0002_two"]
            await migrations.upgrade("0001_one")
            assert await PendingMigrations(database, tmp_path).names() == ["0002_two"]
            await migrations.upgrade()
            file.unlink()
            assert await PendingMigrations(database, tmp_path).names() == []

    asyncio.run(main())
