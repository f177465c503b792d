"""Databases: connections, units of work, statements and errors."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from vega.data import (
    ConstraintError,
    Database,
    DatabaseStateError,
    DatabaseUnavailableError,
    DuplicateEntityError,
    EntityMapping,
    ForeignKeyError,
    InMemoryRepository,
    InMemoryUnitOfWork,
    LockTimeoutError,
    MappingError,
    SQLAlchemyRepository,
    StaleEntityError,
)
from vega.patterns import Specification, UnitOfWorkError
from vega.patterns.query import QueryError, UnsupportedPredicateError


@dataclass
class Counter:
    id: str
    value: int = 0


@dataclass
class Owned:
    id: str
    owner: str


@dataclass
class Line:
    sku: str


@dataclass
class Parent:
    id: int
    lines: list[Line] = field(default_factory=list)


OWNED = EntityMapping(references={"owner": "counters.id"})


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    engine = database.engine.sync_engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


def test_forty_concurrent_units_lose_no_update(tmp_path: Path) -> None:
    async def main() -> int:
        async with Database(f"sqlite:///{tmp_path / 'test.db'}", lock_timeout=60) as database:
            counters = SQLAlchemyRepository(Counter, database=database)
            await database.create_all()
            await counters.add(Counter("1"))

            async def increment() -> None:
                async with database.unit():
                    counter = await counters.get("1")
                    counter.value += 1
                    await counters.update(counter)

            await asyncio.gather(*(increment() for _ in range(40)))
            return (await counters.get("1")).value

    assert asyncio.run(main()) == 40


def test_versions_keep_concurrent_changes_apart(database_url: str) -> None:
    @dataclass
    class Versioned:
        id: str
        value: int = 0
        version: int = 0

    async def main() -> tuple[int, int, int]:
        async with Database(database_url, package="-") as database:
            things = SQLAlchemyRepository(Versioned, database=database, mapping=EntityMapping(version="version"))
            await database.create_all()
            await things.add(Versioned("1"))

            async def increment() -> None:
                thing = await things.get("1")
                thing.value += 1
                await things.update(thing)

            done = await asyncio.gather(*(increment() for _ in range(20)), return_exceptions=True)
            stale = sum(isinstance(one, StaleEntityError) for one in done)
            return (await things.get("1")).value, stale, sum(one is None for one in done)

    value, stale, survivors = asyncio.run(main())

    assert stale + survivors == 20
    assert value == survivors


def test_a_unit_rolls_everything_back_together(database_url: str) -> None:
    async def main() -> tuple[int, int]:
        async with Database(database_url, package="-") as database:
            counters = SQLAlchemyRepository(Counter, database=database)
            parents = SQLAlchemyRepository(Parent, database=database)
            await database.create_all()
            with pytest.raises(ZeroDivisionError):  # noqa: PT012 - the block is the unit
                async with database.unit():
                    await counters.add(Counter("1"))
                    await parents.add(Parent(1, [Line("a")]))
                    assert await counters.count() == 1
                    raise ZeroDivisionError
            return await counters.count(), await parents.count()

    assert asyncio.run(main()) == (0, 0)


def test_a_savepoint_undoes_only_its_own(database_url: str) -> None:
    async def main() -> list[str]:
        async with Database(database_url, package="-") as database:
            counters = SQLAlchemyRepository(Counter, database=database)
            await database.create_all()
            async with database.unit() as unit:
                await counters.add(Counter("1"))
                with pytest.raises(DuplicateEntityError):  # noqa: PT012 - the block is the unit
                    async with unit.begin(savepoint=True):
                        await counters.add(Counter("2"))
                        await counters.add(Counter("1"))
            return [counter.id for counter in await counters.find_all()]

    assert asyncio.run(main()) == ["1"]


def test_a_read_only_unit_refuses_to_write(database_url: str) -> None:
    async def main() -> None:
        async with Database(database_url, package="-") as database:
            counters = SQLAlchemyRepository(Counter, database=database)
            await database.create_all()
            async with database.unit().begin(read_only=True):
                assert await counters.count() == 0
                with pytest.raises(UnitOfWorkError, match="read-only"):
                    await counters.add(Counter("1"))

    asyncio.run(main())


def test_units_in_memory_roll_back_too() -> None:
    async def main() -> list[str]:
        counters = InMemoryRepository(Counter)
        await counters.add(Counter("1"))
        with pytest.raises(ZeroDivisionError):  # noqa: PT012 - the block is the unit
            async with InMemoryUnitOfWork():
                await counters.add(Counter("2"))
                await counters.delete("1")
                raise ZeroDivisionError
        return [counter.id for counter in await counters.find_all()]

    assert asyncio.run(main()) == ["1"]


def test_each_call_sends_the_fewest_statements(database_url: str) -> None:
    async def main() -> dict[str, int]:
        async with Database(database_url, package="-") as database:
            counters = SQLAlchemyRepository(Counter, database=database)
            parents = SQLAlchemyRepository(Parent, database=database)
            await database.create_all()
            await parents.add_many([Parent(number, [Line("a"), Line("b")]) for number in range(100)])
            sent: dict[str, int] = {}
            counter = Counter("1")
            for name, call in {
                "add": lambda: counters.add(counter),
                "get": lambda: counters.get("1"),
                "save": lambda: counters.save(counter),
                "update": lambda: counters.update(counter),
                "count": counters.count,
                "delete": lambda: counters.delete("1"),
                "100 with children": parents.find_all,
            }.items():
                with statements(database) as seen:
                    await call()
                sent[name] = len([one for one in seen if not one.startswith("BEGIN")])
            return sent

    once = dict.fromkeys(["add", "get", "save", "update", "count", "delete"], 1)
    assert asyncio.run(main()) == once | {"100 with children": 2}


def test_references_to_what_is_not_there_are_refused(database_url: str) -> None:
    async def main() -> None:
        async with Database(database_url, package="-") as database:
            counters = SQLAlchemyRepository(Counter, database=database)
            owned = SQLAlchemyRepository(Owned, database=database, mapping=OWNED)
            await database.create_all()
            with pytest.raises(ForeignKeyError):
                await owned.add(Owned("1", "nobody"))
            await counters.add(Counter("me"))
            await owned.add(Owned("1", "me"))
            with pytest.raises(ForeignKeyError):
                await counters.delete("me")

    asyncio.run(main())


def test_a_check_of_the_database_is_named_as_one(database_url: str) -> None:
    async def main() -> None:
        table = sa.Table(
            "checked",
            sa.MetaData(),
            sa.Column("id", sa.String, primary_key=True),
            sa.Column("value", sa.Integer, sa.CheckConstraint("value > 0"), nullable=False),
        )
        async with Database(database_url, package="-") as database:
            counters = SQLAlchemyRepository(Counter, database=database, table=table)
            await database.create_all()
            with pytest.raises(ConstraintError):
                await counters.add(Counter("1", -1))

    asyncio.run(main())


def test_a_database_that_is_away_is_unavailable(tmp_path: Path) -> None:
    async def main() -> None:
        async with Database(f"postgresql://nobody@/nothing?host={tmp_path}") as database:
            with pytest.raises(DatabaseUnavailableError):
                await database.ping()

    asyncio.run(main())


def test_a_lost_connection_is_one_error_and_the_pool_recovers(postgres_url: str) -> None:
    async def main() -> int:
        async with Database(postgres_url, package="-") as database, Database(postgres_url) as other:
            counters = SQLAlchemyRepository(Counter, database=database)
            await database.create_all()
            with pytest.raises(DatabaseUnavailableError):  # noqa: PT012 - the block is the unit
                async with database.unit():
                    await counters.add(Counter("1"))
                    async with other.connection() as connection:
                        await connection.exec_driver_sql(
                            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                        )
                    await counters.add(Counter("2"))
            return await counters.count()

    assert asyncio.run(main()) == 0


def test_deadlocks_are_retried_from_the_start_when_asked(postgres_url: str) -> None:
    async def main() -> tuple[int, int]:
        async with Database(postgres_url, package="-") as database:
            counters = SQLAlchemyRepository(Counter, database=database)
            await database.create_all()
            await counters.add_many([Counter("a"), Counter("b")])
            both = asyncio.Barrier(2)
            runs = 0

            def crossing(first: str, second: str) -> Any:
                waited = False

                async def work() -> None:
                    nonlocal waited, runs
                    runs += 1
                    await counters.update_where(_WithId(first), value=runs)
                    if not waited:
                        waited = True
                        await both.wait()
                    await counters.update_where(_WithId(second), value=runs)

                return work

            await asyncio.gather(
                database.unit().run(crossing("a", "b"), retry=3), database.unit().run(crossing("b", "a"), retry=3)
            )
            return runs, await counters.count()

    runs, count = asyncio.run(main())
    assert runs == 3
    assert count == 2


class _WithId(Specification[Any]):
    def __init__(self, id: str) -> None:
        self.id = id

    def predicate(self, entity: Any) -> Any:
        return entity.id == self.id


def test_a_writer_that_waits_too_long_is_told_to_run_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with Database(f"sqlite:///{tmp_path / 'test.db'}", lock_timeout=0.05) as database:
            counters = SQLAlchemyRepository(Counter, database=database)
            await database.create_all()

            async def other() -> None:
                with pytest.raises(LockTimeoutError):
                    await counters.add(Counter("2"))

            async with database.unit():
                await counters.add(Counter("1"))
                task = asyncio.get_running_loop().create_task(other(), context=empty)
                await task

    import contextvars

    empty = contextvars.Context()
    asyncio.run(main())


@pytest.mark.parametrize("size", [-1, 10**10, "abc", float("nan"), True, None])
def test_bad_sizes_end_in_an_error(size: Any) -> None:
    query: Any = InMemoryRepository(Counter).query()

    with pytest.raises(QueryError):
        query.limit(size)
    with pytest.raises(QueryError):
        query.offset(size)


def test_a_predicate_too_deep_is_refused_and_a_wide_one_is_not() -> None:
    counters = InMemoryRepository(Counter)

    def deep(record: Any) -> Any:
        condition = record.value == 0
        for number in range(1000):
            condition = (condition & (record.value == number)) | (record.value == -number)
        return condition

    def wide(record: Any) -> Any:
        condition = record.value == 0
        for number in range(1000):
            condition = condition | (record.value == number)
        return condition

    with pytest.raises(QueryError, match="nested"):
        counters.query().where(deep)
    assert asyncio.run(counters.query().where(wide).get()) == []


def test_a_specification_in_plain_python_is_refused_on_sql(database_url: str) -> None:
    class Odd(Specification[Counter]):
        def is_satisfied_by(self, entity: Counter) -> bool:
            return entity.value % 2 == 1

    async def main() -> None:
        async with Database(database_url, package="-") as database:
            counters = SQLAlchemyRepository(Counter, database=database)
            with statements(database) as seen, pytest.raises(UnsupportedPredicateError, match="Odd"):
                await counters.find_by_spec(Odd() & _WithId("1"))
            assert seen == []

    asyncio.run(main())


def test_a_mapped_class_is_an_entity_with_its_own_table(database_url: str) -> None:
    class Base(DeclarativeBase): ...

    class Account(Base):
        __tablename__ = "accounts"
        id: Mapped[int] = mapped_column(primary_key=True)
        email: Mapped[str] = mapped_column("e_mail", unique=True)

    async def main() -> None:
        async with Database(database_url, package="-") as database:
            accounts = SQLAlchemyRepository(Account, database=database)
            await database.create_all()
            stored = await accounts.add(Account(email="a@b.c"))
            found = await accounts.query().where("email", "like", "a@%").one_or_none()
            assert found is not None
            assert (found.id, found.email) == (stored.id, "a@b.c") == (1, "a@b.c")
            with pytest.raises(DuplicateEntityError) as caught:
                await accounts.add(Account(email="a@b.c"))
            assert caught.value.fields == ("email",)

    asyncio.run(main())


def test_a_database_that_is_not_open_says_so(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'test.db'}")

    with pytest.raises(DatabaseStateError, match="not open"):
        asyncio.run(SQLAlchemyRepository(Counter, database=database).count())


@pytest.mark.parametrize("url", ["nonsense", "mysql://x/y", "sqlite+pysqlite:///x"])
def test_urls_that_cannot_be_used_are_refused(url: str) -> None:
    with pytest.raises(DatabaseStateError):
        Database(url)


def test_the_password_is_never_shown() -> None:
    database = Database("postgresql://me:hunter2@/shop?host=/nowhere")

    with pytest.raises(DatabaseStateError) as caught:
        _ = database.engine
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in repr(database.url)


def test_two_entities_for_one_table_are_refused(tmp_path: Path) -> None:
    one = dataclasses.make_dataclass("Same", [("id", str)])
    other = dataclasses.make_dataclass("Same", [("id", str), ("more", int)])
    database = Database(f"sqlite:///{tmp_path / 'test.db'}", package="-")
    SQLAlchemyRepository(one, database=database, mapping=EntityMapping(table="same"))
    SQLAlchemyRepository(other, database=database, mapping=EntityMapping(table="same"))

    with pytest.raises(MappingError, match="both mapped"):
        database.metadata()


def test_a_repository_finds_its_entity_from_the_type_parameter(tmp_path: Path) -> None:
    class Counters(SQLAlchemyRepository[Counter]): ...

    class Special(Counters): ...

    database = Database(f"sqlite:///{tmp_path / 'test.db'}", package="-")

    assert Special(database=database).tables.table.name == "counters"
    with pytest.raises(MappingError, match="does not say"):
        SQLAlchemyRepository(database=database)


def test_a_database_opens_and_closes_twice_and_keeps_its_secret() -> None:
    database = Database("sqlite://", cursor_secret="secret")

    async def main() -> None:
        await database.close()
        await database.open()
        engine = database.engine
        await database.open()
        assert database.engine is engine
        await database.close()
        await database.close()

    asyncio.run(main())
    assert database.cursor_secret == b"secret"
    assert not database.is_open
