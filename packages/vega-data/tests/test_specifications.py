"""Specifications that bring SQL of their own, alone and combined, and what is no specification at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import column

from vega.data import Database, SQLAlchemyRepository
from vega.patterns import Specification
from vega.patterns.query import InvalidPredicateError, UnsupportedPredicateError

Runner = Callable[..., Any]


@dataclass
class Size:
    width: int


@dataclass
class Box:
    id: int
    owner: str
    sender: str | None = None
    size: Size = field(default_factory=lambda: Size(1))


BOXES = [Box(1, "ada", "ada"), Box(2, "bob"), Box(3, "eve", "ada"), Box(4, "ada")]


class OwnedBy(Specification[Box]):
    """Both forms, kept equal by hand."""

    def __init__(self, owner: str) -> None:
        self.owner = owner

    def is_satisfied_by(self, entity: Box) -> bool:
        return entity.owner == self.owner

    def to_sql_expression(self) -> Any:
        return column("owner") == self.owner


class Sent(Specification[Box]):
    """One form for both."""

    def predicate(self, entity: Any) -> Any:
        return entity.sender.is_not_null()


class Plain(Specification[Box]):
    """Python alone."""

    def is_satisfied_by(self, entity: Box) -> bool:
        return entity.owner < "b"


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (OwnedBy("ada"), [1, 4]),
        (OwnedBy("ada") & Sent(), [1]),
        (OwnedBy("bob") | Sent(), [1, 2, 3]),
        (~OwnedBy("ada"), [2, 3]),
        (~(OwnedBy("ada") & ~Sent()) & ~OwnedBy("bob"), [1, 3]),
    ],
)
def test_sql_of_one_s_own_answers_as_python_does(run: Runner, spec: Specification[Box], expected: list[int]) -> None:
    async def body(boxes: Any) -> Any:
        await boxes.add_many(BOXES)
        return [box.id for box in await boxes.find_by_spec(spec)]

    assert run(Box, body) == expected
    assert [box.id for box in BOXES if spec.is_satisfied_by(box)] == expected


@pytest.mark.parametrize("spec", [Plain(), OwnedBy("ada") & Plain(), ~Plain()])
def test_plain_python_is_refused_by_a_database(database_url: str, spec: Specification[Box]) -> None:
    async def main() -> None:
        async with Database(database_url, package="nothing declared") as database:
            boxes = SQLAlchemyRepository(Box, database=database)
            with pytest.raises(UnsupportedPredicateError, match="Plain is plain Python"):
                await boxes.find_by_spec(spec)

    asyncio.run(main())


def test_what_is_no_specification_is_refused(run: Runner) -> None:
    async def body(boxes: Any) -> None:
        with pytest.raises(InvalidPredicateError):
            await boxes.find_by_spec(object())

    run(Box, body)


def test_two_fields_are_compared_with_null_as_a_value(run: Runner) -> None:
    async def body(boxes: Any) -> Any:
        await boxes.add_many(BOXES)
        query = boxes.query()
        return (
            [box.id for box in await query.where(lambda box: box.sender.is_distinct_from(box.owner)).get()],
            [box.id for box in await query.where(lambda box: box.sender.is_distinct_from(None)).get()],
        )

    assert run(Box, body) == ([2, 3, 4], [1, 3])


def test_a_value_object_that_is_always_there_is_never_missing(run: Runner) -> None:
    async def body(boxes: Any) -> Any:
        await boxes.add_many(BOXES)
        query = boxes.query()
        return (
            await query.where(lambda box: box.size.is_null()).count(),
            await query.where(lambda box: box.size.is_not_null()).count(),
        )

    assert run(Box, body) == (0, 4)
