"""Migrations of tables that hold rows: each row gets a value, or the error says which step wants what."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, make_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from vega.data import Database, EntityMapping, MigrationError, SQLAlchemyRepository
from vega.data.migrations import MigrationFolder, Migrations

OPENED = datetime(2024, 5, 6, 7, tzinfo=UTC)


class Size(Enum):
    SMALL = "it's :small"


@dataclass(frozen=True)
class Address:
    city: str = "Rome"
    code: int = 7


@dataclass
class Member:
    name: str = "nobody"


async def on(url: str, folder: Path, fields: list[Any], work: Callable[..., Any], **mapping: Any) -> Any:
    entity = make_dataclass("Shop", [("id", str), *fields])
    async with Database(url, package="-") as database:
        shops = SQLAlchemyRepository(entity, database=database, mapping=EntityMapping(**mapping))
        return await work(shops, entity, Migrations(database, folder))


def started(url: str, folder: Path, fields: list[Any], *rows: Any, **mapping: Any) -> None:
    async def work(shops: Any, entity: Any, migrations: Migrations) -> None:
        await migrations.create("one")
        await migrations.upgrade()
        await shops.add_many([entity(*row) for row in rows])

    asyncio.run(on(url, folder, fields, work, **mapping))


ADDED: list[Any] = [
    ("text", str, field(default="it's :x 100%")),
    ("whole", int, field(default=-7)),
    ("number", float, field(default=0.5)),
    ("exact", Decimal, field(default=Decimal("1.50"))),
    ("yes", bool, field(default=True)),
    ("no", bool, field(default=False)),
    ("day", date, field(default=date(2024, 5, 6))),
    ("opened", datetime, field(default=OPENED)),
    ("size", Size, field(default=Size.SMALL)),
    ("tags", list[str], field(default_factory=list)),
    ("address", Address, field(default=Address("Oslo"))),
]


def test_a_new_field_has_its_default_in_the_rows_that_are_there(database_url: str, tmp_path: Path) -> None:
    started(database_url, tmp_path, [], ("1",))

    async def work(shops: Any, entity: Any, migrations: Migrations) -> None:
        await migrations.create("two")
        await migrations.upgrade()
        assert await shops.get("1") == entity("1")
        assert (await migrations.check()).ok
        await migrations.downgrade("-1", allow_destructive=True)
        await migrations.upgrade()

    asyncio.run(on(database_url, tmp_path, ADDED, work))


def test_a_new_field_of_a_value_object_and_of_a_member_has_the_default_of_its_class(
    database_url: str, tmp_path: Path
) -> None:
    before: list[Any] = [
        ("address", make_dataclass("Address", [("city", str)])),
        ("members", list[make_dataclass("Member", [("id", int)])]),  # type: ignore[misc] # made at run time
    ]
    after: list[Any] = [
        ("address", make_dataclass("Address", [("city", str), ("code", int, 7)])),
        ("members", list[make_dataclass("Member", [("id", int), ("name", str, "nobody")])]),  # type: ignore[misc] # made at run time
    ]
    address, members = before[0][1], before[1][1]
    started(database_url, tmp_path, before, ("1", address("Rome"), [members.__args__[0](3)]))

    async def work(shops: Any, _entity: Any, migrations: Migrations) -> None:
        await migrations.create("two")
        await migrations.upgrade()
        shop = await shops.get("1")
        assert (shop.address.city, shop.address.code) == ("Rome", 7)
        assert [(member.id, member.name) for member in shop.members] == [(3, "nobody")]

    asyncio.run(on(database_url, tmp_path, after, work))


@pytest.mark.parametrize("before", [pytest.param([], id="new"), pytest.param([("rank", int | None)], id="optional")])
def test_a_required_field_without_a_default_is_asked_for(database_url: str, tmp_path: Path, before: Any) -> None:
    started(database_url, tmp_path, before, ("1", None) if before else ("1",))

    async def work(shops: Any, _entity: Any, migrations: Migrations) -> None:
        with pytest.raises(MigrationError, match=r"--default shops\.rank=VALUE"):
            await migrations.create("two")
        with pytest.raises(MigrationError, match="'many' is not a int"):
            await migrations.create("two", defaults={"shops.rank": "many"})
        assert len(migrations.history()) == 1
        await migrations.create("two", defaults={"shops.rank": "7"})
        await migrations.upgrade()
        assert (await shops.get("1")).rank == 7
        assert (await migrations.check()).ok

    asyncio.run(on(database_url, tmp_path, [("rank", int)], work))


def test_an_optional_field_that_becomes_required_gives_its_default_to_rows_without_a_value(
    database_url: str, tmp_path: Path
) -> None:
    started(database_url, tmp_path, [("text", str | None)], ("1", None), ("2", "there"))

    async def work(shops: Any, _entity: Any, migrations: Migrations) -> None:
        await migrations.create("two")
        await migrations.upgrade()
        assert [shop.text for shop in await shops.find_all()] == ["it's :x 100%", "there"]
        await migrations.downgrade("-1")

    asyncio.run(on(database_url, tmp_path, [("text", str, "it's :x 100%")], work))


def test_equal_rows_under_a_new_unique_key_are_named_with_migration_step_table_and_query(
    database_url: str, tmp_path: Path
) -> None:
    started(database_url, tmp_path, [("name", str)], ("1", "a"), ("2", "a"))

    async def work(_shops: Any, _entity: Any, migrations: Migrations) -> None:
        await migrations.create("two")
        with pytest.raises(MigrationError) as caught:
            await migrations.upgrade()
        error = caught.value
        assert "on the table shops failed" in error.what
        assert "unique" in error.what.lower()  # the sentence of the driver
        assert error.where.startswith("0002_two.py:")
        assert "SELECT name, count(*) FROM shops GROUP BY name" in error.fix
        assert await migrations.current() == ("0001_one",)

    asyncio.run(on(database_url, tmp_path, [("name", str)], work, unique=("name",)))


@pytest.mark.parametrize(
    ("step", "cause"),
    [
        ('op.execute("INSERT INTO nowhere VALUES (1)")', "nowhere"),
        ('op.drop_constraint("nope", "shops")', "nope|constraint"),
        ('raise ValueError("late")', "ValueError: late"),
        ("op.nothing()", "nothing"),
    ],
)
def test_a_failing_step_is_named_with_its_line_and_its_cause(
    database_url: str, tmp_path: Path, step: str, cause: str
) -> None:
    started(database_url, tmp_path, [])
    name, text = MigrationFolder(tmp_path).render("two", step, "")
    (tmp_path / name).write_text(text)

    async def work(_shops: Any, _entity: Any, migrations: Migrations) -> None:
        line = text.splitlines().index(f"    {step}") + 1
        with pytest.raises(MigrationError, match=cause) as caught:
            await migrations.upgrade(allow_destructive=True)
        assert caught.value.where.startswith(f"0002_two.py:{line}")

    asyncio.run(on(database_url, tmp_path, [], work))
