"""Predicates as JSON: written predicates are read back, and other data is refused."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vega.patterns.query import (
    EntityFields,
    InvalidValueError,
    Naive,
    Private,
    QueryError,
    all_,
    any_,
    between,
    is_distinct,
    is_null,
    node_from_json,
    node_to_json,
    not_,
    not_in,
    record,
)
from vega.patterns.query.nodes import Node


class Color(Enum):
    RED = "r"
    BLUE = "b"


@dataclass
class Line:
    quantity: int
    note: str | None = None


@dataclass
class Place:
    city: str


@dataclass
class Order:
    number: int
    total: int = 0
    weight: float = 0.0
    price: Decimal = Decimal(0)
    text: str | None = None
    paid: bool = False
    at: datetime | None = None
    local: Annotated[datetime, Naive()] | None = None
    day: date | None = None
    hour: time | None = None
    took: timedelta | None = None
    key: UUID | None = None
    blob: bytes | None = None
    color: Color | None = None
    place: Place | None = None
    lines: list[Line] = field(default_factory=list)
    anything: Any = None
    secret: Annotated[str, Private()] = ""


FIELDS = EntityFields.of(Order)
KEY = UUID("12345678-1234-5678-1234-567812345678")
NOON = datetime(2026, 1, 2, 12, 30, 15, 123456, tzinfo=timezone(timedelta(hours=2)))
PREDICATES = [
    lambda o: o.number == 5,
    lambda o: o.number != o.total,
    lambda o: o.weight < 0.1,
    lambda o: o.weight >= float("inf"),
    lambda o: o.price <= Decimal("9.500000000000000000000000000001"),
    lambda o: o.text > "a",
    lambda o: o.at == NOON,
    lambda o: o.local == datetime(2026, 1, 2, 3),  # noqa: DTZ001 - a local time
    lambda o: o.day == date(2026, 1, 2),
    lambda o: o.hour == time(1, 2, 3, 4),
    lambda o: o.took > timedelta(days=-1, microseconds=1),
    lambda o: o.key == KEY,
    lambda o: o.blob > b"\x00\xff",
    lambda o: o.color == Color.BLUE,
    lambda o: o.color.in_([Color.RED, Color.BLUE]),
    lambda o: not_in(o.number, [3, 1, 2]),
    lambda o: o.number.in_([]),
    lambda o: is_distinct(o.text, None),
    lambda o: is_distinct(o.number, o.total),
    lambda o: is_null(o.place.city),
    lambda o: between(o.number, 1, 2),
    lambda o: o.text.ilike("%\\_%") | o.text.startswith("É") | o.text.contains("%"),
    lambda o: o.paid & ~(o.place.city == "Rome") & not_(o.text.like("a_")),
    lambda o: any_(o.lines, lambda line: (line.quantity > 3) & is_null(line.note)),
    lambda o: all_(o.lines, lambda line: line.note.endswith("x")),
    lambda o: o.anything == "text",
]


def travelled(node: Node, *, private: bool = False) -> Node:
    return node_from_json(json.loads(json.dumps(node_to_json(node))), FIELDS, private=private)


@pytest.mark.parametrize("predicate", PREDICATES)
def test_what_is_read_is_what_was_written(predicate: Any) -> None:
    node = record(predicate, FIELDS)

    assert travelled(node) == node


@given(
    number=st.integers(-(2**63), 2**63 - 1),
    weight=st.floats(allow_nan=False),
    price=st.decimals(allow_nan=False, allow_infinity=False),
    at=st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis wants it naive
    took=st.timedeltas(timedelta(microseconds=1 - 2**63), timedelta(microseconds=2**63 - 1)),
)
def test_values_come_back_exactly(number: int, weight: float, price: Decimal, at: datetime, took: timedelta) -> None:
    node = record(
        lambda o: (o.number == number) | (o.weight == weight) | (o.price == price) | (o.at == at) | (o.took == took),
        FIELDS,
    )

    assert travelled(node) == node


def test_equal_predicates_have_one_text() -> None:
    one, other = record(lambda o: o.number.in_([1, 2, 3]), FIELDS), record(lambda o: o.number.in_([3, 2, 1]), FIELDS)

    assert json.dumps(node_to_json(one)) == json.dumps(node_to_json(other))


def test_a_private_field_is_read_only_where_that_is_said() -> None:
    node = record(lambda o: o.secret == "x", FIELDS)

    assert travelled(node, private=True) == node
    with pytest.raises(QueryError):
        travelled(node)


def test_a_value_that_json_does_not_have_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="has no form in JSON"):
        node_to_json(record(lambda o: o.anything == KEY, FIELDS))


DEEP: dict[str, Any] = {"is": "true", "field": "paid"}
for _ in range(70):
    DEEP = {"is": "any", "field": "lines", "part": DEEP}
NESTED: dict[str, Any] = {"is": "null", "field": "text"}
for _ in range(40):
    NESTED = {"is": "not", "part": {"is": "or", "parts": [NESTED, {"is": "true", "field": "paid"}]}}
FOREIGN: list[Any] = [
    None,
    [],
    "is",
    {},
    {"is": "nothing"},
    {"is": []},
    {"is": "null"},
    {"is": "null", "field": "nowhere"},
    {"is": "null", "field": ["text"]},
    {"is": "null", "field": "lines"},
    {"is": "compare", "op": "=", "field": "number", "value": "5"},
    {"is": "compare", "op": "=", "field": "number", "value": 2**63},
    {"is": "compare", "op": "=~", "field": "number", "value": 5},
    {"is": "compare", "op": "<", "field": "color", "value": "RED"},
    {"is": "compare", "op": "=", "field": "color", "value": "GREEN"},
    {"is": "compare", "op": "=", "field": "color", "value": ["RED"]},
    {"is": "compare", "op": "=", "field": "number", "other": "text"},
    {"is": "compare", "op": "=", "field": "number"},
    {"is": "compare", "op": "=", "field": "at", "value": "2026-01-01T00:00:00"},
    {"is": "compare", "op": "=", "field": "day", "value": 5},
    {"is": "compare", "op": "=", "field": "price", "value": "many"},
    {"is": "compare", "op": "=", "field": "price", "value": "NaN"},
    {"is": "compare", "op": "=", "field": "weight", "value": "nan"},
    {"is": "compare", "op": "=", "field": "blob", "value": "xyz"},
    {"is": "compare", "op": "=", "field": "took", "value": 10**30},
    {"is": "in", "field": "number", "values": 5},
    {"is": "in", "field": "number", "values": [None]},
    {"is": "match", "op": "like", "field": "text", "text": 5},
    {"is": "match", "op": "like", "field": "number", "text": "5"},
    {"is": "match", "op": "regex", "field": "text", "text": "."},
    {"is": "true", "field": "text"},
    {"is": "and", "parts": {"is": "true", "field": "paid"}},
    {"is": "not", "part": 5},
    {"is": "any", "field": "text", "part": {"is": "true", "field": "paid"}},
    {"is": "any", "field": "lines", "part": {"is": "true", "field": "paid"}},
    {"is": "always", "value": 1},
    DEEP,
    NESTED,
]


@pytest.mark.parametrize("data", FOREIGN)
def test_what_nobody_wrote_is_refused(data: Any) -> None:
    with pytest.raises(QueryError):
        node_from_json(data, FIELDS)


def test_a_tower_of_nots_ends_in_an_error_or_an_answer() -> None:
    data: dict[str, Any] = {"is": "null", "field": "text"}
    for _ in range(50_000):
        data = {"is": "not", "part": data}

    with pytest.raises(QueryError):
        node_from_json(data, FIELDS)
