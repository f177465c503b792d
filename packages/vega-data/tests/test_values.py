"""Values of fields: the same type and form in every store, within bounds that hold in every store."""

from __future__ import annotations

import pickle
import time as clock
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, Flag, IntEnum
from pathlib import Path
from typing import Annotated, Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from vega.data import InMemoryRepository, InvalidEntityError, MappingError
from vega.patterns import Specification
from vega.patterns.query import FilterSet, InvalidValueError, Kind, Naive
from vega.patterns.query.values import LONGEST_TEXT, check_constant

Runner = Callable[..., Any]
BERLIN = ZoneInfo("Europe/Berlin")


class Moment(datetime):
    """A datetime as other libraries subclass it."""


class Day(date):
    """A date of a library."""


class Ref(UUID):
    """A UUID as a driver gives it."""


class Word(str):
    """A text of a library."""

    __slots__ = ()


class Real(float):
    """A float of a library."""


class Level(IntEnum):
    LOW = 1


class Rights(Flag):
    READ = 1
    WRITE = 2


class Colour(Enum):
    RED = "red"


class Point(NamedTuple):
    x: int
    y: int


@dataclass
class Kept:
    id: str
    text: str | None = None
    number: int | None = None
    weight: float | None = None
    price: Decimal | None = None
    at: datetime | None = None
    local: Annotated[datetime | None, Naive()] = None
    day: date | None = None
    hour: time | None = None
    wait: timedelta | None = None
    ref: UUID | None = None
    blob: bytes | None = None
    rights: Rights | None = None
    body: dict[str, Any] | None = None
    items: list[Any] | None = None
    tags: tuple[str, ...] = ()
    prices: dict[str, Decimal] = field(default_factory=dict[str, Decimal])
    weights: dict[str, float] = field(default_factory=dict[str, float])
    colours: set[Colour] = field(default_factory=set[Colour])
    refs: list[UUID] = field(default_factory=list[UUID])


class Unknown:
    """Nothing that pydantic knows."""


@dataclass
class Owned:
    id: UUID | None
    owner: UUID


@dataclass
class Odd:
    id: str
    things: list[Unknown]


REF = "12345678-1234-5678-1234-567812345678"
NOON = datetime(2024, 7, 1, 12, tzinfo=UTC)
DEEP: Any = 1
for _ in range(200):
    DEEP = [DEEP]

FORMS: list[tuple[str, Any, Any]] = [
    ("text", Word("a"), "a"),
    ("number", Level.LOW, 1),
    ("weight", 3, 3.0),
    ("weight", Real(0.5), 0.5),
    ("weight", -0.0, 0.0),
    ("price", 3, Decimal(3)),
    ("price", Decimal("1E+3"), Decimal(1000)),
    ("price", Decimal("-0.00"), Decimal("0.00")),
    ("price", Decimal("1.10"), Decimal("1.10")),
    ("price", Decimal("9" * 1000), Decimal("9" * 1000)),
    ("price", Decimal("1E-1000"), Decimal("1E-1000")),
    ("at", NOON.astimezone(BERLIN), NOON),
    ("at", Moment(2024, 7, 1, 12, tzinfo=UTC), NOON),
    ("at", datetime(2024, 10, 27, 2, 30, fold=1, tzinfo=BERLIN), datetime(2024, 10, 27, 1, 30, tzinfo=UTC)),
    ("at", datetime(2024, 3, 31, 2, 30, tzinfo=BERLIN), datetime(2024, 3, 31, 1, 30, tzinfo=UTC)),
    ("local", datetime(2024, 10, 27, 2, 30, fold=1), datetime(2024, 10, 27, 2, 30)),  # noqa: DTZ001 - of the clock
    ("day", Day(2024, 1, 1), date(2024, 1, 1)),
    ("hour", time(2, 30, fold=1), time(2, 30)),
    ("wait", timedelta(microseconds=2**63 - 1), timedelta(microseconds=2**63 - 1)),
    ("wait", -timedelta(microseconds=2**63 - 1), -timedelta(microseconds=2**63 - 1)),
    ("ref", Ref(REF), UUID(REF)),
    ("rights", Rights.WRITE, Rights.WRITE),
    ("body", {"a": None, "b": [1, {"x": [True, "é"]}]}, {"a": None, "b": [1, {"x": [True, "é"]}]}),
    ("body", {"large": 1e308, "small": 5e-324, "round": 1e16, "whole": 2.0, "int": 2**70}, ...),
    ("items", [1, "a", {"e+": 1e20}], [1, "a", {"e+": 1e20}]),
    ("tags", ("a", "b"), ("a", "b")),
    ("prices", {"a": Decimal("1.10")}, {"a": Decimal("1.10")}),
    ("weights", {"a": 1}, {"a": 1.0}),
    ("colours", {Colour.RED}, {Colour.RED}),
    ("refs", [UUID(REF)], [UUID(REF)]),
]
REFUSED: list[tuple[str, Any]] = [
    ("price", Decimal("1E+1000")),
    ("price", Decimal("1E-1001")),
    ("price", Decimal("1E+999999999999999999")),
    ("price", 10**1001),
    ("price", Decimal("sNaN")),
    ("wait", timedelta.max),
    ("wait", timedelta.min),
    ("hour", time(1, tzinfo=BERLIN)),
    ("local", NOON),
    ("rights", Rights.READ | Rights.WRITE),
    ("rights", Rights(0)),
    ("body", []),
    ("body", {1: "a"}),
    ("body", {"a": float("nan")}),
    ("body", {"a": float("-inf")}),
    ("body", {"a": Decimal(1)}),
    ("body", {"a": NOON}),
    ("body", {"a": (1, 2)}),
    ("body", {"a": Point(1, 2)}),
    ("body", {"a": {1}}),
    ("body", {"a": b"\xff"}),
    ("body", {"a": Colour.RED}),
    ("body", {"a": Level.LOW}),
    ("body", {"a": "x\0"}),
    ("body", {"a\0": 1}),
    ("body", {"a": "\ud800"}),
    ("body", {"a": 10**2000}),
    ("body", {"a": DEEP}),
    ("items", (1, 2)),
    ("items", DEEP),
    ("tags", ["a", "b"]),
    ("tags", ("a\0",)),
    ("tags", ("a", 1)),
    ("prices", {"a": Decimal("NaN")}),
    ("prices", {"a": "1.10"}),
    ("weights", {"a": float("inf")}),
    ("colours", {"red"}),
]


