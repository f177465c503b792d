"""Files that `create` writes: they run up and down on both databases, and pass ruff untouched."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import pytest

from vega.data import Database, DuplicateEntityError, EntityMapping, MigrationError, SQLAlchemyRepository, UniqueKey
from vega.data.migrations import MigrationFolder, Migrations
from vega.patterns.query import Naive


@dataclass
class Team:
    id: str
    lead: str | None = None
    parent: str | None = None


@dataclass
class Person:
    id: str
    team: str | None = None


@dataclass
class Badge:
    id: str
    person: str


CYCLE: list[tuple[type, EntityMapping]] = [
    (Badge, EntityMapping(references={"person": "people.id"})),
    (Team, EntityMapping(references={"lead": "people.id", "parent": "teams.id"})),
    (Person, EntityMapping(references={"team": "teams.id"})),
]


class Colour(Enum):
    RED = 'it\'s "red" \\ 100% :x'
    BLUE = "blue"


@dataclass
class Part:
    name: str
    size: Decimal


@dataclass
class Everything:
    text: str
    whole: int
    number: float
    exact: Decimal
    yes: bool
    day: date
    moment: datetime
    local: Annotated[datetime, Naive()]
    clock: time
    span: timedelta
    key: UUID
    raw: bytes
    colour: Colour
    tags: list[str]
    deleted: datetime | None = None
    maybe: int | None = None
    parts: list[Part] = field(default_factory=list[Part])
    id: int | None = None


EVERYTHING = EntityMapping(
    unique=("text", UniqueKey("whole", where={"colour": Colour.RED, "yes": True})),
    indexes=("day", ("exact", "id")),
    soft_delete="deleted",
    columns={"text": "order", "whole": "Ganze Zahl"},
    checks={"odd": "\"order\" <> ':x %s \"q\" ''s' AND exact IS NOT NULL"},
    server_defaults={
        "text": "'quoted' :x 100%",
        "whole": -7,
        "number": 1.5e300,
        "exact": Decimal("1.50"),
        "yes": True,
        "day": date(2024, 5, 6),
        "moment": datetime.fromisoformat("2024-05-06T07:08:09.000001+02:00"),
        "local": datetime(2024, 5, 6, 7),  # noqa: DTZ001 - the field is a local time
        "clock": time(7, 8),
        "span": timedelta(days=-1, microseconds=3),
        "key": UUID(int=7),
        "colour": Colour.RED,
        "tags": ["a", "it's"],
    },
)
LONG = EntityMapping(
    table="ü" * 31, unique=(("text", "colour", "moment", "day"),), indexes=(("number", "exact", "key"),)
)
SAMPLE = Everything(
    text="t",
    whole=1,
    number=0.5,
    exact=Decimal("10.10"),
    yes=True,
    day=date(2024, 1, 2),
    moment=datetime.fromisoformat("2024-01-02T03:04:05+00:00"),
    local=datetime(2024, 1, 2, 3),  # noqa: DTZ001 - the field is a local time
    clock=time(1, 2),
    span=timedelta(1),
    key=UUID(int=1),
    raw=b"x",
    colour=Colour.RED,
    tags=["a"],
    parts=[Part("p", Decimal("2.0"))],
)


def repositories(database: Database, declared: list[tuple[type, EntityMapping]]) -> dict[type, Any]:
    return {entity: SQLAlchemyRepository(entity, database=database, mapping=mapping) for entity, mapping in declared}


def assert_passes_ruff(folder: Path) -> None:
    ruff = str(Path(sys.executable).with_name("ruff"))
    config = "line-length=100"
    for command in (["format", "--check", "--config", config], ["check", "--select", "E9,F,I,W", "--isolated"]):
        done = subprocess.run([ruff, *command, str(folder)], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr + (next(folder.glob("*.py"))).read_text()


async def up_and_down(url: str, folder: Path, declared: list[tuple[type, EntityMapping]]) -> None:
    async with Database(url, package="-") as database:
        repositories(database, declared)
        migrations = Migrations(database, folder)
        if not migrations.history():
            await migrations.create("all")
        for _ in range(2):
            assert await migrations.upgrade() == ["0001_all"]
            assert (await migrations.check()).drift == ()
            await migrations.downgrade("base", allow_destructive=True)


@pytest.mark.parametrize(
    "declared",
    [
        pytest.param(CYCLE, id="cycle"),
        pytest.param([(Everything, EVERYTHING)], id="everything"),
        pytest.param([(Everything, LONG)], id="long names"),
    ],
)
def test_what_is_created_goes_up_and_down_on_both_databases(declared: Any, postgres_url: str, tmp_path: Path) -> None:
    urls = [f"sqlite:///{tmp_path / 'test.db'}", postgres_url]
    for name, order in (("from_sqlite", urls), ("from_postgres", urls[::-1])):
        for url in order:
            asyncio.run(up_and_down(url, tmp_path / name, declared))
        assert_passes_ruff(tmp_path / name)


def test_a_dropped_entity_comes_back_as_it_was(database_url: str, tmp_path: Path) -> None:
    async def main() -> None:
        async with Database(database_url, package="-") as database:
            repositories(database, [(Everything, EVERYTHING), *CYCLE])
            migrations = Migrations(database, tmp_path)
            await migrations.create("all")
            await migrations.upgrade()
        async with Database(database_url, package="-") as emptied:
            fewer = Migrations(emptied, tmp_path)
            await fewer.create("drop all")
            await fewer.upgrade(allow_destructive=True)
            assert (await fewer.check()).ok
            await fewer.downgrade("-1")
        async with Database(database_url, package="-") as database:
            stored = repositories(database, [(Everything, EVERYTHING), *CYCLE])
            migrations = Migrations(database, tmp_path)
            await migrations.upgrade("0001_all")
            added = await stored[Everything].add(SAMPLE)
            assert await stored[Everything].get(added.id) == added
            with pytest.raises(DuplicateEntityError):
                await stored[Everything].add(SAMPLE)
            assert await stored[Everything].query().where("exact", ">", Decimal("9.9")).count() == 1

    asyncio.run(main())
    assert_passes_ruff(tmp_path)


@dataclass
class Numbered:
    name: str
    id: int | None = None


@pytest.mark.parametrize("made_on", ["sqlite", "postgresql"])
def test_a_dropped_entity_that_comes_back_gives_no_identifier_twice(
    made_on: str, postgres_url: str, tmp_path: Path
) -> None:
    sqlite = f"sqlite:///{tmp_path / 'test.db'}"
    folder = tmp_path / "v"

    async def make(url: str) -> None:
        async with Database(url, package="-") as database:
            repositories(database, [(Numbered, EntityMapping())])
            await Migrations(database, folder).create("all")
            await Migrations(database, folder).upgrade()
        async with Database(url, package="-") as emptied:
            await Migrations(emptied, folder).create("drop all")

    async def main() -> None:
        await make(sqlite if made_on == "sqlite" else postgres_url)
        async with Database(sqlite, package="-") as database:
            stored = repositories(database, [(Numbered, EntityMapping())])[Numbered]
            await Migrations(database, folder).upgrade(allow_destructive=True)
            await Migrations(database, folder).downgrade("-1")
            last = (await stored.add_many([Numbered("a"), Numbered("b")]))[-1]
            await stored.delete(last.id)
            async with database.connection() as connection:
                await connection.exec_driver_sql("INSERT INTO numbereds (name) VALUES ('c')")
            assert [one.id for one in await stored.find_all()] == [1, 3]

    asyncio.run(main())
    assert_passes_ruff(folder)


def test_tables_in_a_cycle_are_created_filled_and_dropped(database_url: str) -> None:
    async def main() -> None:
        async with Database(database_url, package="-") as database:
            stored = repositories(database, CYCLE)
            for _ in range(2):
                await database.create_all()
                await stored[Team].add_many([Team("b", parent="a"), Team("a")])
                await stored[Person].add(Person("p", team="a"))
                await stored[Team].save(Team("a", lead="p", parent="b"))
                await stored[Badge].add(Badge("1", "p"))
                assert await stored[Team].get("a") == Team("a", lead="p", parent="b")
                assert await stored[Badge].get("1") == Badge("1", "p")
                await database.drop_all()
            await database.drop_all()

    asyncio.run(main())


def test_several_heads_are_joined_by_a_migration_that_follows_them(database_url: str, tmp_path: Path) -> None:
    for name in ("left", "right"):
        table = f'op.create_table("{name}", sa.Column("id", sa.Integer, primary_key=True))'
        _, text = MigrationFolder(tmp_path / "none").render(name, table, f'op.drop_table("{name}")')
        (tmp_path / f"0001_{name}.py").write_text(text)

    async def main() -> None:
        async with Database(database_url, package="-") as database:
            migrations = Migrations(database, tmp_path)
            with pytest.raises(MigrationError, match="vega migrate merge"):
                await migrations.upgrade()
            assert migrations.merge().name == "0002_merge.py"
            with pytest.raises(MigrationError, match="nothing to join"):
                migrations.merge()
            assert set(await migrations.upgrade()) == {"0001_left", "0001_right", "0002_merge"}
            assert await migrations.current() == ("0002_merge",)
            assert await migrations.downgrade("-1") == ["0002_merge"]
            assert set(await migrations.current()) == {"0001_left", "0001_right"}
            assert await migrations.upgrade() == ["0002_merge"]
            taken = await migrations.downgrade("base", allow_destructive=True)
            assert set(taken) == {"0001_left", "0001_right", "0002_merge"}

    asyncio.run(main())
    assert_passes_ruff(tmp_path)


@dataclass
class Node:
    id: int
    parent: int | None = None


@pytest.mark.parametrize("call", ["add_many", "upsert_many"])
def test_children_are_stored_before_their_parents(database_url: str, call: str) -> None:
    count = 12_000
    chain = [Node(number, number - 1 if number > 1 else None) for number in range(count, 0, -1)]

    async def main() -> int:
        async with Database(database_url, package="-") as database:
            mapping = EntityMapping(references={"parent": "nodes.id"})
            nodes = SQLAlchemyRepository(Node, database=database, mapping=mapping)
            await database.create_all()
            stored = await getattr(nodes, call)(chain)
            assert stored == chain
            return await nodes.count()

    assert asyncio.run(main()) == count


@dataclass
class Coupon:
    id: str
    code: str
    state: str = "open"


@pytest.mark.parametrize("made_on", ["sqlite", "postgresql"])
def test_a_dropped_partial_key_comes_back_partial_on_the_other_database(
    postgres_url: str, tmp_path: Path, made_on: str
) -> None:
    urls = {"sqlite": f"sqlite:///{tmp_path / 'test.db'}", "postgresql": postgres_url}
    keys = (UniqueKey("code", where={"state": "it's :open"}),)

    async def on(url: str, unique: Any, work: Any) -> None:
        async with Database(url, package="-") as database:
            coupons = SQLAlchemyRepository(Coupon, database=database, mapping=EntityMapping(unique=unique))
            await work(coupons, Migrations(database, tmp_path / "versions"))

    async def make(_coupons: Any, migrations: Migrations) -> None:
        await migrations.create("next")
        await migrations.upgrade()

    async def go_back(coupons: Any, migrations: Migrations) -> None:
        await migrations.upgrade()
        await migrations.downgrade("-1")
        await coupons.add_many([Coupon("1", "a", "used"), Coupon("2", "a", "used"), Coupon("3", "a", "it's :open")])
        with pytest.raises(DuplicateEntityError):
            await coupons.add(Coupon("4", "a", "it's :open"))

    asyncio.run(on(urls.pop(made_on), keys, make))
    (other,) = urls.values()
    first = postgres_url if made_on == "postgresql" else f"sqlite:///{tmp_path / 'test.db'}"
    asyncio.run(on(first, (), make))
    asyncio.run(on(other, keys, go_back))
