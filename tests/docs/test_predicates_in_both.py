"""Sentences of the guide "Predicates" that are about memory and a database alike."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from vega.data import Database, InMemoryRepository, SQLAlchemyRepository
from vega.patterns import Specification
from vega.patterns.query import Naive, UnknownFieldError


class Size(Enum):
    SMALL = "s"
    LARGE = "l"


@dataclass
class Parcel:
    id: int
    name: str = ""
    weight: float = 0.0
    price: Decimal = Decimal(0)
    sent: datetime | None = None
    local: Annotated[datetime, Naive()] | None = None
    size: Size | None = None
    key: UUID | None = None
    blob: bytes | None = None


NOON = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))
HOUR = datetime(2026, 1, 1, 9)  # noqa: DTZ001 - a local time
LOW, HIGH = UUID(int=0x7F << 120), UUID(int=0x80 << 120)
PARCELS = (
    Parcel(1, "a", 0.1 + 0.2, Decimal("9.50"), NOON, HOUR, Size.SMALL, LOW, b"\x7f"),
    Parcel(2, "b", 0.3, Decimal("9.500000000000000001"), None, None, Size.LARGE, HIGH, b"\x7f\x00"),
    Parcel(3, "c", 0.5, Decimal(10), None, None, None, None, b"\x80"),
)


def in_both(work: Callable[[Any], Any]) -> Any:
    """Run some work on a repository in memory and on one in a database; return what both gave."""

    async def main() -> tuple[Any, Any]:
        memory = InMemoryRepository(Parcel)
        async with Database("sqlite+aiosqlite://", package="-") as database:
            stored = SQLAlchemyRepository(Parcel, database=database)
            await database.create_all()
            for repository in (memory, stored):
                await repository.add_many(PARCELS)
            return await work(memory), await work(stored)

    answers = asyncio.run(main())
    assert answers[0] == answers[1]
    return answers[0]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (lambda p: p.weight == 0.3, [2]),
        (lambda p: p.price == Decimal("9.5"), [1]),
        (lambda p: p.price > Decimal("9.5"), [2, 3]),
        (lambda p: p.price == Decimal("9.5000000000000000010"), [2]),
        (lambda p: p.sent == NOON.astimezone(UTC), [1]),
        (lambda p: p.local == HOUR, [1]),
        (lambda p: p.size == Size.LARGE, [2]),
        (lambda p: p.size != Size.LARGE, [1]),
        (lambda p: p.key < HIGH, [1]),
        (lambda p: p.blob > b"\x7f", [2, 3]),
        (lambda p: p.blob < b"\x80", [1, 2]),
    ],
)
def test_both_answer_alike(where: Any, expected: list[int]) -> None:
    async def work(repository: Any) -> list[int]:
        return [parcel.id for parcel in await repository.query().where(where).get()]

    assert in_both(work) == expected


def test_what_is_stored_is_read_in_utc() -> None:
    async def work(repository: Any) -> Any:
        return (await repository.find_by_id(1)).sent

    async def zone_in_database() -> object:
        async with Database("sqlite+aiosqlite://", package="-") as database:
            stored = SQLAlchemyRepository(Parcel, database=database)
            await database.create_all()
            await stored.add(PARCELS[0])
            found = await stored.find_by_id(1)
            assert found is not None
            assert found.sent is not None
            return found.sent.tzinfo

    assert in_both(work) == NOON
    assert asyncio.run(zone_in_database()) is UTC


def test_three_places_take_predicates() -> None:
    class Named(Specification[Parcel]):
        def predicate(self, parcel: Parcel) -> Any:
            return parcel.name == "b"

    async def work(repository: Any) -> list[list[int]]:
        query = repository.query()
        asked = (query.where(Named()), query.where(lambda p: p.name == "b"), query.where("name", "like", "b%"))
        return [[parcel.id for parcel in await each.get()] for each in asked]

    assert in_both(work) == [[2], [2], [2]]


def test_a_predicate_runs_once() -> None:
    runs: list[object] = []

    async def work(repository: Any) -> int:
        del runs[:]

        def asked(parcel: Any) -> Any:
            runs.append(parcel)
            return parcel.name > "a"

        query = repository.query().where(asked)
        await query.get()
        await query.count()
        return len(runs)

    assert in_both(work) == 1


def test_names_are_checked_when_the_query_is_built() -> None:
    query: Any = InMemoryRepository(Parcel).query()

    with pytest.raises(UnknownFieldError, match="did you mean 'name'"):
        query.where(lambda p: p.nmae == "b")
    with pytest.raises(UnknownFieldError, match="did you mean 'name'"):
        query.where("nmae", "=", "b")


def test_a_specification_may_bring_its_own_sql() -> None:
    class Odd(Specification[Parcel]):
        def is_satisfied_by(self, entity: Parcel) -> bool:
            return entity.id % 2 == 1

        def to_sql_expression(self) -> Any:
            return sa.column("id") % 2 == 1

    async def work(repository: Any) -> list[int]:
        return [parcel.id for parcel in await repository.query().where(Odd()).get()]

    assert in_both(work) == [1, 3]
