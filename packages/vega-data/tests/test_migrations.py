"""Migrations: in one transaction, one at a time, and never losing something unasked."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from vega.data import (
    Database,
    DestructiveMigrationError,
    LockTimeoutError,
    MigrationError,
    QueryTimeoutError,
    SQLAlchemyRepository,
)
from vega.data.migrations import MigrationFolder, Migrations


@dataclass
class Product:
    id: str
    name: str
    price: int = 0


FIRST = 'op.create_table("products", sa.Column("id", types.CodePointText(), primary_key=True))'


def write(folder: Path, message: str, upgrade: str, downgrade: str = "") -> str:
    name, text = MigrationFolder(folder).render(message, upgrade, downgrade)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return name.removesuffix(".py")


async def tables_of(database: Database) -> set[str]:
    async with database.engine.connect() as connection:
        return set(await connection.run_sync(lambda sync: sa.inspect(sync).get_table_names()))


def test_create_upgrade_check_and_downgrade_under_a_running_loop(database_url: str, tmp_path: Path) -> None:
    async def main() -> None:
        async with Database(database_url, package="-") as database:
            products = SQLAlchemyRepository(Product, database=database)
            migrations = Migrations(database, tmp_path / "versions")

            file = await migrations.create("create products")
            assert file.name == "0001_create_products.py"
            assert not (await migrations.check()).ok
            assert await migrations.upgrade() == ["0001_create_products"]
            assert await migrations.upgrade() == []
            assert (await migrations.check()).ok
            assert await migrations.current() == ("0001_create_products",)
            assert await products.add(Product("1", "x")) == Product("1", "x")

            with pytest.raises(DestructiveMigrationError, match="drop_table products"):
                await migrations.downgrade("base")
            assert await migrations.downgrade("base", allow_destructive=True) == ["0001_create_products"]
            assert "products" not in await tables_of(database)
            assert await migrations.current() == ()

    asyncio.run(main())


def test_a_failing_step_leaves_schema_and_revision_as_they_were(database_url: str, tmp_path: Path) -> None:
    async def main() -> None:
        write(tmp_path, "first", FIRST)
        write(tmp_path, "second", 'op.create_table("others", sa.Column("id", sa.Integer))\nraise ValueError("late")')
        async with Database(database_url, package="-") as database:
            migrations = Migrations(database, tmp_path)
            with pytest.raises(MigrationError, match="late"):
                await migrations.upgrade()

            assert await tables_of(database) == set()
            assert await migrations.current() == ()
            assert await migrations.upgrade("0001_first") == ["0001_first"]
            with pytest.raises(MigrationError):
                await migrations.upgrade()
            assert await migrations.current() == ("0001_first",)
            assert await tables_of(database) == {"alembic_version", "products"}

    asyncio.run(main())


@pytest.mark.parametrize(
    "step",
    [
        'op.drop_column("products", "name")',
        'op.drop_table("products")',
        'op.execute("DELETE FROM products")',
        'op.alter_column("products", "name", type_=sa.String(3))',
        'with op.batch_alter_table("products") as batch_op:\n    batch_op.drop_column("name")',
    ],
)
def test_steps_that_lose_something_are_refused_by_place(tmp_path: Path, step: str) -> None:
    write(tmp_path, "first", FIRST)
    write(tmp_path, "second", step)
    migrations = Migrations(Database(f"sqlite:///{tmp_path / 'test.db'}", package="-"), tmp_path)

    with pytest.raises(DestructiveMigrationError, match=r"0002_second\.py:"):
        asyncio.run(migrations.upgrade())
    assert asyncio.run(migrations.current()) == ()


def test_two_heads_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "first", FIRST)
    text = (tmp_path / "0001_first.py").read_text()
    (tmp_path / "0002_other.py").write_text(text.replace("0001_first", "0002_other"))
    migrations = Migrations(Database(f"sqlite:///{tmp_path / 'test.db'}"), tmp_path)

    for call in (migrations.upgrade, migrations.check, lambda: migrations.create("third", empty=True)):
        with pytest.raises(MigrationError, match="2 heads"):
            asyncio.run(call())


def test_a_rebuilt_table_keeps_the_rows_that_refer_to_it(tmp_path: Path) -> None:
    write(
        tmp_path,
        "first",
        'op.create_table("parents", sa.Column("id", sa.Integer, primary_key=True), sa.Column("old", sa.Text))\n'
        'op.create_table("children", sa.Column("id", sa.Integer, primary_key=True),'
        ' sa.Column("parent", sa.Integer, sa.ForeignKey("parents.id", ondelete="CASCADE")))\n'
        'op.execute("INSERT INTO parents VALUES (1, NULL)")\nop.execute("INSERT INTO children VALUES (1, 1)")',
    )
    write(tmp_path, "second", 'with op.batch_alter_table("parents") as batch_op:\n    batch_op.drop_column("old")')

    async def main() -> list[Any]:
        async with Database(f"sqlite:///{tmp_path / 'test.db'}", package="-") as database:
            await Migrations(database, tmp_path).upgrade(allow_destructive=True)
            async with database.connection() as connection:
                return list((await connection.exec_driver_sql("SELECT count(*) FROM children")).scalars())

    assert asyncio.run(main()) == [1]


def test_two_upgrades_at_once_run_once(postgres_url: str, tmp_path: Path) -> None:
    write(tmp_path, "first", FIRST)

    async def main() -> list[list[str]]:
        database = Database(postgres_url, package="-")
        return await asyncio.gather(*(Migrations(database, tmp_path).upgrade() for _ in range(3)))

    assert sorted(asyncio.run(main()), key=len) == [[], [], ["0001_first"]]


def test_a_lock_that_is_not_free_ends_the_wait_and_names_who_holds_it(postgres_url: str, tmp_path: Path) -> None:
    write(tmp_path, "first", FIRST)
    write(tmp_path, "second", 'op.add_column("products", sa.Column("name", sa.Text))')

    async def main() -> None:
        async with Database(postgres_url, package="-") as database:
            migrations = Migrations(database, tmp_path, timeout=0.2)
            await migrations.upgrade("0001_first")
            async with database.connection() as connection:
                await connection.exec_driver_sql("LOCK TABLE products")
                with pytest.raises(LockTimeoutError, match=r"held by process \d+ .*LOCK TABLE products"):
                    await migrations.upgrade()
            assert await migrations.upgrade() == ["0002_second"]

    asyncio.run(main())


def test_the_statements_are_told_without_a_database(tmp_path: Path) -> None:
    write(tmp_path, "first", FIRST)

    text = Migrations(Database("postgresql://nobody@nowhere/none"), tmp_path).sql()

    assert 'CREATE TABLE products (\n    id VARCHAR COLLATE "C" NOT NULL' in text
    assert "INSERT INTO alembic_version" in text


def test_drift_is_told_in_words(database_url: str, tmp_path: Path) -> None:
    write(tmp_path, "first", FIRST)

    async def main() -> tuple[str, ...]:
        async with Database(database_url, package="-") as database:
            SQLAlchemyRepository(Product, database=database)
            migrations = Migrations(database, tmp_path)
            await migrations.upgrade()
            return (await migrations.check()).drift

    drift = asyncio.run(main())
    assert {"add column: products name", "add column: products price"} <= set(drift)


@pytest.mark.parametrize("text", ["def", "x = 1\n", "revision = 3\n"])
def test_a_file_that_is_no_migration_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "0001_odd.py").write_text(text)

    with pytest.raises(MigrationError, match=r"0001_odd\.py"):
        MigrationFolder(tmp_path).head()


def test_names_fit_the_version_table(tmp_path: Path) -> None:
    name, text = MigrationFolder(tmp_path).render('Add a really quite long sentence; about `prices` & "things"', "", "")

    assert len(name.removesuffix(".py")) <= 32
    compile(text, name, "exec")


def test_a_change_that_would_orphan_rows_is_undone(tmp_path: Path) -> None:
    write(
        tmp_path,
        "first",
        'op.create_table("parents", sa.Column("id", sa.Integer, primary_key=True))\n'
        'op.create_table("children", sa.Column("parent", sa.Integer, sa.ForeignKey("parents.id")))\n'
        'op.execute("INSERT INTO parents VALUES (1)")\nop.execute("INSERT INTO children VALUES (1)")',
    )
    write(tmp_path, "second", 'op.execute("DELETE FROM parents")')

    async def main() -> tuple[str, ...]:
        migrations = Migrations(Database(f"sqlite:///{tmp_path / 'test.db'}", package="-"), tmp_path)
        with pytest.raises(MigrationError, match="1 rows of children would refer to what is gone"):
            await migrations.upgrade(allow_destructive=True)
        return await migrations.current()

    assert asyncio.run(main()) == ()


def test_an_unknown_revision_is_an_error_and_nothing_to_create_is_one_too(tmp_path: Path) -> None:
    write(tmp_path, "first", FIRST)

    async def main() -> None:
        migrations = Migrations(
            Database(f"sqlite:///{tmp_path / 'test.db'}", package="-"), tmp_path, metadata=sa.MetaData()
        )
        with pytest.raises(MigrationError, match="0007"):
            await migrations.upgrade("0007_nope")
        with pytest.raises(MigrationError, match="behind the migrations"):
            await migrations.create("more")
        assert [one.id for one in (await migrations.status()).pending] == ["0001_first"]
        await migrations.upgrade()
        assert (await migrations.status()).pending == ()
        assert (await migrations.create("by hand", empty=True)).name == "0002_by_hand.py"

    asyncio.run(main())


def test_tables_that_fit_leave_nothing_to_create(tmp_path: Path) -> None:
    async def main() -> None:
        migrations = Migrations(
            Database(f"sqlite:///{tmp_path / 'test.db'}", package="-"), tmp_path / "versions", metadata=sa.MetaData()
        )
        with pytest.raises(MigrationError, match="already"):
            await migrations.create("nothing")
        assert (await migrations.status()).head is None

    asyncio.run(main())


def test_a_migration_that_passes_its_deadline_ends(postgres_url: str, tmp_path: Path) -> None:
    write(tmp_path, "first", 'op.execute("SELECT pg_sleep(20)")')

    async def main() -> tuple[str, ...]:
        database = Database(postgres_url, package="-")
        with pytest.raises(QueryTimeoutError, match=r"longer than 0\.3 s"):
            await Migrations(database, tmp_path, deadline=0.3).upgrade()
        return await Migrations(database, tmp_path).current()

    assert asyncio.run(main()) == ()


def test_a_database_in_use_ends_the_wait_of_a_migration(tmp_path: Path) -> None:
    write(tmp_path, "first", FIRST)

    async def main() -> None:
        async with Database(f"sqlite:///{tmp_path / 'test.db'}", package="-") as database:
            migrations = Migrations(database, tmp_path, timeout=0.05)
            async with database.connection():
                with pytest.raises(LockTimeoutError):
                    await migrations.upgrade()
            assert await migrations.upgrade() == ["0001_first"]

    asyncio.run(main())


def test_a_computed_revision_is_none_and_other_assignments_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "0001_odd.py").write_text('other = print("never run")\nx.y = 1\nrevision: str = "0001_odd"\n')

    assert MigrationFolder(tmp_path).head() == "0001_odd"
    assert MigrationFolder(tmp_path).next_id("???") == "0002_migration"
