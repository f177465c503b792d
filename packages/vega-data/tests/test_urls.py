"""URLs as hosts and poolers hand them out: known words do what libpq says, others are refused by name."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from vega.data import Database, DatabaseStateError, DataError

HOSTED = "postgresql://ada:secret@db.example.org:5432/shop"


def arguments(query: str, **options: Any) -> Any:
    return Database(f"{HOSTED}?{query}", **options).pool._postgresql_arguments()


@pytest.mark.parametrize(
    ("query", "name", "value"),
    [
        ("sslmode=require", "dsn", "postgresql:///?sslmode=require"),
        ("ssl=verify-full&sslrootcert=/ca.pem", "dsn", "postgresql:///?sslmode=verify-full&sslrootcert=%2Fca.pem"),
        ("connect_timeout=3", "timeout", 3.0),
        ("connect_timeout=0", "timeout", None),
        ("target_session_attrs=read-write", "target_session_attrs", "read-write"),
        ("command_timeout=2.5", "command_timeout", 2.5),
        ("channel_binding=prefer&gssencmode=disable", "timeout", 10.0),
    ],
)
def test_words_of_libpq_become_arguments_of_the_driver(query: str, name: str, value: Any) -> None:
    assert arguments(query)[name] == value


def test_words_about_the_session_become_settings_beside_the_timeouts() -> None:
    settings = arguments("application_name=shop&options=-c%20geqo%3Doff", statement_timeout=1.0)["server_settings"]

    assert settings == {
        "application_name": "shop",
        "options": "-c geqo=off",
        "lock_timeout": "5000",
        "statement_timeout": "1000",
    }


@pytest.mark.parametrize("query", ["pgbouncer=true", "statement_cache_size=0", "prepared_statement_cache_size=0"])
def test_a_pooler_gets_no_startup_parameter_and_no_named_statement(query: str) -> None:
    given = arguments(query)

    assert (given["server_settings"], given["statement_cache_size"]) == ({}, 0)
    assert given["prepared_statement_name_func"]() == ""
    assert arguments("", transaction_pooler=True)["server_settings"] == {}


def test_arguments_of_the_driver_win() -> None:
    assert arguments("connect_timeout=3", connect_args={"timeout": 7})["timeout"] == 7


@pytest.mark.parametrize(
    ("url", "named"),
    [
        (f"{HOSTED}?connection_limit=1", "connection_limit"),
        (f"{HOSTED}?schema=public", "schema"),
        (f"{HOSTED}?channel_binding=require", "channel_binding=require"),
        (f"{HOSTED}?sslmode=on", "sslmode=on"),
        (f"{HOSTED}?connect_timeout=soon", "connect_timeout=soon"),
        (f"{HOSTED}?sslmode=require&sslmode=disable", "sslmode"),
        ("postgresql://ada@/shop?host=/run/postgresql&sslmode=require", "sslmode=require"),
        ("postgresql://db.example.org:port/shop", "cannot be read"),
        ("sqlite:///shop.db?sslmode=require", "sslmode"),
        ("mysql://db.example.org/shop", "mysql"),
        ("shop.db", "cannot be read"),
    ],
)
def test_other_words_are_refused_by_name(url: str, named: str) -> None:
    with pytest.raises(DatabaseStateError) as raised:
        Database(url)

    assert named in raised.value.what
    assert "secret" not in str(raised.value)


def test_a_server_is_asked_with_these_words(postgres_url: str) -> None:
    async def main() -> list[Any]:
        url = f"{postgres_url}&sslmode=prefer&application_name=shop&options=-c%20geqo%3Doff&connect_timeout=5"
        async with Database(url) as database, database.connection() as connection:
            names = ("application_name", "geqo", "lock_timeout")
            return [(await connection.execute(text(f"SHOW {name}"))).scalar_one() for name in names]

    assert asyncio.run(main()) == ["shop", "off", "5s"]


def test_the_words_of_a_server_that_refuses_are_kept(postgres_url: str) -> None:
    async def main() -> None:
        async with Database(
            postgres_url.replace("postgresql+asyncpg://vega@", "postgresql://nobody_here@")
        ) as database:
            await database.ping()

    with pytest.raises(DataError, match="nobody_here"):
        asyncio.run(main())
