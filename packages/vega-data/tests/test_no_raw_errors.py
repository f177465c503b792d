"""Hostile values and schemas: a public call gives an error of Vega, never one of a library beneath it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from vega.data import Database, EntityMapping, InMemoryRepository, SQLAlchemyRepository
from vega.errors import CoreError
from vega.patterns import Specification


class Colour(Enum):
    RED = "red"


@dataclass
class Part:
    name: str
    size: int = 0


@dataclass
class Thing:
    id: Any
    text: Any = "a"
    number: Any = 1
    weight: Any = None
    price: Any = None
    at: Any = None
    wait: Any = None
    ref: Any = None
    colour: Any = None
    body: Any = field(default_factory=dict[str, Any])
    part: Any = field(default_factory=lambda: Part("p"))
    parts: Any = field(default_factory=list[Part])


# The annotations that the store reads; the values below keep to none of them.
Thing.__annotations__ |= {
    "id": "int | None",
    "text": "str",
    "number": "int",
    "weight": "float | None",
    "price": "Decimal | None",
    "at": "datetime | None",
    "wait": "timedelta | None",
    "ref": "UUID | None",
    "colour": "Colour | None",
    "body": "dict[str, Any]",
    "part": "Part",
    "parts": "list[Part]",
}
NAMES = ["text", "number", "weight", "price", "at", "wait", "ref", "colour", "body", "part", "parts", "id"]
_ = (datetime, timedelta, Decimal, UUID)


COLUMNS = [*(name for name in NAMES if not name.startswith("part")), "part_name", "part_size"]


class Equal:
    """Nothing that can be compared, hashed or shown with ease."""

    __hash__ = None  # type: ignore[assignment] # the point of it

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("compared")


circular: list[Any] = []
circular.append(circular)
hostile = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(2**62, 2**80),
    st.floats(),
    st.decimals(),
    st.text(max_size=5),
    st.sampled_from(["a\0b", "\ud800", b"\xff", 10**5000, Decimal("1E+999999"), float("nan"), timedelta.max]),
    st.sampled_from([[], {}, (), {1}, {"a": {1}}, {1: 2}, circular, {"c": circular}]),
    st.builds(Equal),
    st.builds(object),
    st.just(Part),
    st.lists(st.builds(Part, st.none() | st.text(max_size=3), st.none() | st.integers()), max_size=2),
    st.sampled_from([Part(5, "x"), [Part("a"), None], Colour, "red", UUID(int=1)]),  # type: ignore[arg-type] # the point
)


class Everything(Specification[Thing]):
    def predicate(self, thing: Any) -> Any:
        return thing.number.is_not_null()


Call = Callable[[Any, str, Any], Awaitable[Any]]
CALLS: list[Call] = [
    lambda things, name, value: things.add(Thing(**{"id": None, name: value})),
    lambda things, name, value: things.add_many([Thing(None), Thing(**{"id": None, name: value})]),
    lambda things, name, value: things.save(Thing(**{"id": 1, name: value})),
    lambda things, name, value: things.update(Thing(**{"id": 1, name: value})),
    lambda things, name, value: things.upsert_many([Thing(**{"id": 1, name: value})]),
    lambda things, name, value: things.add_if_absent(Thing(**{"id": 1, name: value})),
    lambda things, name, value: things.upsert_many([Thing(**{"id": None, name: value})], on=("text",)),
    lambda things, name, value: things.update_where(Everything(), **{name: value}),
    lambda things, name, value: things.find_by_id(value),
    lambda things, name, value: things.get(value),
    lambda things, name, value: things.delete(value),
    lambda things, name, value: things.query().where(name, "=", value).get(),
    lambda things, name, value: things.query().where(name, "in", [value]).get(),
    lambda things, name, value: things.query().where(name, "<", value).order_by(name).first(),
    lambda things, name, value: things.find_all(value, 0),
    lambda things, name, value: things.query().cursor(after=value),
    lambda things, name, value: things.add(value),
    lambda things, name, value: things.add_many([value]),
]


async def attempt(things: Any, calls: list[tuple[int, str, Any]]) -> None:
    for number, name, value in calls:
        with suppress(CoreError):
            await CALLS[number](things, name, value)


drawn = st.lists(st.tuples(st.integers(0, len(CALLS) - 1), st.sampled_from(NAMES), hostile), min_size=20, max_size=20)


@settings(max_examples=settings().max_examples // 2, deadline=None, suppress_health_check=list(HealthCheck))
@given(calls=drawn)
def test_hostile_values_raise_errors_of_vega(
    postgres_url: str, tmp_path: Path, calls: list[tuple[int, str, Any]]
) -> None:
    mapping = EntityMapping(unique=("text",))

    async def main() -> None:
        await attempt(InMemoryRepository(Thing, mapping=mapping), calls)
        for url in (f"sqlite:///{tmp_path / 'test.db'}", postgres_url):
            async with Database(url, package="-") as database:
                things = SQLAlchemyRepository(Thing, database=database, mapping=mapping)
                await database.create_all()
                await attempt(things, calls)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("number", "name", "value"),
    [(0, "weight", lambda: 10**5000), (2, "id", lambda: [[]]), (5, "body", lambda: circular)],
    ids=["an int that cannot be shown", "an identifier that cannot be hashed", "a list that holds itself"],
)
def test_a_hostile_value_in_memory_raises_an_error_of_vega(number: int, name: str, value: Callable[[], Any]) -> None:
    async def main() -> None:
        things = InMemoryRepository(Thing, mapping=EntityMapping(unique=("text",)))
        await things.add(Thing(None))
        with pytest.raises(CoreError):
            await CALLS[number](things, name, value())

    asyncio.run(main())


@pytest.mark.parametrize(
    "schema",
    [
        "SELECT 1",
        "CREATE TABLE things (id INTEGER PRIMARY KEY)",
        f"CREATE TABLE things ({', '.join(f'{name} TEXT' for name in COLUMNS)})",
        "CREATE VIEW things AS SELECT 1 AS id",
    ],
)
def test_other_schemas_raise_errors_of_vega(database_url: str, schema: str) -> None:
    async def main() -> None:
        async with Database(database_url, package="-") as database:
            things = SQLAlchemyRepository(Thing, database=database)
            async with database.connection() as connection:
                await connection.execute(text(schema))
            for name in ("text", "body"):
                await attempt(things, [(number, name, "a") for number in range(len(CALLS))])
            await attempt(things, [(number, "number", 1) for number in range(len(CALLS))])

    asyncio.run(main())
