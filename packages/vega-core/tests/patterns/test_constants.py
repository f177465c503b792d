"""Which constants a field may be compared with, by the kind of the field."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any
from uuid import UUID

import pytest

from vega.patterns.query import InvalidValueError, Kind
from vega.patterns.query.values import LARGEST_INT, LEAST_INT, check_constant, constant_checker, stored_text


class Colour(StrEnum):
    RED = "red"


class Level(Enum):
    LOW = 1


AWARE = datetime(2024, 1, 1, 12, tzinfo=UTC)
NAIVE = datetime(2024, 1, 1, 12)  # noqa: DTZ001 - the value under test
TYPES: dict[Kind, Any] = {Kind.ENUM: Colour}


@pytest.mark.parametrize(
    ("kind", "given", "compared"),
    [
        (Kind.TEXT, "a", "a"),
        (Kind.INT, LARGEST_INT, LARGEST_INT),
        (Kind.FLOAT, 1, 1.0),
        (Kind.FLOAT, float("inf"), float("inf")),
        (Kind.DECIMAL, 3, Decimal(3)),
        (Kind.DECIMAL, Decimal("1.5"), Decimal("1.5")),
        (Kind.BOOL, True, True),
        (Kind.DATE, date(2024, 1, 1), date(2024, 1, 1)),
        (Kind.DATETIME, AWARE.astimezone(timezone(timedelta(hours=5))), AWARE),
        (Kind.NAIVE_DATETIME, NAIVE, NAIVE),
        (Kind.TIME, time(1, 2), time(1, 2)),
        (Kind.DURATION, timedelta(1), timedelta(1)),
        (Kind.UUID, UUID(int=1), UUID(int=1)),
        (Kind.BYTES, b"a", b"a"),
        (Kind.ENUM, Colour.RED, Colour.RED),
        (Kind.ANY, object, object),
    ],
)
def test_a_fitting_constant_takes_the_form_of_its_field(kind: Kind, given: Any, compared: Any) -> None:
    wanted = TYPES.get(kind, object)

    assert check_constant(kind, wanted, given, "a test") == compared
    assert constant_checker(kind, wanted)(given, "a test") == compared


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (Kind.TEXT, 5),
        (Kind.TEXT, Colour.RED),
        (Kind.TEXT, "a\0b"),
        (Kind.TEXT, "\ud800"),
        (Kind.INT, True),
        (Kind.INT, 1.0),
        (Kind.INT, LARGEST_INT + 1),
        (Kind.INT, LEAST_INT - 1),
        (Kind.FLOAT, True),
        (Kind.FLOAT, 2**53 + 1),
        (Kind.FLOAT, float("nan")),
        (Kind.DECIMAL, 1.5),
        (Kind.DECIMAL, True),
        (Kind.DECIMAL, Decimal("NaN")),
        (Kind.DECIMAL, Decimal("Infinity")),
        (Kind.BOOL, 1),
        (Kind.DATE, AWARE),
        (Kind.DATE, "2024-01-01"),
        (Kind.DATETIME, date(2024, 1, 1)),
        (Kind.DATETIME, NAIVE),
        (Kind.DATETIME, datetime.max.replace(tzinfo=timezone(-timedelta(hours=5)))),
        (Kind.NAIVE_DATETIME, AWARE),
        (Kind.NAIVE_DATETIME, date(2024, 1, 1)),
        (Kind.TIME, time(1, tzinfo=UTC)),
        (Kind.TIME, "01:00"),
        (Kind.DURATION, 5),
        (Kind.UUID, str(UUID(int=1))),
        (Kind.BYTES, "a"),
        (Kind.ENUM, "red"),
        (Kind.ANY, float("nan")),
        (Kind.OBJECT, object()),
        (Kind.LIST, []),
    ],
)
def test_a_constant_of_another_kind_is_refused_never_converted(kind: Kind, given: Any) -> None:
    wanted = TYPES.get(kind, object)

    with pytest.raises(InvalidValueError):
        check_constant(kind, wanted, given, "a test")
    with pytest.raises(InvalidValueError):
        constant_checker(kind, wanted)(given, "a test")


@pytest.mark.parametrize("kind", list(Kind))
def test_none_is_no_value_to_compare_with(kind: Kind) -> None:
    with pytest.raises(InvalidValueError, match="is_null"):
        check_constant(kind, object, None, "a test")


def test_a_json_value_is_stored_as_it_is() -> None:
    assert constant_checker(Kind.JSON, dict)({"a": [1]}, "a test") == {"a": [1]}


def test_an_enum_is_stored_as_its_texts_or_else_by_name() -> None:
    assert (stored_text(Colour.RED), stored_text(Level.LOW)) == ("red", "LOW")
