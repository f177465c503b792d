"""A throw-away PostgreSQL for the tests, and a database of its own for each."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

_numbers = count(1)
# Words as in a dictionary, not by code point: what forgets to ask for code points fails the tests.
_LOCALE = ("--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US")
_SETTINGS = (
    "-c listen_addresses='' -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=60"
)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a server without a database name."""
    given = os.environ.get("VEGA_TEST_POSTGRES_URL")
    if given:
        yield given.rsplit("/", 1)[0]
        return
    found = shutil.which("postgres")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("PostgreSQL is required when CI is set: put postgres on PATH")
        pytest.skip("no PostgreSQL: set VEGA_TEST_POSTGRES_URL, or put postgres on PATH")
    binaries = Path(found).resolve().parent
    folder = tempfile.mkdtemp(prefix="vega-pg-")
    who = _unprivileged(folder)
    data = f"{folder}/data"
    try:
        _run(binaries / "initdb", "-D", data, "-U", "vega", "-A", "trust", "-E", "UTF8", *_LOCALE, "-N", **who)
        options = f"{_SETTINGS} -c unix_socket_directories={folder}"
        _run(binaries / "pg_ctl", "-D", data, "-w", "-s", "-l", f"{folder}/log", "-o", options, "start", **who)
        try:
            yield f"postgresql+asyncpg://vega@/?host={folder}"
        finally:
            _run(binaries / "pg_ctl", "-D", data, "-s", "-m", "immediate", "stop", **who)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of an empty database."""
    name = f"vega_{os.getpid()}_{next(_numbers)}"
    _statement(postgres_server, f"CREATE DATABASE {name}")
    before, sign, query = postgres_server.partition("?")
    yield f"{before.rstrip('/')}/{name}{sign}{query}"
    _statement(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


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


def _unprivileged(folder: str) -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    account = names.get("postgres") or names["nobody"]
    os.chown(folder, account.pw_uid, account.pw_gid)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": [], "cwd": folder}


def _run(*command: str | Path, **options: Any) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=60, **options)


def _statement(server: str, statement: str) -> None:
    from sqlalchemy.ext.asyncio import create_async_engine

    async def send() -> None:
        before, sign, query = server.partition("?")
        engine = create_async_engine(f"{before.rstrip('/')}/postgres{sign}{query}", isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            await connection.exec_driver_sql(statement)
        await engine.dispose()

    asyncio.run(send())
