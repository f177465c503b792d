"""Values and tables through a migration: nothing is lost, or the migration says which value cannot come along."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, make_dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from vega.data import Database, DestructiveMigrationError, EntityMapping, MigrationError, SQLAlchemyRepository
from vega.data.migrations import MigrationFolder, Migrations
from vega.data.migrations._conversions import convert, rule
from vega.patterns.query import Naive

NOON = datetime(2024, 5, 6, 12, 30, tzinfo=UTC)
LOCAL = datetime(2024, 5, 6, 12, 30)  # noqa: DTZ001 - a local time
Local = Annotated[datetime, Naive()]


async def stage(url: str, folder: Path, kind: Any, work: Callable[[Any, Migrations], Any], **mapping: Any) -> Any:
    async with Database(url, package="-") as database:
        entity = make_dataclass("Item", [("id", str), ("v", kind)])
        items = SQLAlchemyRepository(entity, database=database, mapping=EntityMapping(**mapping))
        return await work((items, entity), Migrations(database, folder))


CASES: list[tuple[Any, Any, list[Any], list[Any]]] = [
    (str, int, ["7", "-0012", "9223372036854775807"], [7, -12, 2**63 - 1]),
    (str, float, ["0.5", "1e300"], [0.5, 1e300]),
    (str, Decimal, ["0.10", "-12345678901234567890.5"], [Decimal("0.10"), Decimal("-12345678901234567890.5")]),
    (str, bool, ["true", "0"], [True, False]),
    (str, date, ["2024-05-06"], [date(2024, 5, 6)]),
    (str, datetime, ["2024-05-06T14:30:00+02:00", "2024-05-06 12:30"], [NOON, NOON]),
    (str, Local, ["2024-05-06T12:30"], [LOCAL]),
    (str, time, ["12:30"], [time(12, 30)]),
    (str, UUID, [str(UUID(int=1))], [UUID(int=1)]),
    (int, str, [7, -(2**63)], ["7", str(-(2**63))]),
    (int, bool, [0, 1], [False, True]),
    (int, float, [7], [7.0]),
    (int, Decimal, [2**62 + 1], [Decimal(2**62 + 1)]),
    (float, str, [0.1, 1e22], ["0.1", "1e+22"]),
    (float, int, [7.0], [7]),
    (float, Decimal, [0.1], [Decimal("0.1")]),
    (Decimal, str, [Decimal("1.0"), Decimal("1.00")], ["1.0", "1.00"]),
    (Decimal, int, [Decimal("7.00")], [7]),
    (bool, str, [True, False], ["true", "false"]),
    (bool, int, [True, False], [1, 0]),
    (date, str, [date(2024, 5, 6)], ["2024-05-06"]),
    (date, datetime, [date(2024, 5, 6)], [datetime(2024, 5, 6, tzinfo=UTC)]),
    (datetime, str, [NOON], ["2024-05-06T12:30:00+00:00"]),
    (time, str, [time(12, 30)], ["12:30:00"]),
    (UUID, str, [UUID(int=1)], [str(UUID(int=1))]),
    (int | None, str | None, [None, 7], [None, "7"]),
    (str | None, datetime | None, [None], [None]),
]


def test_changed_types_keep_their_values_and_go_back(database_url: str, tmp_path: Path) -> None:
    names = [f"v{place}" for place in range(len(CASES))]
    width = max(len(values) for _, _, values, _ in CASES)

    async def on(column: int, work: Callable[[Any, Any, Migrations], Any]) -> None:
        entity = make_dataclass("Item", [("id", str), *zip(names, (case[column] for case in CASES), strict=True)])
        async with Database(database_url, package="-") as database:
            items = SQLAlchemyRepository(entity, database=database, mapping=EntityMapping(indexes=tuple(names)))
            await work(entity, items, Migrations(database, tmp_path))

    def rows(column: int) -> list[list[Any]]:
        return [[case[column][place % len(case[column])] for case in CASES] for place in range(width)]

    async def fill(entity: Any, items: Any, migrations: Migrations) -> None:
        await migrations.create("one")
        await migrations.upgrade()
        await items.add_many([entity(str(place), *row) for place, row in enumerate(rows(2))])

    async def change(entity: Any, items: Any, migrations: Migrations) -> None:
        await migrations.create("two")
        await migrations.upgrade()
        assert (await migrations.check()).ok
        wanted = [entity(str(place), *row) for place, row in enumerate(rows(3))]
        assert await items.query().order_by("id").get() == wanted
        await migrations.downgrade("-1", allow_destructive=True)

    async def back(_entity: Any, items: Any, _migrations: Migrations) -> None:
        for item, row in zip(await items.query().order_by("id").get(), rows(2), strict=True):
            pairs = [(getattr(item, name), value) for name, value in zip(names, row, strict=True)]
            assert all(isinstance(found, type(value)) for found, value in pairs)

    for column, work in ((0, fill), (1, change), (0, back)):
        asyncio.run(on(column, work))


@pytest.mark.parametrize(
    ("before", "after", "value"),
    [
        ("text", "int", "seven"),
        ("text", "int", "9223372036854775808"),
        ("text", "int", "1_000"),
        ("text", "float", "nan"),
        ("text", "float", "1e400"),
        ("text", "decimal", "Infinity"),
        ("text", "bool", "yes"),
        ("text", "datetime", "yesterday"),
        ("text", "local datetime", "2024-05-06T12:30+00:00"),
        ("text", "UUID", "x"),
        ("int", "bool", 2),
        ("int", "float", 2**53 + 1),
        ("float", "int", 0.5),
        ("float", "int", 1e30),
        ("decimal", "int", Decimal("0.5")),
    ],
)
def test_a_value_without_an_equal_in_the_new_type_is_refused(before: str, after: str, value: Any) -> None:
    make = rule(before, after)
    assert make is not None

    with pytest.raises(MigrationError, match=rf"items\.v holds .*, which cannot become a {after} from a {before}"):
        convert(value, make, before, after, "items.v")


def test_a_value_without_an_equal_stops_the_migration_and_stays(database_url: str, tmp_path: Path) -> None:
    async def fill(stored: Any, migrations: Migrations) -> None:
        items, entity = stored
        await migrations.create("one")
        await migrations.upgrade()
        await items.add(entity("1", "seven"))

    async def change(_stored: Any, migrations: Migrations) -> None:
        await migrations.create("two")
        with pytest.raises(MigrationError, match=r"items\.v holds 'seven', which cannot become a int"):
            await migrations.upgrade()
        assert await migrations.current() == ("0001_one",)

    async def still(stored: Any, _migrations: Migrations) -> None:
        items, _ = stored
        assert (await items.get("1")).v == "seven"

    for kind, work in ((str, fill), (int, change), (str, still)):
        asyncio.run(stage(database_url, tmp_path, kind, work))


@pytest.mark.parametrize(("old", "new"), [(int, UUID), (bytes, str), (list[str], int)])
def test_types_without_a_rule_are_refused_before_a_file_is_written(
    database_url: str, tmp_path: Path, old: Any, new: Any
) -> None:
    async def first(_stored: Any, migrations: Migrations) -> None:
        await migrations.create("one")
        await migrations.upgrade()

    async def second(_stored: Any, migrations: Migrations) -> None:
        with pytest.raises(MigrationError, match=r"items\.v cannot change from .*there is no rule"):
            await migrations.create("two")
        assert len(migrations.history()) == 1

    asyncio.run(stage(database_url, tmp_path, old, first))
    asyncio.run(stage(database_url, tmp_path, new, second))


@pytest.mark.parametrize(("old", "new"), [(datetime, date)])
def test_a_rule_that_drops_a_part_is_destructive(database_url: str, tmp_path: Path, old: Any, new: Any) -> None:
    async def first(_stored: Any, migrations: Migrations) -> None:
        await migrations.create("one")
        await migrations.upgrade()

    async def second(_stored: Any, migrations: Migrations) -> None:
        await migrations.create("two")
        with pytest.raises(DestructiveMigrationError, match=r"0002_two\.py:\d+ changes the type of"):
            await migrations.upgrade()
        await migrations.upgrade(allow_destructive=True)

    asyncio.run(stage(database_url, tmp_path, old, first))
    asyncio.run(stage(database_url, tmp_path, new, second))


def test_a_default_changes_its_type_with_its_column(database_url: str, tmp_path: Path) -> None:
    async def first(_stored: Any, migrations: Migrations) -> None:
        await migrations.create("one")
        await migrations.upgrade()

    async def second(stored: Any, migrations: Migrations) -> None:
        items, entity = stored
        await migrations.create("two")
        await migrations.upgrade()
        assert (await migrations.check()).ok
        async with items.database.connection() as connection:
            await connection.exec_driver_sql("INSERT INTO items (id) VALUES ('1')")
        assert await items.get("1") == entity("1", 7)

    asyncio.run(stage(database_url, tmp_path, str, first, server_defaults={"v": "7"}))
    asyncio.run(stage(database_url, tmp_path, int, second, server_defaults={"v": 7}))


@dataclass
class Price:
    id: int
    amount: Decimal
    note: str = ""


TABLE = """CREATE TABLE "prices" (
    id INTEGER PRIMARY KEY AUTOINCREMENT, "amount" TEXT NOT NULL /* , COLLATE x */ COLLATE vega_decimal,
    note TEXT COLLATE NOCASE NOT NULL DEFAULT ', COLLATE RTRIM', old TEXT,
    CONSTRAINT note_is_short CHECK (length(note) < 99)
)"""
SCHEMA = [
    TABLE,
    "CREATE INDEX lowered ON prices (lower(note)) WHERE note <> ':x'",
    "CREATE UNIQUE INDEX amounts ON prices (amount) WHERE old IS NULL",
    "CREATE INDEX latest ON prices (note DESC, id)",
    "CREATE TABLE log (text TEXT)",
    "CREATE TRIGGER noted AFTER INSERT ON prices BEGIN INSERT INTO log VALUES (':x' || new.note); END",
    "CREATE TRIGGER other AFTER INSERT ON log BEGIN UPDATE prices SET note = note; END",
    "CREATE VIEW seen AS SELECT amount FROM prices",
    "INSERT INTO prices (id, amount) VALUES (1, '10.0'), (2, '9.50')",
]


def stored_schema(connection: sa.Connection) -> set[str]:
    rows = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite%'")
    return set(rows.scalars())


def test_a_rebuilt_sqlite_table_keeps_all_that_reflection_does_not_know(tmp_path: Path) -> None:
    name, text = MigrationFolder(tmp_path / "v").render(
        "drop old",
        'with op.batch_alter_table("prices") as batch_op:\n    batch_op.alter_column("note", nullable=True)',
        "",
    )
    (tmp_path / "v").mkdir()
    (tmp_path / "v" / name).write_text(text)

    async def main() -> None:
        async with Database(f"sqlite:///{tmp_path / 'x.db'}", package="-") as database:
            async with database.connection() as connection:
                for statement in SCHEMA:
                    await connection.exec_driver_sql(statement)
                before = await connection.run_sync(stored_schema)
            await Migrations(database, tmp_path / "v").upgrade()
            async with database.connection() as connection:
                assert await connection.run_sync(stored_schema) == before | {"alembic_version"}
                ask = connection.exec_driver_sql
                directions = (await ask("PRAGMA index_xinfo(latest)")).all()
                assert [row[3] for row in directions if row[5]] == [1, 0]
                assert [row[0] for row in await ask("SELECT id FROM prices ORDER BY amount")] == [2, 1]
                await ask("DELETE FROM prices WHERE id = 2")
                await ask("INSERT INTO prices (amount, note) VALUES ('7', 'Pen')")
                rows = (await ask("SELECT id FROM prices WHERE note = 'PEN'")).all()
                assert [row[0] for row in rows] == [3]
                logged = [row[0] for row in await ask("SELECT text FROM log")]
                assert logged == [":x, COLLATE RTRIM", ":x, COLLATE RTRIM", ":xPen"]
                assert (await ask("SELECT count(*) FROM seen")).scalar() == 2
            with pytest.raises(sa.exc.IntegrityError):
                async with database.connection() as connection:
                    await connection.exec_driver_sql(f"INSERT INTO prices (amount, note) VALUES ('8', '{'x' * 100}')")

    asyncio.run(main())


def test_a_lost_collation_is_reported_and_comes_back(database_url: str, tmp_path: Path) -> None:
    async def main() -> None:
        async with Database(database_url, package="-") as database:
            prices = SQLAlchemyRepository(Price, database=database)
            migrations = Migrations(database, tmp_path)
            await migrations.create("one")
            await migrations.upgrade()
            await prices.add_many([Price(1, Decimal("10.0")), Price(2, Decimal("9.50"))])
            async with database.connection() as connection:
                if database.dialect == "sqlite":
                    await connection.exec_driver_sql("ALTER TABLE prices ADD COLUMN lost TEXT NOT NULL DEFAULT ''")
                    await connection.exec_driver_sql("UPDATE prices SET lost = amount")
                    await connection.exec_driver_sql("ALTER TABLE prices DROP COLUMN amount")
                    await connection.exec_driver_sql("ALTER TABLE prices RENAME COLUMN lost TO amount")
                else:
                    await connection.exec_driver_sql('ALTER TABLE prices ALTER note TYPE text COLLATE "default"')
            report = await migrations.check()
            assert len(report.drift) == 1
            assert report.drift[0].startswith("modify type: prices ")
            await migrations.create("repair")
            await migrations.upgrade()
            assert (await migrations.check()).ok
            assert [price.id for price in await prices.query().order_by("amount").get()] == [2, 1]

    asyncio.run(main())


class Small(Enum):
    A = "a"


class Large(Enum):
    A = "a"
    B = "b"


def test_a_stored_member_that_the_enum_lost_is_reported(database_url: str, tmp_path: Path) -> None:
    async def fill(stored: Any, migrations: Migrations) -> None:
        items, entity = stored
        await migrations.create("one")
        await migrations.upgrade()
        await items.add_many([entity("1", Large.A), entity("2", Large.B)])

    async def look(_stored: Any, migrations: Migrations) -> None:
        assert (await migrations.check()).drift == ("enum: items.v holds 'b', which is not a member of Small",)

    asyncio.run(stage(database_url, tmp_path, Large, fill))
    asyncio.run(stage(database_url, tmp_path, Small, look))


def test_a_label_that_a_type_of_postgresql_lacks_is_reported(postgres_url: str, tmp_path: Path) -> None:
    def tables(members: type[Enum]) -> sa.MetaData:
        metadata = sa.MetaData()
        sa.Table("items", metadata, sa.Column("v", sa.Enum(members, name="v_kind")))
        return metadata

    async def main() -> tuple[str, ...]:
        async with Database(postgres_url, package="-") as database:
            async with database.connection() as connection:
                await connection.run_sync(tables(Small).create_all)
            return (await Migrations(database, tmp_path, metadata=tables(Large)).check()).drift

    assert asyncio.run(main()) == ("enum: items.v knows A; the class has A, B",)


@pytest.mark.parametrize("left", ["id < 3", "id < 0"])
def test_a_rebuilt_sqlite_table_gives_no_identifier_of_a_deleted_row_again(tmp_path: Path, left: str) -> None:
    name, text = MigrationFolder(tmp_path / "v").render(
        "rebuild",
        'with op.batch_alter_table("prices") as batch_op:\n    batch_op.alter_column("note", nullable=True)',
        "",
    )
    (tmp_path / "v").mkdir()
    (tmp_path / "v" / name).write_text(text)

    async def main() -> None:
        async with Database(f"sqlite:///{tmp_path / 'x.db'}", package="-") as database:
            async with database.connection() as connection:
                await connection.exec_driver_sql(TABLE)
                await connection.exec_driver_sql("INSERT INTO prices (id, amount) VALUES (1, '1'), (2, '2'), (7, '7')")
                await connection.exec_driver_sql(f"DELETE FROM prices WHERE NOT ({left})")
            await Migrations(database, tmp_path / "v").upgrade()
            async with database.connection() as connection:
                ask = connection.exec_driver_sql
                await ask("INSERT INTO prices (amount) VALUES ('8')")
                assert (await ask("SELECT max(id) FROM prices")).scalar() == 8
                assert (await ask("SELECT name, seq FROM sqlite_sequence")).all() == [("prices", 8)]

    asyncio.run(main())
