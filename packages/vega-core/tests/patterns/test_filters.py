"""Filters from a request: declared names only, read by the field's own type."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import pytest

from vega.patterns.query import (
    EntityFields,
    FilterNotAllowedError,
    FilterSet,
    InvalidPageError,
    InvalidValueError,
    MemoryExecutor,
    Naive,
    Query,
)


class Level(Enum):
    LOW = 1
    HIGH = "up"


@dataclass
class Item:
    id: int
    name: str = ""
    price: Decimal = Decimal(0)
    weight: float = 0.0
    sold: bool = False
    day: date = date(2024, 1, 1)
    at: datetime = datetime(2024, 1, 1, tzinfo=UTC)
    local: Annotated[datetime, Naive()] = datetime(2024, 1, 1)  # noqa: DTZ001 - a local time
    clock: time = time(1)
    token: UUID | None = None
    level: Level = Level.LOW


FIELDS = EntityFields.of(Item)
ITEMS = [
    Item(1, "a", Decimal("1.5"), 0.5, True, level=Level.HIGH, token=UUID(int=1)),
    Item(2, "b,c", Decimal("2.5"), 1.5, day=date(2025, 1, 1), at=datetime(2025, 1, 1, tzinfo=UTC), clock=time(2)),
    Item(3, "c", Decimal("3.5"), 2.5, local=datetime(2025, 1, 1)),  # noqa: DTZ001 - a local time
]
ALL = dict.fromkeys(FIELDS, ("eq", "ge", "in", "between", "is_null", "contains"))
OPEN = FilterSet(allow=ALL, sort=("id", "name"), max_limit=50, ignore="utm")


def query() -> Query[Item]:
    return Query(FIELDS, MemoryExecutor(lambda: ITEMS, (FIELDS["id"],)))


def selected(request: Any) -> list[int]:
    return [item.id for item in asyncio.run(OPEN.apply(query(), request).get())]


@pytest.mark.parametrize(
    ("name", "value", "ids"),
    [
        ("id", "2", [2]),
        ("id", 2, [2]),
        ("name", "a", [1]),
        ("price__ge", "2.5", [2, 3]),
        ("price__between", "2,3", [2]),
        ("weight__ge", "1.5", [2, 3]),
        ("sold", "TRUE", [1]),
        ("sold", "0", [2, 3]),
        ("day", "2025-01-01", [2]),
        ("at__ge", "2024-06-01T00:00:00+02:00", [2]),
        ("local__ge", "2024-06-01T00:00:00", [3]),
        ("clock", "02:00", [2]),
        ("token", str(UUID(int=1)), [1]),
        ("token__is_null", "true", [2, 3]),
        ("token__is_null", "0", [1]),
        ("token__is_null", True, [2, 3]),
        ("token__is_null", False, [1]),
        ("level", "HIGH", [1]),
        ("level", "up", [1]),
        ("name__in", ["a", "b,c"], [1, 2]),
        ("id__in", "1,3", [1, 3]),
        ("name__contains", "c", [2, 3]),
        ("utm", "anything", [1, 2, 3]),
    ],
)
def test_a_value_is_read_by_the_type_of_its_field(name: str, value: Any, ids: list[int]) -> None:
    assert selected({name: value}) == ids
    assert [item.id for item in asyncio.run(OPEN.page(query(), {name: value}))] == ids


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", "two"),
        ("price", "dear"),
        ("price", "NaN"),
        ("weight", "nan"),
        ("sold", "perhaps"),
        ("day", "2024-13-01"),
        ("at", "2024-01-01T00:00:00"),
        ("local", "2024-01-01T00:00:00Z"),
        ("clock", "25:00"),
        ("token", "1234"),
        ("token__is_null", "perhaps"),
        ("token__is_null", 5),
        ("level", "MIDDLE"),
        ("level", "1"),
        ("id__between", "1"),
        ("id__in", {"a": 1}),
        ("sort", 5),
    ],
)
def test_a_value_that_cannot_be_read_is_refused(name: str, value: Any) -> None:
    with pytest.raises(InvalidValueError):
        selected({name: value})


@pytest.mark.parametrize("name", ["unknown", "id__like", "id__", "__eq", "name__contains__eq", 5])
def test_a_name_that_was_not_declared_is_refused(name: Any) -> None:
    with pytest.raises(FilterNotAllowedError):
        selected([(name, "1")])


def test_a_sort_may_have_several_keys_and_a_page_a_place() -> None:
    request = {"sort": "-name,id", "limit": "1", "offset": 1}

    assert selected(request) == [2]


@pytest.mark.parametrize("limit", ["51", "1.5", "-1", "٣", True, None])
def test_a_limit_out_of_range_is_refused(limit: Any) -> None:
    with pytest.raises(InvalidPageError):
        selected({"limit": limit})


def test_a_request_without_a_limit_has_the_largest_page() -> None:
    narrow = FilterSet(max_limit=2)

    assert len(asyncio.run(narrow.apply(query(), {}).get())) == 2


def test_a_numbered_page_knows_the_total() -> None:
    page = asyncio.run(OPEN.page(query(), [("sort", "-id"), ("page", "2"), ("size", "2"), ("utm", "x")]))

    assert ([item.id for item in page], page.total, page.pages, page.has_previous) == ([1], 3, 2, True)


def test_a_numbered_page_has_twenty_or_the_largest_page() -> None:
    assert asyncio.run(OPEN.page(query(), {})).size == 20
    assert asyncio.run(FilterSet(max_limit=2).page(query(), {})).size == 2


@pytest.mark.parametrize("request_", [{"size": "51"}, {"size": "0"}, {"page": "0"}, {"page": "first"}])
def test_a_numbered_page_out_of_range_is_refused(request_: dict[str, str]) -> None:
    with pytest.raises(InvalidPageError):
        asyncio.run(OPEN.page(query(), request_))


def test_a_filter_set_without_any_page_is_refused() -> None:
    with pytest.raises(InvalidPageError, match="max_limit"):
        FilterSet(max_limit=0)


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        ([("id", "1")] * 101, "the request has more than 100 filters"),
        ([("name", "x" * 1001)], "the value has more than 1000 characters"),
        ([("name__contains", "x" * 1001)], "the value has more than 1000 characters"),
        ([("name__in", "a," + "x" * 1001)], "the value has more than 1000 characters"),
        ([("name__in", ["x" * 1001])], "the value has more than 1000 characters"),
        ([("day", "1" * 16_000)], "the value has more than 1000 characters"),
        ([("sort", "id,name,-id")], "'id' is named twice in sort"),
        ([("sort", "id"), ("sort", "id")], "'id' is named twice in sort"),
    ],
)
def test_a_request_beyond_a_bound_is_refused(request_: list[tuple[str, Any]], text: str) -> None:
    with pytest.raises(InvalidValueError) as applied:
        OPEN.apply(query(), request_)
    with pytest.raises(InvalidValueError) as paged:
        asyncio.run(OPEN.page(query(), request_))

    assert (applied.value.what, paged.value.what) == (text, text)


def test_a_request_at_every_bound_is_answered() -> None:
    filters = [("id__ge", "0")] * 98 + [("name__contains", "x" * 1000), ("name__in", ",".join(["x" * 1000] * 1000))]

    page = asyncio.run(OPEN.page(query(), [*filters, *[("utm", "x")] * 1000, ("sort", "id,-name"), ("page", "1")]))

    assert (page.number, page.items) == (1, [])
