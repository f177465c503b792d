"""Value objects and collections of an entity: missing, empty, or of a wrong type, in every store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from vega.data import Database, InvalidEntityError, MappingError, SQLAlchemyRepository
from vega.patterns import EntityNotFoundError
from vega.patterns.query import any_, is_distinct, is_null

Runner = Callable[..., Any]


@dataclass
class Place:
    city: str


@dataclass
class Stop:
    place: Place
    via: Place | None = None
    note: str | None = None


@dataclass
class Trip:
    name: str
    start: Place
    goal: Place | None = None
    alias: str | None = None
    stops: list[Stop] = field(default_factory=list)
    id: int | None = None


def test_questions_whose_answer_is_known_are_answered(run: Runner) -> None:
    async def body(trips: Any) -> None:
        await trips.add_many([Trip("a", Place("Rome"), alias="a"), Trip("b", Place("Rome"), Place("Oslo"))])
        ask = trips.query()

        assert await ask.limit(0).get() == []
        assert await trips.add_many([]) == []
        assert await trips.upsert_many([]) == []
        assert await ask.where(lambda t: is_null(t.start)).get() == []
        assert [one.name for one in await ask.where(lambda t: is_null(t.goal)).get()] == ["a"]
        assert [one.name for one in await ask.where(lambda t: is_distinct(t.name, t.alias)).get()] == ["b"]
        assert await ask.where(lambda t: any_(t.stops, lambda s: is_null(s.via))).count() == 0
        assert await trips.find_by_id(None) is None
        assert not await trips.delete(None)
        with pytest.raises(EntityNotFoundError):
            await trips.update(Trip("c", Place("Bern")))

    run(Trip, body)


def test_a_collection_that_is_none_is_empty_and_another_value_is_refused(run: Runner) -> None:
    async def body(trips: Any) -> None:
        bare = await trips.add(Trip("a", Place("Rome"), stops=None))  # type: ignore[arg-type] # stored as an empty one
        assert (await trips.get(bare.id)).stops == []
        with pytest.raises(InvalidEntityError, match="not a collection"):
            await trips.add(Trip("b", Place("Rome"), stops=5))  # type: ignore[arg-type] # the mistake under test
        with pytest.raises(InvalidEntityError):
            await trips.add(Place("Rome"))

    run(Trip, body)


@dataclass
class Part:
    position: int


@dataclass
class Machine:
    id: str
    parts: list[Part] = field(default_factory=list)


def test_a_part_may_not_take_the_column_of_its_position() -> None:
    with pytest.raises(MappingError, match="would hide the column position"):
        SQLAlchemyRepository(Machine, database=Database("sqlite://"))
