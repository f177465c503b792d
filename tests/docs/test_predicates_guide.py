"""Every sentence of the guide "Predicates" holds."""

from __future__ import annotations

import asyncio
import math
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import pytest

from vega.data import InMemoryRepository
from vega.patterns import Specification
from vega.patterns.query import (
    FilterNotAllowedError,
    FilterSet,
    InvalidPredicateError,
    InvalidValueError,
    Private,
    UnknownFieldError,
    UnsupportedPredicateError,
    all_,
    any_,
    avg,
    count,
    in_,
    is_distinct,
    is_null,
    max_,
    not_,
    not_in,
    some,
    sum_,
)

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "predicates.md"


class Color(Enum):
    RED = "r"
    BLUE = "b"


@dataclass
class Place:
    city: str


@dataclass
class Line:
    quantity: int | None


@dataclass
class Thing:
    id: int
    text: str | None = None
    number: int | None = None
    weight: float | None = None
    price: Decimal | None = None
    at: datetime | None = None
    day: date | None = None
    color: Color | None = None
    place: Place | None = None
    secret: Annotated[str, Private()] = ""
    lines: list[Line] = field(default_factory=list)


def ids(where: Any, *things: Thing) -> list[int]:
    async def main() -> list[int]:
        repository = InMemoryRepository(Thing)
        await repository.add_many(things)
        return [thing.id for thing in await repository.query().where(where).get()]

    return asyncio.run(main())


KNOWN, UNKNOWN = Thing(1, number=20, text="b"), Thing(2)


def test_the_code_of_the_guide_runs() -> None:
    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)

    assert blocks
    page: dict[str, Any] = {"__name__": __name__}
    for block in blocks:
        exec(compile(block, str(GUIDE), "exec", dont_inherit=True), page)


@pytest.mark.parametrize(
    "where",
    [
        lambda t: t.number > 1 and t.number < 3,
        lambda t: t.number > 1 or t.number < 3,
        lambda t: not t.number > 1,
        lambda t: 1 < t.number < 3,
        lambda t: "x" in t.text,
        lambda t: t.number is None,
    ],
)
def test_what_python_cannot_record_names_what_can(where: Any) -> None:
    with pytest.raises(InvalidPredicateError, match=r"fix: .*write"):
        ids(where)


def test_unknown_names_are_told_with_the_nearest() -> None:
    with pytest.raises(UnknownFieldError, match="did you mean 'number'"):
        ids(lambda t: t.numbr > 1)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (lambda t: t.number > 18, [1]),
        (lambda t: ~(t.number > 18), []),
        (lambda t: t.number != 18, [1]),
        (lambda t: is_distinct(t.number, 18), [1, 2]),
        (lambda t: t.number == None, [2]),  # noqa: E711 - the form under test
        (lambda t: is_null(t.number), [2]),
        (lambda t: in_(t.number, []), []),
        (lambda t: not_in(t.number, []), [1, 2]),
        (lambda t: some(t.number) > 18, [1]),
        (lambda t: (t.number > 18) | is_null(t.text), [1, 2]),
        (lambda t: not_((t.number > 18) & (t.text == "b")), []),
    ],
)
def test_missing_values_are_unknown(where: Any, expected: list[int]) -> None:
    assert ids(where, KNOWN, UNKNOWN) == expected


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (lambda t: t.text > "Z", [2, 3]),
        (lambda t: t.text < "É", [1, 2]),
        (lambda t: t.text.contains("A"), []),
        (lambda t: t.text.startswith("%"), []),
        (lambda t: t.text.like("É%b"), [3]),
        (lambda t: t.text.like("é%"), []),
        (lambda t: t.text.ilike("é%"), [3]),
        (lambda t: t.text.like("_"), [1, 2]),
        (lambda t: t.text.like(r"\_"), []),
        (lambda t: t.text.ilike("%SS%"), []),
    ],
)
def test_text(where: Any, expected: list[int]) -> None:
    assert ids(where, Thing(1, text="Z"), Thing(2, text="a"), Thing(3, text="É\nßb")) == expected


