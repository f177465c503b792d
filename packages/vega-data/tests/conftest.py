"""Every store a test can run on; the PostgreSQL server is a fixture of vega-testing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pytest


class Statement(str):
    """What a database is sent."""

    parameters: Any


Sent: TypeAlias = Callable[[Any], AbstractContextManager[list[Statement]]]


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, once for each kind."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Any]:
    """Run a body on an empty repository of an entity."""
    url = f"sqlite:///{tmp_path / 'test.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")

    def runner(entity: type, body: Callable[[Any], Awaitable[Any]], **options: Any) -> Any:
        from vega.data import Database, InMemoryRepository, SQLAlchemyRepository

        async def main() -> Any:
            if request.param == "memory":
                return await body(InMemoryRepository(entity, **options))
            async with Database(url, package="nothing declared") as database:
                repository = SQLAlchemyRepository(entity, database=database, **options)
                await database.create_all()
                return await body(repository)

        return asyncio.run(main())

    return runner


@pytest.fixture
def sent() -> Sent:
    """Give what notes the statements that a database is sent: `with sent(database) as seen: ...`."""

    @contextmanager
    def noting(database: Any) -> Iterator[list[Statement]]:
        from sqlalchemy import event

        seen: list[Statement] = []

        def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
            seen.append(Statement(statement))
            seen[-1].parameters = parameters

        engine = database.engine.sync_engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(engine, "before_cursor_execute", note)

    return noting
