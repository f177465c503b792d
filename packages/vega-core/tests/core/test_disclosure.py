"""The one rule for the text of errors: declared and named ones are shown, and mistakes in delivered input."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pydantic import BaseModel, Field
from pydantic.dataclasses import dataclass

from vega.core.disclosure import Disclosure, disclose
from vega.di import ConstructionError
from vega.errors import CoreError, ErrorKind
from vega.patterns import Interactor, Mediator
from vega.patterns.query import (
    FilterNotAllowedError,
    InvalidCursorError,
    InvalidFilterError,
    InvalidPageError,
    InvalidPredicateError,
    InvalidValueError,
    QueryError,
    UnknownFieldError,
    UnsupportedPredicateError,
)
from vega.settings import SettingsError


class SoldOutError(Exception):
    kind = ErrorKind.CONFLICT


class DownError(CoreError):
    kind = ErrorKind.UNAVAILABLE


class BrokenError(Exception):
    kind = ErrorKind.INTERNAL


class Oddity(Exception):  # noqa: N818 - as drivers name theirs
    kind = "socket"


@pytest.mark.parametrize(
    ("error", "kind", "detail"),
    [
        (SoldOutError("no tea"), ErrorKind.CONFLICT, "no tea"),
        (DownError("it is down", "10.1.2.3", "wait"), ErrorKind.UNAVAILABLE, "it is down"),
        (BrokenError("secret"), ErrorKind.INTERNAL, None),
        (Oddity("secret"), ErrorKind.INTERNAL, None),
        (ValueError("secret"), ErrorKind.INTERNAL, None),
        (TimeoutError(110, "10.1.2.3"), ErrorKind.TIMEOUT, None),
        (PermissionError("secret"), ErrorKind.INTERNAL, None),
        (SettingsError("secret"), ErrorKind.INTERNAL, None),
        (UnknownFieldError("secret"), ErrorKind.INTERNAL, None),
        (InvalidValueError("secret"), ErrorKind.INTERNAL, None),
        (InvalidPredicateError("secret"), ErrorKind.INTERNAL, None),
        (UnsupportedPredicateError("secret"), ErrorKind.INTERNAL, None),
        (QueryError("secret"), ErrorKind.INTERNAL, None),
        (InvalidFilterError("'x' is no int"), ErrorKind.INVALID, "'x' is no int"),
        (InvalidPageError("page is 0"), ErrorKind.INVALID, "page is 0"),
        (InvalidCursorError("changed"), ErrorKind.INVALID, "changed"),
        (FilterNotAllowedError("no"), ErrorKind.INVALID, "no"),
    ],
)
def test_an_error_is_shown_if_its_class_declares_it(error: Exception, kind: ErrorKind, detail: str | None) -> None:
    assert disclose(error) == Disclosure(kind=kind, detail=detail)


@pytest.mark.parametrize("error", [ValueError("why"), TimeoutError("why"), BrokenError("why")])
def test_an_error_that_the_edge_names_is_shown(error: Exception) -> None:
    assert disclose(error, is_named=True) == Disclosure(kind=ErrorKind.of(error), detail="why")


def test_a_transparent_error_is_its_cause() -> None:
    outer = ConstructionError("secret", "", "")
    outer.__cause__ = SoldOutError("no tea")

    assert disclose(outer).detail == "no tea"


class Row(BaseModel):
    balance: int


class Pay(Interactor[int]):
    class Input(BaseModel):
        amount: int = Field(ge=1)

    async def call(self) -> int:
        return int(self.input.amount)


class Taking(Interactor[int]):
    def __init__(self, amount: Any) -> None:
        super().__init__(amount=amount)

    class Input(BaseModel):
        amount: int = Field(ge=1)

    async def call(self) -> int:
        return 1


@dataclass(frozen=True)
class Typed(Interactor[int]):
    amount: int

    async def call(self) -> int:
        return self.amount


class Wrong(Interactor[int]):
    async def call(self) -> int:
        return await Pay(amount=0)


class Gathering(Interactor[Any]):
    async def call(self) -> Any:
        return await asyncio.gather(Wrong(), asyncio.sleep(0))


class Day(Mediator[int]):
    async def call(self) -> int:
        return await Pay(amount=0)


class Reading(Interactor[int]):
    async def call(self) -> int:
        return Row.model_validate({"balance": "n/a"}).balance


class Misread(Interactor[int]):
    async def call(self) -> int:
        async def inner() -> int:
            return await Pay(amount=0)

        return await asyncio.create_task(inner())


async def in_a_group() -> None:
    try:
        await Pay(amount=0)
    except ValueError as error:
        raise ExceptionGroup("handlers failed", [error]) from None


async def by_hand() -> None:
    Row.model_validate({"balance": "n/a"})


def failure(work: Callable[[], Awaitable[Any]]) -> Exception:
    async def main() -> Exception:
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - whatever it is, the test looks at it
            return error
        raise AssertionError("it did not fail")

    return asyncio.run(main())


async def delivered_by_a_route() -> int:
    return await Pay(amount=0)


@pytest.mark.parametrize(
    "work",
    [lambda: Pay(amount=0), lambda: Pay(amout=1), delivered_by_a_route, lambda: Taking(0), lambda: Typed("x")],  # type: ignore[arg-type]  # the mistakes of clients
)
def test_mistakes_in_the_input_of_the_delivered_use_case_are_shown(work: Callable[[], Awaitable[Any]]) -> None:
    seen = disclose(failure(work))

    assert (seen.kind, seen.detail) == (ErrorKind.INVALID, "the input is invalid")
    assert [set(field) for field in seen.fields] == [{"loc", "msg", "type"}] * len(seen.fields) != []


@pytest.mark.parametrize("work", [Wrong, Gathering, Day, Reading, Misread, in_a_group, by_hand])
def test_invalid_data_of_the_server_is_internal(work: Callable[[], Awaitable[Any]]) -> None:
    assert disclose(failure(work)) == Disclosure(kind=ErrorKind.INTERNAL)


def test_invalid_data_that_the_edge_names_is_shown() -> None:
    assert disclose(failure(by_hand), is_named=True).fields == (
        {
            "loc": ["balance"],
            "msg": "Input should be a valid integer, unable to parse string as an integer",
            "type": "int_parsing",
        },
    )
