"""Tables that Vega did not make: the proof that they hold their entity, limits of columns, generated values."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, make_dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, TypeAlias
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from vega.data import (
    Database,
    DataError,
    DuplicateEntityError,
    EntityMapping,
    InMemoryRepository,
    InvalidEntityError,
    MappingError,
    SQLAlchemyRepository,
    UniqueKey,
    types,
)
from vega.patterns import EntityNotFoundError, Specification
from vega.patterns.query import InvalidValueError, Naive, count, max_, min_

Body: TypeAlias = Callable[[Any], Awaitable[None]]
DIALECTS = {"sqlite": "sqlite://", "postgresql": "postgresql://me@/shop?host=/nowhere"}


@dataclass
class Seat:
    row: int
    no: int = 0
    guest: str = ""


class _All(Specification[Any]):
    def predicate(self, entity: Any) -> Any:
        return entity.id > 0


def mapped(entity: type, *items: Any, dialect: str = "sqlite", **mapping: Any) -> Any:
    table = sa.Table("seats", sa.MetaData(), *items)
    database = Database(DIALECTS[dialect], package="-")
    return SQLAlchemyRepository(entity, database=database, table=table, mapping=EntityMapping(**mapping))


def seats(**columns: dict[str, Any]) -> list[Any]:
    return [
        sa.Column("row", sa.Integer, **{"nullable": False, **columns.get("row", {})}),
        sa.Column("no", sa.Integer, **columns.get("no", {})),
        sa.Column("guest", sa.String, **columns.get("guest", {})),
    ]


BY_ROW = EntityMapping(identity="row")
KEY: dict[str, Any] = {"primary_key": True}


@pytest.mark.parametrize(
    ("items", "message"),
    [
        (seats(row=KEY, no=KEY), r"one column, seats\.row, of a composite primary key \(row, no\)"),
        (seats(no=KEY), r"the column seats\.row, which is neither the primary key \(no\) nor unique"),
        (seats(), r"neither the primary key \(there is none\) nor unique"),
        ([*seats(no=KEY), sa.UniqueConstraint("row", "guest")], "neither the primary key"),
        ([*seats(no=KEY), sa.Index("some", "row", unique=True, sqlite_where=sa.text("no > 1"))], "neither the primary"),
        (
            [*seats(no=KEY), sa.Index("some", "row", unique=True, postgresql_where=sa.text("no > 1"))],
            "neither the primary",
        ),
        ([*seats(no=KEY), sa.Index("some", sa.text("abs(row)"), unique=True)], "neither the primary"),
        ([*seats(no=KEY), sa.Index("plain", "row")], "neither the primary"),
        (seats(row={"unique": True, "nullable": True}, no=KEY), r"seats\.row, which may be NULL in many rows"),
    ],
)
def test_an_identity_that_does_not_identify_is_refused(items: list[Any], message: str) -> None:
    with pytest.raises(MappingError, match=message) as caught:
        mapped(Seat, *items, identity="row")
    assert "fix" in str(caught.value)


@pytest.mark.parametrize(
    "items",
    [
        seats(row=KEY),
        seats(row={"unique": True}, no=KEY),
        [*seats(no=KEY), sa.UniqueConstraint("row")],
        [*seats(no=KEY), sa.Index("one", "row", unique=True)],
    ],
)
def test_an_identity_that_identifies_is_taken(items: list[Any]) -> None:
    assert mapped(Seat, *items, identity="row").tables.identity.name == "row"


@pytest.mark.parametrize(
    ("items", "mapping", "message"),
    [
        (seats(row=KEY), {"unique": ("guest",)}, "declares guest as unique, which the table seats does not"),
        (seats(row=KEY, guest={"unique": True}), {"unique": (("guest", "no"),)}, "declares guest, no as unique"),
        (
            [*seats(row=KEY), sa.Index("one", "guest", unique=True, sqlite_where=sa.text("no > 1"))],
            {"unique": ("guest",)},
            "declares guest as unique",
        ),
        (seats(row=KEY), {"checks": {"low": "no < 9"}}, "declares checks, which only a table made by Vega"),
        (seats(row=KEY), {"references": {"no": "rooms.id"}}, "declares references"),
        (seats(row=KEY), {"server_defaults": {"no": 1}, "indexes": ("no",)}, "indexes, server_defaults"),
        (seats(row=KEY), {"table": "chairs"}, "declares table"),
    ],
)
def test_a_mapping_that_the_table_does_not_hold_to_is_refused(items: list[Any], mapping: Any, message: str) -> None:
    with pytest.raises(MappingError, match=message):
        mapped(Seat, *items, identity="row", **mapping)


def test_unique_keys_of_the_table_are_found() -> None:
    partial = sa.Index("one", "guest", unique=True, sqlite_where=sa.text("no = 1"))
    key = UniqueKey("guest", where={"no": 1})

    assert mapped(Seat, *seats(row=KEY), partial, identity="row", unique=(key,), table="seats")
    assert mapped(Seat, *seats(row=KEY, guest={"unique": True}), identity="row", unique=("guest", "row", key))


def test_what_is_not_a_table_is_refused() -> None:
    alias: Any = sa.Table("seats", sa.MetaData(), *seats(row=KEY)).alias()
    with pytest.raises(MappingError, match="Alias is given as a table"):
        SQLAlchemyRepository(Seat, database=Database("sqlite://", package="-"), table=alias, mapping=BY_ROW)


class Size(Enum):
    SMALL = "s"
    LARGE = "l"


class Colour(Enum):
    RED = 1


class Cents(sa.TypeDecorator[Decimal]):
    impl = sa.Integer
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        return int(value * 100)


class Name(sa.TypeDecorator[str]):
    impl = sa.String
    cache_ok = True


class Says(sa.TypeDecorator[Any]):
    impl = sa.String
    cache_ok = True

    @property
    def python_type(self) -> type:
        return UUID


class Own(sa.types.UserDefinedType[Any]):
    cache_ok = True


NAIVE: Any = Annotated[datetime, Naive()]
ZONED = sa.DateTime(timezone=True)
FITTING: list[tuple[Any, Any]] = [
    *((str, kind) for kind in (sa.String(9), sa.Text(), sa.Unicode(), sa.UnicodeText(), sa.CHAR(2), sa.Enum("a"))),
    *((str, kind) for kind in (sa.Uuid(as_uuid=False), types.CodePointText(), Name(), postgresql.CITEXT(), Own())),
    *((int, kind) for kind in (sa.Integer(), sa.BigInteger(), sa.SmallInteger(), types.WholeNumber())),
    (bool, sa.Boolean()),
    *((float, kind) for kind in (sa.Float(), sa.Double(), sa.REAL(), sa.Numeric(asdecimal=False))),
    *((Decimal, kind) for kind in (sa.Numeric(), sa.Numeric(9, 2), sa.Float(asdecimal=True), types.ExactDecimal())),
    (Decimal, Cents()),
    (date, sa.Date()),
    *((NAIVE, kind) for kind in (sa.DateTime(), sa.TIMESTAMP())),
    *((datetime, kind) for kind in (types.Instant(), ZONED.with_variant(types.Instant(), "sqlite"))),
    (time, sa.Time()),
    *((timedelta, kind) for kind in (sa.Interval(), types.Duration(), postgresql.INTERVAL())),
    *((UUID, kind) for kind in (sa.Uuid(), postgresql.UUID(), Says())),
    *((Size, kind) for kind in (sa.Enum(Size), sa.Enum(Size, native_enum=False), types.EnumText(Size))),
    *((dict[str, Any], kind) for kind in (sa.JSON(), postgresql.JSONB(), types.TypedJson(dict[str, Any]))),
    (list[str], sa.JSON()),
    (bytes, sa.LargeBinary()),
    (str, sa.types.NullType()),
]
OTHER: list[tuple[Any, Any, str]] = [
    (int, sa.String(), r"Thing\.value is a int, but the column seats\.value \(String\(\)\) holds a text"),
    (str, sa.Integer(), "holds an int"),
    (str, sa.Uuid(), "holds an uuid"),
    (UUID, sa.String(), "holds a text"),
    (str, Says(), "holds an uuid"),
    (int, Name(), "holds a text"),
    (bool, sa.Integer(), "holds an int"),
    (int, sa.Boolean(), "holds a bool"),
    (float, sa.Numeric(), "holds a decimal"),
    (Decimal, sa.Float(), "holds a float"),
    (Decimal, sa.Integer(), "holds an int"),
    (date, sa.DateTime(), "holds a naive datetime"),
    (NAIVE, sa.Date(), "holds a date"),
    (NAIVE, types.Instant(), "holds a datetime"),
    (datetime, sa.DateTime(), "holds a naive datetime"),
    (time, sa.Time(timezone=True), "holds a time with a time zone"),
    (timedelta, sa.Integer(), "holds an int"),
    (Size, sa.String(), "holds a text"),
    (Size, sa.Enum(Colour), "holds members of Colour"),
    (Size, types.EnumText(Colour), "holds members of Colour"),
    (str, sa.Enum(Size), "holds members of Size"),
    (dict[str, Any], sa.Text(), "holds a text"),
    (str, sa.JSON(), "holds a json"),
    (bytes, sa.Text(), "holds a text"),
]


def thing(field: Any, kind: Any, dialect: str) -> Any:
    entity = make_dataclass("Thing", [("id", int), ("value", field)])
    return mapped(entity, sa.Column("id", sa.Integer, **KEY), sa.Column("value", kind), dialect=dialect)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(("field", "kind"), FITTING, ids=repr)
def test_a_column_type_that_holds_the_values_is_taken(dialect: str, field: Any, kind: Any) -> None:
    assert thing(field, kind, dialect)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(("field", "kind", "message"), OTHER, ids=repr)
def test_a_column_type_that_holds_other_values_is_refused(dialect: str, field: Any, kind: Any, message: str) -> None:
    with pytest.raises(MappingError, match=message) as caught:
        thing(field, kind, dialect)
    assert "declare the column as" in str(caught.value)


def test_a_column_whose_time_zone_sqlite_drops_is_refused_there_alone() -> None:
    assert thing(datetime, ZONED, "postgresql")
    assert thing(datetime, postgresql.TIMESTAMP(timezone=True), "postgresql")
    with pytest.raises(MappingError, match=r"time zone SQLite drops(.|\n)*vega\.data\.types\.Instant\(\)"):
        thing(datetime, ZONED, "sqlite")


VALUES: list[tuple[Any, Any, list[Any], list[Any]]] = [
    (Decimal, sa.Numeric(6, 2), ["1.50", "-9999.99", "0.010", "0", "7"], ["1.005", "10000", "-12345.1"]),
    (Decimal, sa.Numeric(3), ["999", "10.0"], ["0.5", "1000"]),
    (str, sa.String(3), ["abc", "", "äöü"], ["abcd"]),
    (str, Name(3), ["abc"], ["abcd"]),
    (str, sa.Unicode(3), ["ab"], ["abcd"]),
    (list[Any], sa.JSON(), [[1, "a", {"b": None}], []], []),
    (dict[str, Decimal], sa.JSON(), [], [{"a": Decimal("1.5")}]),
    (tuple[int, ...], sa.JSON(), [], [(1, 2)]),
    (Size, sa.Enum(Size), [Size.LARGE], []),
    (timedelta, sa.Interval(), [timedelta(days=-3, microseconds=5)], []),
    (NAIVE, sa.DateTime(), [datetime(2024, 1, 2, 3, 4, 5, 6)], []),  # noqa: DTZ001 - what the field holds
    (bytes, sa.LargeBinary(), [b"\0\xff"], []),
    (Decimal, Cents(), [], []),
]


@pytest.mark.parametrize(("field", "kind", "kept", "refused"), VALUES, ids=repr)
def test_a_value_that_comes_back_as_another_is_refused(
    database_url: str, field: Any, kind: Any, kept: list[Any], refused: list[Any]
) -> None:
    entity = make_dataclass("Thing", [("id", int), ("value", field)])
    table = sa.Table("things", sa.MetaData(), sa.Column("id", sa.Integer, **KEY), sa.Column("value", kind))
    made = Decimal if field is Decimal else lambda value: value

    async def main() -> None:
        async with Database(database_url, package="-") as database:
            things = SQLAlchemyRepository(entity, database=database, table=table)
            await database.create_all()
            entities = [entity(number, made(value)) for number, value in enumerate(kept, 1)]
            await things.add_many(entities)
            for one in entities:
                assert await things.get(one.id) == one == await things.update(one)
                assert await things.query().where("id", "=", one.id).one_or_none() == one
            for number, value in enumerate(map(made, refused), 100):
                for store in (things.add, things.save, things.update, lambda one: things.add_many([one])):
                    with pytest.raises(InvalidEntityError, match="value"):
                        await store(entity(number, value))
                with pytest.raises(InvalidEntityError, match="value"):
                    await things.update_where(_All(), value=value)
            assert await things.count() == len(kept)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("dialect", "kind", "kept", "refused"),
    [
        ("sqlite", sa.Numeric(), "1234567890.12345", "1234567890.123456"),
        ("sqlite", sa.Numeric(), "0.1234567891", "0.12345678912"),
        ("sqlite", sa.Numeric(20, 2), "1234567890123.45", "12345678901234.45"),
        ("postgresql", sa.Numeric(20, 2), "12345678901234.45", "1.001"),
        ("postgresql", sa.Integer(), 2**31 - 1, 2**31),
        ("postgresql", sa.SmallInteger(), -(2**15), 2**15),
        ("postgresql", sa.CHAR(2), "de", "d"),
        ("postgresql", sa.CHAR(2), "de", "deu"),
    ],
)
def test_the_limits_of_a_column_are_those_of_its_database(dialect: str, kind: Any, kept: Any, refused: Any) -> None:
    field, made = (Decimal, Decimal) if isinstance(kind, sa.Numeric) else (type(kept), lambda value: value)
    column = thing(field, kind, dialect).tables.policies.layout.by_path["value"]

    assert column.check(made(kept), "value") == made(kept)
    with pytest.raises(InvalidValueError, match=r"column|SQLite"):
        column.check(made(refused), "value")


@pytest.mark.parametrize("kind", [sa.Numeric(), sa.BigInteger(), types.WholeNumber(), sa.Text(), types.ExactDecimal()])
def test_a_column_without_bounds_has_no_limit_on_postgresql(kind: Any) -> None:
    field = Decimal if isinstance(kind, sa.Numeric | types.ExactDecimal) else str if isinstance(kind, sa.Text) else int

    assert thing(field, kind, "postgresql").tables.policies.layout.by_path["value"].limit is None


@dataclass
class Line:
    price: int
    name: str
    total: int = 0
    id: int | None = None


def lines(*, identity: Any) -> sa.Table:
    return sa.Table(
        "lines",
        sa.MetaData(),
        sa.Column("id", sa.Integer, *([identity] if identity is not None else []), primary_key=True),
        sa.Column("price", sa.Integer, nullable=False),
        sa.Column("total", sa.Integer, sa.Computed("price * 2", persisted=True)),
        sa.Column("name", sa.String(20), nullable=False, unique=True),
    )


def on_lines(url: str, identity: Any, body: Body) -> None:
    async def main() -> None:
        async with Database(url, package="-") as database:
            repository = SQLAlchemyRepository(Line, database=database, table=lines(identity=identity))
            await database.create_all()
            await body(repository)

    asyncio.run(main())


IDENTITIES = pytest.mark.parametrize("identity", [None, sa.Identity(), sa.Identity(always=True)], ids=repr)


@IDENTITIES
def test_generated_columns_are_never_written_and_come_back(database_url: str, identity: Any) -> None:
    async def body(repository: Any) -> None:
        first = await repository.add(Line(1, "a", total=99))
        others = await repository.add_many([Line(number, f"n{number}", total=5) for number in range(5, 1, -1)])
        assert [first.total, *(line.total for line in others)] == [2, 10, 8, 6, 4]
        assert len({first.id, *(line.id for line in others)}) == 5
        for line in (first, *others):
            assert await repository.get(line.id) == line
        first.price = 50
        assert (await repository.update(first)).total == 100
        first.price = 60
        assert (await repository.save(first)).total == 120
        upserted = await repository.upsert_many([Line(7, "a"), Line(8, "z"), Line(9, "a")], on=("name",))
        assert [(line.id == first.id, line.total) for line in upserted] == [(True, 14), (False, 16), (True, 18)]
        assert (await repository.save(Line(3, "last"))).total == 6
        with pytest.raises(InvalidEntityError, match="total is made by the database"):
            await repository.update_where(_All(), total=1)
        with pytest.raises(EntityNotFoundError):
            await repository.update(Line(1, "x", id=999))
        with pytest.raises(DuplicateEntityError):
            await repository.add(Line(1, "a"))
        assert await repository.query().where("total", "=", 18).count() == 1

    on_lines(database_url, identity, body)


def test_an_identifier_that_the_database_always_makes_is_not_taken(database_url: str) -> None:
    async def body(repository: Any) -> None:
        stored = await repository.add(Line(1, "a"))
        for store in (repository.add, lambda line: repository.add_many([Line(2, "b"), line])):
            with pytest.raises(InvalidEntityError, match=r"Line\.id is given, but the database makes every one"):
                await store(Line(3, "c", id=77))
        with pytest.raises(InvalidEntityError, match="GENERATED ALWAYS"):
            await repository.upsert_many([Line(3, "c", id=77)], on=("name",))
        with pytest.raises(MappingError, match="name other unique fields"):
            await repository.upsert_many([replace(stored)])
        with pytest.raises(EntityNotFoundError):
            await repository.save(Line(3, "c", id=77))
        assert [line.name for line in await repository.find_all()] == ["a"]

    on_lines(database_url, sa.Identity(always=True), body)


@dataclass
class Member:
    name: str
    number: int | None = None


def test_an_identity_beside_the_primary_key_identifies(database_url: str) -> None:
    table = sa.Table(
        "members",
        sa.MetaData(),
        sa.Column("pk", sa.Integer, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False, unique=True),
        sa.Column("name", sa.String, nullable=False),
    )

    async def main() -> None:
        async with Database(database_url, package="-") as database:
            mapping = EntityMapping(identity="number")
            members = SQLAlchemyRepository(Member, database=database, table=table, mapping=mapping)
            await database.create_all()
            await members.add_many([Member("a", 30), Member("b", 20), Member("c", 10)])
            with pytest.raises(DataError):
                await members.add(Member("nobody made a number"))
            assert [one.name async for one in members.stream(batch=1)] == ["c", "b", "a"]
            assert await members.delete(20)
            assert [one.number for one in await members.find_all()] == [10, 30]
            assert (await members.save(Member("d", 30))).number == 30
            assert await members.count() == 2

    asyncio.run(main())


@dataclass
class Part:
    whole: int
    id: int | None = None


@dataclass
class OtherPart:
    id: int
    whole: int


def test_only_given_tables_and_those_that_they_refer_to_are_owned(database_url: str) -> None:
    data = sa.MetaData()
    parts = sa.Table(
        "parts",
        data,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("whole", sa.Integer, sa.ForeignKey("wholes.id")),
    )
    sa.Table("wholes", data, sa.Column("id", sa.Integer, sa.ForeignKey("makers.id"), primary_key=True))
    sa.Table("makers", data, sa.Column("id", sa.Integer, sa.ForeignKey("wholes.id"), primary_key=True))
    sa.Table("unrelated", data, sa.Column("id", sa.Integer, primary_key=True))

    async def main() -> set[str]:
        async with Database(database_url, package="-") as database:
            SQLAlchemyRepository(Part, database=database, table=parts)
            SQLAlchemyRepository(OtherPart, database=database, table=parts)  # another view of one table
            await database.create_all()
            await database.drop_all()
            return set(database.metadata().tables)

    assert asyncio.run(main()) == {"parts", "wholes", "makers"}


def test_moments_of_a_given_table_are_instants(database_url: str) -> None:
    entity = make_dataclass("Thing", [("id", int), ("at", datetime)])
    table = sa.Table(
        "things", sa.MetaData(), sa.Column("id", sa.Integer, **KEY), sa.Column("at", types.Instant(), nullable=False)
    )
    at = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)

    async def main() -> None:
        async with Database(database_url, package="-") as database:
            things = SQLAlchemyRepository(entity, database=database, table=table)
            await database.create_all()
            await things.add(entity(1, datetime.fromisoformat("2024-05-06T09:08:09+02:00")))
            assert await things.query().where("at", "=", at).one_or_none() == entity(1, at)

    asyncio.run(main())


@dataclass
class Stay:
    at: Annotated[datetime, Naive()]
    since: time
    id: int | None = None


WRITTEN = (
    ("2022-01-08 00:00:00", "10:30:00"),
    ("2022-01-08 00:00:00.000000", "10:30:00.000000"),
    ("2022-01-08T00:00:00.5", "10:30"),
    ("2022-01-08 00:00:00.500000", "10:30:00.25"),
    ("2022-01-08 00:00", "10:29:59.9"),
    ("2022-01-09 00:00:00", "00:00:00"),
)
QUESTIONS: list[tuple[str, Any]] = [
    ("at", datetime(2022, 1, 8)),  # noqa: DTZ001 - what the field holds
    ("at", datetime(2022, 1, 8, microsecond=500_000)),  # noqa: DTZ001 - what the field holds
    ("since", time(10, 30)),
    ("since", time(10, 30, microsecond=250_000)),
]


def test_moments_that_other_programs_wrote_on_sqlite_compare_as_in_memory(tmp_path: Path) -> None:
    columns = sa.Column("id", sa.Integer, **KEY), sa.Column("at", sa.DateTime), sa.Column("since", sa.Time)
    table = sa.Table("stays", sa.MetaData(), *columns)

    async def answers(stays: Any) -> list[Any]:
        found: list[Any] = []
        for name, value in QUESTIONS:
            queries = [stays.query().where(name, op, value) for op in ("=", "!=", "<", "<=", ">", ">=")]
            queries += [stays.query().where(name, "in", [value, value]), stays.query().order_by(name, "desc")]
            found += [[one.id for one in await query.get()] for query in queries]
            found.append(await stays.query().group(name).aggregate(n=count(), least=min_(name), most=max_(name)))
        return found

    async def main() -> tuple[list[Any], list[Any]]:
        async with Database(f"sqlite:///{tmp_path / 'test.db'}", package="-") as database:
            stays = SQLAlchemyRepository(Stay, database=database, table=table)
            await database.create_all()
            async with database.connection() as connection:
                for row in WRITTEN:
                    await connection.exec_driver_sql("INSERT INTO stays (at, since) VALUES (?, ?)", row)
            memory = InMemoryRepository(Stay)
            await memory.add_many(await stays.find_all())
            return await answers(stays), await answers(memory)

    stored, expected = asyncio.run(main())
    assert stored == expected
