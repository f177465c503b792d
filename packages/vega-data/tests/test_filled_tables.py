"""Migrations of tables that hold rows: each row gets a value, or the error says which step wants what."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, make_dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import pytest

from vega.data import Database, EntityMapping, MigrationError, SQLAlchemyRepository
from vega.data.migrations import MigrationFolder, Migrations
from vega.patterns.query import Naive

Local = Annotated[datetime, Naive()]
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
    ("local", Local, field(default=OPENED.replace(tzinfo=None))),
    ("clock", time, field(default=time(12, 30))),
    ("span", timedelta, field(default=timedelta(minutes=90))),
    ("key", UUID, field(default=UUID(int=10))),
    ("raw", bytes, field(default=b"\0\xff'")),
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


GIVEN: list[tuple[Any, str, Any]] = [
    (str, "it's :x 100%", "it's :x 100%"),
    (int, "-0012", -12),
    (float, "1e3", 1000.0),
    (Decimal, "1.50", Decimal("1.50")),
    (Decimal, "1e2", Decimal(100)),
    (bool, "true", True),
    (bool, "0", False),
    (date, "20240506", date(2024, 5, 6)),
    (datetime, "2024-05-06T09:00+02:00", OPENED),
    (Local, "2024-05-06T07:00", OPENED.replace(tzinfo=None)),
    (time, "12:30", time(12, 30)),
    (timedelta, "PT1H30M", timedelta(minutes=90)),
    (UUID, "00000000-0000-0000-0000-00000000000a", UUID(int=10)),
    (bytes, "00ff27", b"\0\xff'"),
    (Size, "it's :small", Size.SMALL),
    (list[str], '["it\'s :x", "b"]', ["it's :x", "b"]),
    (dict[str, int], '{"a": 1}', {"a": 1}),
]
WRONG: list[tuple[Any, str]] = [
    (int, "many"),
    (float, "nan"),
    (Decimal, "NaN"),
    (bool, "perhaps"),
    (date, "2024-13-01"),
    (datetime, "soon"),
    (Local, "2024-05-06T07:00+02:00"),
    (time, "25:00"),
    (timedelta, "long"),
    (UUID, "a"),
    (bytes, "zz"),
    (Size, "huge"),
    (list[int], '["a"]'),
    (dict[str, int], "{"),
]


@pytest.mark.parametrize("is_new", [True, False])
def test_a_value_that_is_named_for_rows_without_one_is_read_by_the_type_of_its_field(
    database_url: str, tmp_path: Path, is_new: bool
) -> None:
    names = [f"v{place}" for place in range(len(GIVEN))]
    before: list[Any] = [] if is_new else [(name, kind | None) for name, (kind, _, _) in zip(names, GIVEN, strict=True)]
    started(database_url, tmp_path, before, ("1", *(None for _ in before)))

    async def work(shops: Any, entity: Any, migrations: Migrations) -> None:
        defaults = {f"shops.{name}": text for name, (_, text, _) in zip(names, GIVEN, strict=True)}
        await migrations.create("two", defaults=defaults)
        await migrations.upgrade()
        assert await shops.get("1") == entity("1", *(value for _, _, value in GIVEN))
        assert (await migrations.check()).ok
        for name, (kind, _, value) in zip(names, GIVEN, strict=True):
            if kind not in (list[str], dict[str, int]):  # it is stored in the form that repositories compare with
                assert await shops.query().where(name, "=", value).count() == 1
        await migrations.downgrade("-1", allow_destructive=True)

    after: list[Any] = [(name, kind) for name, (kind, _, _) in zip(names, GIVEN, strict=True)]
    asyncio.run(on(database_url, tmp_path, after, work))


@pytest.mark.parametrize("is_new", [True, False])
def test_a_named_value_that_the_field_cannot_hold_is_refused(database_url: str, tmp_path: Path, is_new: bool) -> None:
    names = [f"v{place}" for place in range(len(WRONG))]
    before: list[Any] = [] if is_new else [(name, kind | None) for name, (kind, _) in zip(names, WRONG, strict=True)]
    started(database_url, tmp_path, before)

    async def work(_shops: Any, _entity: Any, migrations: Migrations) -> None:
        for name, (_, text) in zip(names, WRONG, strict=True):
            with pytest.raises(MigrationError, match=r"is not a") as caught:
                await migrations.create("two", defaults={f"shops.{name}": text})
            assert caught.value.where == f"--default shops.{name}"
        assert len(migrations.history()) == 1

    after: list[Any] = [(name, kind) for name, (kind, _) in zip(names, WRONG, strict=True)]
    asyncio.run(on(database_url, tmp_path, after, work))


def test_a_named_value_for_nothing_is_refused(database_url: str, tmp_path: Path) -> None:
    started(database_url, tmp_path, [])

    async def work(_shops: Any, _entity: Any, migrations: Migrations) -> None:
        for place in ("shops.nothing", "shops.id"):
            with pytest.raises(MigrationError, match=f"no row lacks a value of {place}"):
                await migrations.create("two", defaults={place: "7"})

    asyncio.run(on(database_url, tmp_path, [("rank", int, 1)], work))


OPTIONAL = [(name, kind | None) for name, kind, _ in ADDED if name != "address"]


def test_the_default_of_a_field_that_becomes_required_is_given_whatever_its_type(
    database_url: str, tmp_path: Path
) -> None:
    started(database_url, tmp_path, OPTIONAL, ("1", *(None for _ in OPTIONAL)))

    async def work(shops: Any, entity: Any, migrations: Migrations) -> None:
        await migrations.create("two")
        await migrations.upgrade()
        assert await shops.get("1") == entity("1")

    asyncio.run(on(database_url, tmp_path, [one for one in ADDED if one[0] != "address"], work))


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
