"""Hostile names and sizes: what is not declared ends in a typed error, and nothing is sent."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from vega.data import Database, SQLAlchemyRepository
from vega.patterns.query import FilterSet, QueryError


@dataclass
class Account:
    id: int
    email: str
    password: str = ""


SEEDS = [
    "id; drop table accounts",
    "id desc--",
    "id/**/desc",
    "id DESC, (SELECT 1)",
    "__class__",
    "__init__",
    "__dict__",
    "__annotations__",
    "metadata",
    "registry",
    "_private",
    "email->b",
    "email->>'b'",
    "email::text",
    "email.__class__",
    "id.value",
    "id)",
    "id' or '1'='1",
    '"id"',
    "`id`",
    "[id]",
    "id,email",
    "accounts.id",
    "1",
    "*",
    "null",
    "",
    " id",
    "id ",
    "ID",
    "Email",
    "email\0",
    "em\tail",
    "em\nail",
    "ｅmail",  # noqa: RUF001 - a letter that only looks like another is the point
    "emaıl",  # noqa: RUF001 - the same
    "{id}",
    "%(id)s",
    ":id",
    "$1",
    "?",
    "count(*)",
    "pg_sleep(10)",
    "sqlite_version()",
    "\ud800",
    "😀",
    "x" * 10_000,
]
_WRAPS = ("{0}", "{0};", "({0})", "'{0}", "{0}--", "{0}/*", "{0}.{0}", " {0}", "{0}\0", "email {0}", "{0} or 1=1")


def hostile_names() -> list[str]:
    """Return 500 different names, none of them declared."""
    found = dict.fromkeys(wrap.format(seed) for wrap in _WRAPS for seed in SEEDS if wrap != "{0}" or seed != "email")
    chance = random.Random(20_260_101)  # the same names at every run
    while len(found) < 500:
        found["".join(chance.choices("id email;'\"-(),.*%_\\\0", k=chance.randint(1, 40)))] = None
    return [name for name in found if name not in {"id", "email", "password"}][:500]


def attempts(accounts: Any, name: str) -> Iterator[Any]:
    """Yield every way in which a name can come in."""
    yield lambda: accounts.query().where(name, "=", 1)
    yield lambda: accounts.query().where("email", name, "x")
    yield lambda: accounts.query().order_by(name)
    yield lambda: accounts.query().order_by("email", name)
    yield lambda: accounts.query().order_by("email", "asc", nulls=name)
    yield lambda: accounts.query().group(name)
    yield lambda: accounts.query().limit(name)
    yield lambda: accounts.query().offset(name)


def test_five_hundred_hostile_names_are_refused_and_none_is_sent(tmp_path: Path, sent: Any) -> None:
    async def main() -> list[str]:
        async with Database(f"sqlite:///{tmp_path / 'test.db'}") as database:
            accounts: Any = SQLAlchemyRepository(Account, database=database)
            accepted: list[str] = []
            with sent(database) as seen:
                for name in hostile_names():
                    for attempt in attempts(accounts, name):
                        with suppress(QueryError):
                            attempt()
                            accepted.append(name)
                for cursor in filter(None, hostile_names()):  # an empty one asks for the first page
                    for place in ("after", "before"):
                        with suppress(QueryError):
                            await accounts.query().cursor(**{place: cursor})
                            accepted.append(cursor)
            assert seen == []
            return accepted

    assert len(hostile_names()) == 500
    assert asyncio.run(main()) == []


def test_requests_with_hostile_names_are_refused_before_anything_is_sent(tmp_path: Path, sent: Any) -> None:
    filters: Any = FilterSet(allow={"email": {"eq", "like"}}, sort={"email"}, max_limit=100)

    async def main() -> list[str]:
        async with Database(f"sqlite:///{tmp_path / 'test.db'}") as database:
            accounts: Any = SQLAlchemyRepository(Account, database=database)
            accepted: list[str] = []
            with sent(database) as seen:
                for name in [*hostile_names(), "password"]:
                    for request in ({name: "x"}, {f"email__{name}": "x"}, {"sort": name}):
                        with suppress(QueryError):
                            filters.apply(accounts.query(), request)
                            accepted.append(name)
            assert seen == []
            return accepted

    assert asyncio.run(main()) == []


@pytest.mark.parametrize("size", [-1, 10**10, "abc", float("nan"), True, None])
def test_sizes_that_are_no_sizes_are_refused_everywhere(tmp_path: Path, sent: Any, size: Any) -> None:
    async def main() -> None:
        async with Database(f"sqlite:///{tmp_path / 'test.db'}") as database:
            accounts: Any = SQLAlchemyRepository(Account, database=database)
            with sent(database) as seen:
                for attempt in (
                    lambda: accounts.query().page(number=size),
                    lambda: accounts.query().page(size=size),
                    lambda: accounts.query().slice(size=size),
                    lambda: accounts.query().cursor(size=size),
                    lambda: accounts.find_all(limit=size),
                    lambda: accounts.find_all(offset=size),
                ):
                    with pytest.raises(QueryError):
                        await attempt()
            assert seen == []

    asyncio.run(main())
