"""Rows that do not fit their entity: one error that names entity, field, identifier and value."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from vega.data import Database, SQLAlchemyRepository, UnreadableValueError
from vega.patterns.query import max_


class Colour(Enum):
    RED = "red"
    GREEN = "green"


@dataclass
class Car:
    id: str
    colour: Colour
    sizes: list[int]
    day: date | None = None
    price: Decimal | None = None

    def __post_init__(self) -> None:
        if self.id == "broken":
            raise ValueError("this car is broken")


def with_cars(url: str, change: str, body: Any) -> None:
    async def main() -> None:
        async with Database(url, package="-") as database:
            cars = SQLAlchemyRepository(Car, database=database)
            await database.create_all()
            await cars.add_many([Car(id, Colour.RED, [1], date(2026, 1, 1), Decimal(1)) for id in ("1", "2", "3")])
            async with database.connection() as connection:
                await connection.execute(text(change))
            await body(cars, database)

    asyncio.run(main())


CHANGES = [
    ("UPDATE cars SET colour = 'blue' WHERE id = '2'", "colour", "'blue'"),
    ("UPDATE cars SET sizes = '[\"x\"]' WHERE id = '2'", "sizes", "x"),
]
ON_SQLITE = [
    ("UPDATE cars SET day = 'soon' WHERE id = '2'", "day", "'soon'"),
    ("UPDATE cars SET sizes = '{' WHERE id = '2'", "sizes", "'{'"),
    ("UPDATE cars SET price = 'dear' WHERE id = '2'", "price", "'dear'"),
]


@pytest.mark.parametrize(("change", "field", "value"), CHANGES)
def test_a_value_that_cannot_be_read_is_named(database_url: str, change: str, field: str, value: str) -> None:
    async def body(cars: Any, database: Database) -> None:
        async with database.unit():
            for ask in (cars.find_by_id("2"), cars.find_all(), cars.query().order_by("day").cursor(size=3)):
                with pytest.raises(UnreadableValueError, match=rf"Car\.{field}") as raised:
                    await ask
                assert value in raised.value.what
                assert "'2'" in raised.value.where
        assert (await cars.get("1")).id == "1"
        with pytest.raises(UnreadableValueError, match="Car"):
            [car async for car in cars.query().order_by("day").stream()]

    with_cars(database_url, change, body)


@pytest.mark.parametrize(("change", "field", "value"), ON_SQLITE)
def test_another_type_in_a_column_of_sqlite_is_named(tmp_path: Any, change: str, field: str, value: str) -> None:
    async def body(cars: Any, _: Database) -> None:
        with pytest.raises(UnreadableValueError, match=rf"Car\.{field}") as raised:
            await cars.find_all()
        assert value in raised.value.what
        assert "'2'" in raised.value.where

    with_cars(f"sqlite:///{tmp_path / 'cars.db'}", change, body)


def test_a_largest_value_that_cannot_be_read_is_an_error_of_ours(tmp_path: Any) -> None:
    async def body(cars: Any, _: Database) -> None:
        with pytest.raises(UnreadableValueError, match="Car"):
            await cars.query().aggregate(last=max_("day"))

    with_cars(f"sqlite:///{tmp_path / 'cars.db'}", "UPDATE cars SET day = 'soon'", body)


def test_an_entity_that_refuses_its_stored_values_is_named(database_url: str) -> None:
    async def body(cars: Any, _: Database) -> None:
        with pytest.raises(UnreadableValueError, match="this car is broken"):
            await cars.find_all()

    with_cars(database_url, "UPDATE cars SET id = 'broken' WHERE id = '2'", body)


def test_statements_of_a_user_raise_the_errors_of_sqlalchemy(database_url: str) -> None:
    async def body(_: Any, database: Database) -> None:
        with pytest.raises(SQLAlchemyError):
            async with database.connection() as connection:
                await connection.execute(text("SELECT nothing FROM nowhere"))

    with_cars(database_url, "UPDATE cars SET id = id", body)
