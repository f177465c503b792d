"""The pytest plugin: the profile `test`, and real servers as fixtures.

| fixture | scope | value |
| --- | --- | --- |
| `postgres_server` | session | the URL of a PostgreSQL server, without a database |
| `postgres_url` | function | the URL of an empty database on the server |
| `redis_server` | session | the URL of a Valkey or Redis server |
| `redis_url` | function | the same URL after a flush; `REDIS_URL` is unset during the test |

`VEGA_TEST_POSTGRES_URL` and `VEGA_TEST_REDIS_URL` name existing servers to use. A test whose server cannot start is
skipped with the reason; with `CI` set it fails.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import TYPE_CHECKING, Any, NoReturn, cast

import pytest

if TYPE_CHECKING:
    from vega.errors import CoreError

__all__ = ["postgres_server", "postgres_url", "redis_server", "redis_url"]


def pytest_configure() -> None:
    """Set the profile `test` before an application is loaded, unless VEGA_PROFILE is set."""
    os.environ.setdefault("VEGA_PROFILE", "test")


@pytest.fixture(scope="session")
def postgres_server() -> Generator[str]:
    """The URL of a PostgreSQL server, without a database; needs the extra `postgres`."""
    from ._errors import TestServerError
    from ._postgres import PostgresServer

    url = os.environ.get("VEGA_TEST_POSTGRES_URL")
    if url:
        yield url
        return
    server = PostgresServer()
    try:
        server.start()
    except TestServerError as error:
        _absent(error)
    try:
        yield server.url
    finally:
        server.stop()


@pytest.fixture
def postgres_url(postgres_server: str) -> Generator[str]:
    """The URL of an empty database, dropped after the test."""
    from ._postgres import drop_database, new_database

    url = new_database(postgres_server)
    yield url
    drop_database(url)


@pytest.fixture(scope="session")
def redis_server() -> Generator[str]:
    """The URL of a Valkey or Redis server; needs the extra `redis`."""
    url = os.environ.get("VEGA_TEST_REDIS_URL")
    if url:
        yield url
        return
    from vega.jobs import EmbeddedServerError, embedded_server

    server = embedded_server()
    try:
        server.start()
    except EmbeddedServerError as error:
        _absent(error)
    try:
        yield server.url
    finally:
        server.stop()


@pytest.fixture
def redis_url(redis_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an empty Valkey or Redis; `REDIS_URL` is unset, so that tests pass the URL explicitly."""
    from redis import Redis

    connect = cast("Any", Redis.from_url)  # pyright: ignore[reportUnknownMemberType] - untyped options
    with connect(redis_server) as client:
        client.flushdb()
    monkeypatch.delenv("REDIS_URL", raising=False)
    return redis_server


def _absent(error: CoreError) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(f"required when CI is set: {error}")
    pytest.skip(str(error))