@pytest.mark.parametrize(
    "where",
    [
        lambda t: in_(t.number, [1, None]),
        lambda t: t.text.like("a\\"),
        lambda t: t.text == "\0",
        lambda t: t.text == "\ud800",
        lambda t: t.number < 2**63,
        lambda t: t.weight < math.nan,  # noqa: PLW0177 - the form under test
        lambda t: t.price == 0.5,
        lambda t: t.number == True,  # noqa: E712 - the form under test
        lambda t: t.at == datetime(2026, 1, 1),  # noqa: DTZ001 - the form under test
        lambda t: t.day == datetime(2026, 1, 1, tzinfo=UTC),
        lambda t: t.at == date(2026, 1, 1),
    ],
)
def test_values_that_do_not_fit(where: Any) -> None:
    with pytest.raises(InvalidValueError):
        ids(where)


@pytest.mark.parametrize(
    "where", [lambda t: t.number + 1 == 2, lambda t: t.number // 2 == 1, lambda t: t.color > Color.RED]
)
def test_what_databases_answer_differently_is_refused(where: Any) -> None:
    with pytest.raises(UnsupportedPredicateError):
        ids(where)


def test_decimals_floats_and_instants() -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    thing = Thing(1, price=Decimal("9.50"), weight=0.1 + 0.2, at=noon)

    assert ids(lambda t: t.price == Decimal("9.5"), thing) == [1]
    assert ids(lambda t: t.weight == 0.3, thing) == []
    assert ids(lambda t: t.weight < float("inf"), thing) == [1]
    assert ids(lambda t: t.at == noon.astimezone(timezone(timedelta(hours=2))), thing) == [1]


def test_value_objects_and_collections() -> None:
    things = (
        Thing(1, place=Place("Rome"), lines=[Line(5), Line(1)]),
        Thing(2, lines=[Line(5), Line(None)]),
        Thing(3),
    )

    assert ids(lambda t: t.place.city == "Rome", *things) == [1]
    assert ids(lambda t: is_null(t.place.city), *things) == [2, 3]
    assert ids(lambda t: any_(t.lines, lambda line: line.quantity > 3), *things) == [1, 2]
    assert ids(lambda t: all_(t.lines, lambda line: line.quantity > 0), *things) == [1, 3]
    assert ids(lambda t: not_(all_(t.lines, lambda line: line.quantity > 0)), *things) == [2]


def test_order_and_aggregates() -> None:
    async def main() -> None:
        repository = InMemoryRepository(Thing)
        await repository.add_many([Thing(3, number=1), Thing(1), Thing(2, number=1)])
        query = repository.query()

        assert [thing.id for thing in await query.order_by("number", "desc").get()] == [3, 2, 1]
        assert [thing.id for thing in await query.order_by("number", nulls="first").get()] == [1, 2, 3]
        for path in ("color", "place", "lines"):
            with pytest.raises(UnsupportedPredicateError):
                query.order_by(path)
        assert await query.aggregate(n=count("number"), s=sum_("number"), m=max_("text"), a=avg("number")) == {
            "n": 2,
            "s": 2,
            "m": None,
            "a": Decimal(1),
        }
        with pytest.raises(UnsupportedPredicateError):
            await query.aggregate(s=sum_("weight"))

    asyncio.run(main())


def test_a_specification_in_plain_python_is_called_in_memory() -> None:
    class Even(Specification[Thing]):
        def is_satisfied_by(self, entity: Thing) -> bool:
            return entity.id % 2 == 0

    assert ids(Even(), Thing(1), Thing(2)) == [2]


def test_requests_ask_only_what_is_declared() -> None:
    query = InMemoryRepository(Thing).query()
    filters = FilterSet(allow={"number": {"ge"}}, sort={"number"}, max_limit=10)

    filters.apply(query, {"number__ge": "3", "sort": "-number"})
    for request in ({"number": "3"}, {"text__like": "x"}, {"sort": "text"}, {"secret": "x"}):
        with pytest.raises(FilterNotAllowedError):
            filters.apply(query, request)
    with pytest.raises(UnknownFieldError):
        query.where("secret", "=", "x")
    with pytest.raises(UnknownFieldError):
        query.order_by("secret")
