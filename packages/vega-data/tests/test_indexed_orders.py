"""Orders that an index has: the database reads the first rows from it, and sorts nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from vega.data import Database, EntityMapping, MappingError, SQLAlchemyRepository
from vega.data.migrations import Migrations

START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Post:
    author: str
    created_at: datetime
    published: datetime | None = None
    id: int | None = None


def posts(count: int) -> list[Post]:
    return [
        Post(f"a{n % 7}", START + timedelta(minutes=n // 3), None if n % 4 == 0 else START + timedelta(hours=n))
        for n in range(count)
    ]


def with_posts(url: str, indexes: Any, body: Callable[[Any, Database], Any], count: int = 2000) -> None:
    async def main() -> None:
        async with Database(url, package="-") as database:
            stored = SQLAlchemyRepository(Post, database=database, mapping=EntityMapping(indexes=indexes))
            await database.create_all()
            await stored.add_many(posts(count))
            async with database.connection() as connection:
                await connection.execute(text("ANALYZE"))
            await body(stored, database)

    asyncio.run(main())


Ask = Callable[[Any], Any]
LATEST: Ask = lambda query: query.order_by("created_at", "desc")  # noqa: E731 - one of a table of questions
CASES: list[tuple[Any, Ask]] = [
    ((("created_at", "id"),), LATEST),
    ((("-created_at", "-id"),), LATEST),
    ((("created_at", "id"),), lambda query: query.order_by("created_at")),
    ((("-published", "-id"),), lambda query: query.order_by("published", "desc")),
    (
        (("author", "-created_at", "-id"),),
        lambda query: query.where("author", "=", "a1").order_by("created_at", "desc"),
    ),
    ((("author", "-created_at", "-id"),), lambda query: query.order_by("author").order_by("created_at", "desc")),
]


@pytest.mark.parametrize(("indexes", "ask"), CASES)
def test_the_latest_are_read_from_an_index(database_url: str, indexes: Any, ask: Ask) -> None:
    async def body(stored: Any, _: Database) -> None:
        plan = await ask(stored.query()).limit(20).explain()

        assert "ix_posts_" in plan, plan
        assert "TEMP B-TREE" not in plan, plan
        assert "Sort" not in plan, plan

    with_posts(database_url, indexes, body)


def test_the_identifier_follows_the_direction_of_the_last_key(run: Any) -> None:
    async def body(stored: Any) -> None:
        await stored.add_many([Post("a", START), Post("b", START), Post("a", START), Post("b", START)])

        query = stored.query()
        assert [one.id for one in await query.order_by("created_at", "desc").get()] == [4, 3, 2, 1]
        assert [one.id for one in await query.order_by("created_at").get()] == [1, 2, 3, 4]
        assert [one.id for one in await query.order_by("author").order_by("created_at", "desc").get()] == [3, 1, 4, 2]
        assert [one.id for one in await query.order_by("author", "desc").order_by("created_at").get()] == [2, 4, 1, 3]
        assert [one.id for one in await query.get()] == [1, 2, 3, 4]

    run(Post, body)


def test_a_field_that_cannot_be_missing_has_no_clause_for_nulls(database_url: str) -> None:
    async def body(stored: Any, _: Database) -> None:
        assert "NULLS" not in LATEST(stored.query()).to_sql()
        assert "NULLS LAST" in stored.query().order_by("published", "desc").to_sql()

    with_posts(database_url, (), body, 1)


def test_directed_indexes_are_migrated_and_show_no_difference(database_url: str, tmp_path: Path) -> None:
    mapping = EntityMapping(indexes=("-created_at", "created_at", ("author", "-published")))

    async def main() -> None:
        async with Database(database_url, package="-") as database:
            SQLAlchemyRepository(Post, database=database, mapping=mapping)
            migrations = Migrations(database, tmp_path / "versions")
            await migrations.create("posts")
            await migrations.upgrade()
            report = await migrations.check()

            assert (report.drift, report.pending) == ((), ())

    asyncio.run(main())


def test_an_index_of_an_unknown_field_is_refused() -> None:
    with pytest.raises(MappingError, match="creatd"):
        SQLAlchemyRepository(Post, database=Database("sqlite://"), mapping=EntityMapping(indexes=("-creatd",)))
