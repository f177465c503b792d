"""Renames of tables and columns: asked for when they are likely, and rows, keys and references come along."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import make_dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from vega.data import (
    ConstraintError,
    Database,
    DuplicateEntityError,
    EntityMapping,
    ForeignKeyError,
    MigrationError,
    SQLAlchemyRepository,
    UniqueKey,
)
from vega.data.migrations import Migrations

Entity = tuple[str, list[Any], EntityMapping]


async def on(url: str, folder: Path, entities: list[Entity], work: Callable[..., Any]) -> Any:
    async with Database(url, package="-") as database:
        made: list[Any] = []
        for name, fields, mapping in entities:
            entity = make_dataclass(name, fields)
            made.append((entity, SQLAlchemyRepository(entity, database=database, mapping=mapping)))
        return await work(Migrations(database, folder), *made)


def started(url: str, folder: Path, entities: list[Entity], *rows: list[tuple[Any, ...]]) -> None:
    async def work(migrations: Migrations, *made: Any) -> None:
        await migrations.create("one")
        await migrations.upgrade()
        for (entity, repository), values in zip(made, rows, strict=True):
            await repository.add_many([entity(*row) for row in values])

    asyncio.run(on(url, folder, entities, work))


def renamed(
    url: str, folder: Path, entities: list[Entity], renames: dict[str, str], *rows: list[tuple[Any, ...]]
) -> None:
    """Rename, see rows and names, go back, and see that a second upgrade does the same."""

    async def work(migrations: Migrations, *made: Any) -> None:
        text = (await migrations.create("two", renames=renames)).read_text()
        upgrade, _, _ = text.partition("def downgrade")
        assert not [word for word in ("drop_table", "drop_column", "drop_constraint") if word in upgrade]
        for _ in range(2):
            await migrations.upgrade()
            assert (await migrations.check()).ok
            assert await key_names(url) == declared_names(made[0][1].database)
            for (entity, repository), values in zip(made, rows, strict=True):
                found = await repository.query().order_by(next(iter(entity.__annotations__))).get()
                assert found == [entity(*row) for row in values]
            await migrations.downgrade("-1")
        await migrations.upgrade()

    asyncio.run(on(url, folder, entities, work))


async def key_names(url: str) -> dict[str, set[str]]:
    """Return the names of all constraints and indexes, by table."""

    def ask(connection: Any) -> dict[str, set[str]]:
        inspector = sa.inspect(connection)
        found: dict[str, set[str]] = {}
        for table in set(inspector.get_table_names()) - {"alembic_version"}:
            keys: list[Any] = [*inspector.get_unique_constraints(table)]
            if connection.dialect.name == "postgresql":  # SQLite does not report each
                keys.append(inspector.get_pk_constraint(table))
            keys += [*inspector.get_foreign_keys(table), *inspector.get_check_constraints(table)]
            found[table] = {str(item["name"]) for item in [*keys, *inspector.get_indexes(table)]}
        return found

    async with Database(url, package="-") as database, database.connection() as connection:
        found: dict[str, set[str]] = await connection.run_sync(ask)
    return found


def declared_names(database: Database) -> dict[str, set[str]]:
    skipped = () if database.dialect == "postgresql" else sa.PrimaryKeyConstraint
    return {
        table.name: {str(key.name) for key in [*table.constraints, *table.indexes] if not isinstance(key, skipped)}
        for table in database.metadata().tables.values()
    }


def orders(amount: str, note: str, table: str = "Order") -> Entity:
    fields = [("id", str), (amount, int), (note, str), ("code", str | None, None)]
    mapping = EntityMapping(
        unique=(note, UniqueKey("code", where={amount: 7})),
        indexes=(amount, (f"-{amount}", note)),
        checks={"positive": f"{amount} > 0"},
    )
    return table, fields, mapping


ROWS: list[tuple[Any, ...]] = [("1", 7, "a", "x"), ("2", 8, "b", "x")]


@pytest.mark.parametrize("table", ["Order", "Purchase"])
def test_rows_keys_indexes_and_checks_come_along(database_url: str, tmp_path: Path, table: str) -> None:
    started(database_url, tmp_path, [orders("total", "note")], ROWS)
    before = asyncio.run(key_names(database_url))
    renames = {"orders.total": "amount", "orders.note": "remark"}
    if table == "Purchase":
        renames["orders"] = "purchases"

    renamed(database_url, tmp_path, [orders("amount", "remark", table)], renames, ROWS)

    async def work(migrations: Migrations, made: Any) -> None:
        entity, repository = made
        for row, error in ((("3", 9, "a"), DuplicateEntityError), (("3", 0, "c"), ConstraintError)):
            with pytest.raises(error):
                await repository.add(entity(*row))
        await migrations.downgrade("-1")

    asyncio.run(on(database_url, tmp_path, [orders("amount", "remark", table)], work))
    assert asyncio.run(key_names(database_url)) == before


def test_a_likely_rename_of_a_field_is_asked_for(database_url: str, tmp_path: Path) -> None:
    started(database_url, tmp_path, [orders("total", "note")], ROWS)

    async def work(migrations: Migrations, _made: Any) -> None:
        asked = (
            r"--rename orders\.note=remark --rename orders\.total=amount; .*--drop orders\.note --drop orders\.total"
        )
        with pytest.raises(MigrationError, match=asked):
            await migrations.create("two")
        with pytest.raises(MigrationError, match=r"--rename orders\.note=remark; .*--drop orders\.note"):
            await migrations.create("two", drops=["orders.total"], defaults={"orders.amount": "1"})
        assert len(migrations.history()) == 1

    asyncio.run(on(database_url, tmp_path, [orders("amount", "remark")], work))


def test_what_is_dropped_by_intent_is_dropped_and_added(database_url: str, tmp_path: Path) -> None:
    started(database_url, tmp_path, [("Shop", [("id", str), ("rank", int)], EntityMapping())], [("1", 7)])

    async def work(migrations: Migrations, made: Any) -> None:
        entity, shops = made
        await migrations.create("two", drops=["shops.rank"])
        await migrations.upgrade(allow_destructive=True)
        assert await shops.get("1") == entity("1", 3)

    asyncio.run(on(database_url, tmp_path, [("Shop", [("id", str), ("stars", int, 3)], EntityMapping())], work))


def test_of_two_candidates_neither_is_chosen(database_url: str, tmp_path: Path) -> None:
    started(database_url, tmp_path, [("Shop", [("id", str), ("rank", int)], EntityMapping())], [("1", 7)])
    after: list[Entity] = [("Shop", [("id", str), ("stars", int, 1), ("place", int, 2)], EntityMapping())]

    async def work(migrations: Migrations, _made: Any) -> None:
        with pytest.raises(MigrationError, match=r"--rename shops\.rank=place --rename shops\.rank=stars"):
            await migrations.create("two")

    asyncio.run(on(database_url, tmp_path, after, work))


def test_a_field_changes_its_name_and_its_type_at_once(database_url: str, tmp_path: Path) -> None:
    mapping = EntityMapping(indexes=("rank",))
    started(database_url, tmp_path, [("Shop", [("id", str), ("rank", int)], mapping)], [("1", 7)])
    mapping = EntityMapping(indexes=("score",))

    renamed(
        database_url,
        tmp_path,
        [("Shop", [("id", str), ("score", Decimal | None)], mapping)],
        {"shops.rank": "score"},
        [("1", Decimal(7))],
    )


def people(key: str, lead: str, team: str) -> list[Entity]:
    return [
        ("Team", [(key, str), (lead, str | None)], EntityMapping(identity=key, references={lead: "people.id"})),
        ("Person", [("id", str), (team, str | None)], EntityMapping(references={team: f"teams.{key}"})),
    ]


def test_a_referenced_identifier_and_references_in_a_cycle_are_renamed(database_url: str, tmp_path: Path) -> None:
    started(database_url, tmp_path, people("id", "lead", "team"), [("t", None)], [("p", "t")])

    renames = {"teams.id": "key", "teams.lead": "head", "people.team": "group"}
    renamed(database_url, tmp_path, people("key", "head", "group"), renames, [("t", None)], [("p", "t")])

    async def work(_migrations: Migrations, teams: Any, persons: Any) -> None:
        with pytest.raises(ForeignKeyError):
            await persons[1].add(persons[0]("q", "nothing"))
        with pytest.raises(ForeignKeyError):
            await teams[1].add(teams[0]("u", "nothing"))

    asyncio.run(on(database_url, tmp_path, people("key", "head", "group"), work))


def test_a_class_is_renamed_with_its_collections_and_its_numbers_go_on(database_url: str, tmp_path: Path) -> None:
    line = make_dataclass("Line", [("text", str), ("count", int)])
    fields = [("name", str), ("lines", list[line]), ("id", int | None, None)]  # type: ignore[valid-type] # made at run time
    started(database_url, tmp_path, [("Order", fields, EntityMapping())], [("a", [line("x", 1)]), ("b", [])])
    rows = [("a", [line("x", 1)], 1), ("b", [], 2)]

    async def ask(migrations: Migrations, _made: Any) -> None:
        asked = r"orders=purchases --rename orders_lines=purchases_lines --rename orders_lines\.order_id=purchase_id"
        with pytest.raises(MigrationError, match=asked):
            await migrations.create("two")

    asyncio.run(on(database_url, tmp_path, [("Purchase", fields, EntityMapping())], ask))
    renames = {"orders": "purchases", "orders_lines": "purchases_lines", "orders_lines.order_id": "purchase_id"}
    renamed(database_url, tmp_path, [("Purchase", fields, EntityMapping())], renames, rows)

    async def work(_migrations: Migrations, made: Any) -> None:
        entity, repository = made
        await repository.delete(2)
        assert (await repository.add(entity("c", []))).id == 3

    asyncio.run(on(database_url, tmp_path, [("Purchase", fields, EntityMapping())], work))


def test_a_name_that_becomes_free_is_used_again_at_once(database_url: str, tmp_path: Path) -> None:
    def two(first: str, second: str, *fields: str) -> list[Entity]:
        mapping = EntityMapping(indexes=fields)
        listed = [(name, int) for name in fields]
        return [(first, [("id", str), *listed], mapping), (second, [("id", str), *listed], mapping)]

    started(database_url, tmp_path, two("Alpha", "Beta", "a", "b"), [("1", 1, 2)], [("2", 3, 4)])

    renames = {"alphas": "betas", "betas": "gammas", "betas.a": "b", "betas.b": "c", "gammas.a": "b", "gammas.b": "c"}
    renamed(database_url, tmp_path, two("Beta", "Gamma", "b", "c"), renames, [("1", 1, 2)], [("2", 3, 4)])


def test_hostile_names_are_renamed(database_url: str, tmp_path: Path) -> None:
    def shop(column: str, table: str) -> list[Entity]:
        mapping = EntityMapping(table=table, columns={"rank": column}, unique=("rank",), indexes=("-rank",))
        return [("Shop", [("id", str), ("rank", int)], mapping)]

    long = "é" * 31
    started(database_url, tmp_path, shop("a b: c.d", "my shop's: 100%"), [("1", 7)])

    renames = {"my shop's: 100%": long, f"{long}.a b: c.d": "select"}
    renamed(database_url, tmp_path, shop("select", long), renames, [("1", 7)])


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        pytest.param({"renames": {"shops.name": "stars"}}, "the database has no shops.name", id="unknown"),
        pytest.param({"renames": {"shops.rank": "score"}}, "the entities have no score", id="unwanted"),
        pytest.param({"renames": {"shops.rank": "id"}}, "the database has id already", id="taken"),
        pytest.param({"renames": {"shops": "teams"}}, "the entities have no teams", id="unknown table"),
        pytest.param({"drops": ["shops.id"]}, "shops.id is not dropped", id="kept"),
        pytest.param({"drops": ["shops.name"]}, "shops.name is not dropped", id="not there"),
        pytest.param({"empty": True, "drops": ["shops.rank"]}, "an empty migration has no steps", id="empty"),
    ],
)
def test_an_answer_that_fits_nothing_is_refused(database_url: str, tmp_path: Path, answers: Any, said: str) -> None:
    started(database_url, tmp_path, [("Shop", [("id", str), ("rank", int)], EntityMapping())], [("1", 7)])

    async def work(migrations: Migrations, _made: Any) -> None:
        with pytest.raises(MigrationError, match=said):
            await migrations.create("two", **answers)
        assert len(migrations.history()) == 1
        assert "rank" in (await migrations.check()).drift[-1]  # nothing was changed

    asyncio.run(on(database_url, tmp_path, [("Shop", [("id", str), ("stars", int, 1)], EntityMapping())], work))


def test_a_file_made_on_sqlite_renames_on_postgresql(postgres_url: str, tmp_path: Path) -> None:
    sqlite = f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
    before, after = [orders("total", "note")], [orders("amount", "remark", "Purchase")]
    renames = {"orders": "purchases", "orders.total": "amount", "orders.note": "remark"}
    started(sqlite, tmp_path, before, ROWS)
    renamed(sqlite, tmp_path, after, renames, ROWS)

    async def work(migrations: Migrations, made: Any) -> None:
        await migrations.upgrade("0001_one")
        names = await key_names(postgres_url)
        await migrations.upgrade()
        assert (await migrations.check()).ok
        assert await key_names(postgres_url) == declared_names(made[1].database)
        await migrations.downgrade("-1")
        assert await key_names(postgres_url) == names
        assert "RENAME CONSTRAINT pk_orders TO pk_purchases" in migrations.sql()

    asyncio.run(on(postgres_url, tmp_path, after, work))
