"""Payloads: what goes in comes out, and nothing that could run is ever loaded."""

import os
import pickle
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vega.errors import ErrorKind
from vega.jobs import JobPayloadError
from vega.jobs._codec import dumps, loads

ZONES = st.none() | st.integers(-23, 23).map(lambda hours: timezone(timedelta(hours=hours)))
HASHABLE = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.binary()
    | st.datetimes(timezones=ZONES)
    | st.dates()
    | st.times()
    | st.timedeltas()
    | st.uuids()
    | st.decimals(allow_nan=False, allow_infinity=False)
)
NAMES = st.text(st.characters(exclude_categories=["Cs"])).filter(lambda name: name != "$vega")
VALUES = st.recursive(
    HASHABLE | st.frozensets(HASHABLE) | st.sets(HASHABLE),
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(NAMES, inner),
    max_leaves=10,
)


@given(VALUES)
def test_what_is_written_is_read_with_its_type(value: Any) -> None:
    again = loads(dumps({"f": "job", "k": {"value": value}}))["k"]["value"]

    assert again == value
    assert type(again) is type(value)


class Trap:
    def __reduce__(self) -> tuple[Any, ...]:
        return (os.abort, ())


@pytest.mark.parametrize(
    "raw",
    [
        pickle.dumps({"v": 1, "f": Trap()}),
        b"",
        b"\xff\xfe",
        b"[1]",
        b"null",
        b'{"f": "job"}',
        b'{"v": 2, "f": "job"}',
        b'{"v": 1, "k": {"$vega": "nothing", "value": 1}}',
        b'{"v": 1, "k": {"$vega": "datetime", "value": "tomorrow"}}',
        b'{"v": 1, "k": {"$vega": "decimal", "value": "x"}}',
        b'{"v": 1, "k": {"$vega": ["uuid"], "value": "x"}}',
        b'{"v": 1, "k": {"$vega": "uuid"}}',
        b"[" * 100_000,
    ],
)
def test_what_vega_did_not_write_is_refused_and_not_run(raw: bytes) -> None:
    with pytest.raises(JobPayloadError):
        loads(raw)


class Text(str):
    __slots__ = ()


@pytest.mark.parametrize("value", [object(), float("nan"), {"$vega": "uuid"}, {1: 2}, Text("x"), 1j, [{b"k": 1}]])
def test_what_would_come_back_as_something_else_is_refused(value: Any) -> None:
    with pytest.raises(JobPayloadError, match="cannot carry"):
        dumps({"k": {"value": value}})


def test_an_error_is_stored_as_text() -> None:
    again = loads(dumps({"r": ValueError("wrong")}))["r"]

    assert again == {
        "type": "builtins.ValueError",
        "kind": "internal",
        "message": "wrong",
        "traceback": "ValueError: wrong\n",
    }


def test_the_examples_of_every_type_are_plain_json() -> None:
    values = [datetime(2026, 1, 1), date(2026, 1, 1), time(1), timedelta(1), Decimal("1.50"), b"\0", (1,)]  # noqa: DTZ001 - naive ones stay naive

    assert loads(dumps({"r": values}))["r"] == values


def test_arguments_that_cannot_be_stored_are_no_mistake_of_a_client() -> None:
    with pytest.raises(JobPayloadError) as caught:
        dumps({"r": object()})

    assert ErrorKind.of(caught.value) is ErrorKind.INTERNAL
