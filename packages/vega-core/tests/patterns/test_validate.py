"""`validate`: arguments checked before the body runs, the signature kept."""

from __future__ import annotations

import asyncio
import inspect
import subprocess
import sys

import pytest
from pydantic import ValidationError

from vega.patterns import validate


@validate
def double(number: int) -> int:
    """Return it twice."""
    return number * 2


@validate(strict=True)
def strict(number: int) -> int:
    return number


@validate(check_result=True)
def promised(text: str) -> int:
    return text  # type: ignore[return-value] # the mistake under test


@validate
async def fetch(count: int, *, name: str = "x") -> str:
    return name * count


class Shop:
    @validate
    def price(self, amount: int) -> int:
        return amount


def test_arguments_are_converted_at_each_call() -> None:
    assert [double("21"), double(4)] == [42, 8]  # type: ignore[arg-type] # what validation is for
    assert Shop().price("5") == 5  # type: ignore[arg-type] # what validation is for


def test_strict_refuses_what_would_be_converted() -> None:
    assert strict(3) == 3
    with pytest.raises(ValidationError):
        strict("3")  # type: ignore[arg-type] # the mistake under test


def test_every_wrong_argument_is_listed() -> None:
    @validate
    def order(count: int, price: float) -> float:
        return count * price

    with pytest.raises(ValidationError) as caught:
        order("many", "dear")  # type: ignore[arg-type] # the mistakes under test

    assert [error["loc"] for error in caught.value.errors()] == [(0,), (1,)]


def test_the_result_is_checked_on_request_only() -> None:
    with pytest.raises(ValidationError):
        promised("no number")


def test_an_async_function_stays_one() -> None:
    assert inspect.iscoroutinefunction(fetch)
    assert asyncio.run(fetch("2", name="a")) == "aa"  # type: ignore[arg-type] # what validation is for
    assert asyncio.run(fetch(3)) == "xxx"
    with pytest.raises(ValidationError):
        asyncio.run(fetch("many"))  # type: ignore[arg-type] # the mistake under test


def test_name_signature_and_docstring_are_kept() -> None:
    assert (double.__name__, double.__doc__) == ("double", "Return it twice.")
    assert list(inspect.signature(fetch).parameters) == ["count", "name"]


@pytest.mark.once
def test_pydantic_is_loaded_by_the_first_call_and_not_before() -> None:
    code = (
        "import sys\nfrom vega.patterns import validate\n@validate\ndef f(a: int) -> int:\n    return a\n"
        "before = 'pydantic' in sys.modules\nf(1)\nprint(before, 'pydantic' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.split() == ["False", "True"]