def test_a_value_has_the_same_type_and_form_in_every_store(run: Runner) -> None:
    async def body(kept: Any) -> None:
        for number, (name, given, _) in enumerate(FORMS):
            await kept.add(Kept(f"{number:03d}", **{name: given}))
        await kept.add_many(
            [Kept(f"many {number:03d}", **{name: given}) for number, (name, given, _) in enumerate(FORMS)]
        )
        stored = await kept.find_all()

        for one, (name, given, wanted) in zip(stored, FORMS * 2, strict=True):
            assert exactly(getattr(one, name)) == exactly(given if wanted is ... else wanted), name

    run(Kept, body)


def exactly(value: Any) -> Any:
    """Return a value with its types, for comparison."""
    if isinstance(value, dict):
        return {key: exactly(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value), [exactly(item) for item in value]
    tz = value.tzinfo if isinstance(value, datetime) else None
    return type(value), repr(value), tz


def test_a_value_that_would_come_back_as_another_is_refused_in_every_store(run: Runner) -> None:
    async def body(kept: Any) -> None:
        for name, value in REFUSED:
            with pytest.raises(InvalidEntityError, match=rf"Kept\.{name}"):
                await kept.add(Kept("1", **{name: value}))
            with pytest.raises(InvalidEntityError):
                await kept.add_many([Kept("1"), Kept("2", **{name: value})])
        assert await kept.count() == 0

    run(Kept, body)


def test_identifiers_that_were_read_are_of_the_standard_library(run: Runner) -> None:
    async def body(owned: Any) -> None:
        await owned.add_many([Owned(None, UUID(REF)), Owned(None, UUID(REF))])
        found = (
            await owned.query().where("owner", "in", [UUID(int=number) for number in range(300)] + [UUID(REF)]).get()
        )

        assert [(type(one.id), type(one.owner)) for one in found] == [(UUID, UUID)] * 2
        assert b"asyncpg" not in pickle.dumps([one.owner for one in found])
        assert await owned.find_by_id(found[0].id) == found[0]

    run(Owned, body)


def test_what_memory_keeps_is_not_changed_through_a_value(tmp_path: Path) -> None:
    import asyncio

    async def main() -> None:
        kept = InMemoryRepository(Kept)
        body, colours = {"a": [1]}, {Colour.RED}
        await kept.add(Kept("1", body=body, colours=colours))
        body["a"].append(2)
        colours.clear()

        found = await kept.get("1")
        assert (found.body, found.colours) == ({"a": [1]}, {Colour.RED})

    asyncio.run(main())


def test_a_type_that_json_cannot_hold_is_named(run: Runner) -> None:
    async def body(odd: Any) -> None:
        with pytest.raises(MappingError, match="Unknown"):
            await odd.add(Odd("1", [Unknown()]))

    run(Odd, body)


@pytest.mark.parametrize("text", ["1E+60000000", "-1E+999999999999999999", "1E-999999999", "9" * 1000 + "E5"])
def test_a_short_text_of_a_request_costs_microseconds(text: str) -> None:
    query = InMemoryRepository(Kept).query()
    start = clock.thread_time()
    with pytest.raises(InvalidValueError):
        FilterSet(allow={"price": {"ge"}}).apply(query, {"price__ge": text})

    assert clock.thread_time() - start < 0.02


def test_texts_and_bytes_have_a_largest_size() -> None:
    for kind, value in ((Kind.TEXT, "x" * (LONGEST_TEXT + 1)), (Kind.BYTES, bytes(LONGEST_TEXT + 1))):
        with pytest.raises(InvalidValueError, match="134,217,728"):
            check_constant(kind, str, value, "a test")


def test_every_kind_of_field_is_tried() -> None:
    assert {one.name for one in fields(Kept)} - {name for name, _, _ in FORMS} == {"id", "blob"}


@dataclass
class Place:
    city: str
    floor: float = 0.0


@dataclass
class House:
    id: str
    place: Place


class Anywhere(Specification[House]):
    def predicate(self, house: Any) -> Any:
        return house.id.is_not_null()


def test_fields_of_value_objects_are_changed_in_every_store(run: Runner) -> None:
    async def body(houses: Any) -> None:
        await houses.add(House("1", Place("Rome", 1)))

        assert await houses.update_where(Anywhere(), **{"place.floor": 2}) == 1
        assert exactly((await houses.get("1")).place.floor) == exactly(2.0)

    run(House, body)
