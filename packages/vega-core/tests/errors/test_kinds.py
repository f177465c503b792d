"""The kind of an error: what its class says, what is known of others, and what a transparent one passes on."""

from typing import ClassVar

import pytest

from vega.core import ProjectError
from vega.di import ConstructionError, Container
from vega.errors import ErrorKind, cause_of


class OutOfStockError(Exception):
    kind = ErrorKind.CONFLICT


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OutOfStockError(), ErrorKind.CONFLICT),
        (TimeoutError(), ErrorKind.TIMEOUT),
        (ValueError(), ErrorKind.INTERNAL),
        (ProjectError("x"), ErrorKind.INVALID),
    ],
)
def test_each_error_has_one_kind(error: Exception, kind: ErrorKind) -> None:
    assert ErrorKind.of(error) is kind


def test_invalid_input_is_of_the_kind_invalid() -> None:
    from pydantic import BaseModel, ValidationError

    class Model(BaseModel):
        age: int

    with pytest.raises(ValidationError) as caught:
        Model.model_validate({"age": "x"})

    assert ErrorKind.of(caught.value) is ErrorKind.INVALID


def test_an_error_of_a_factory_has_the_kind_that_it_says() -> None:
    def stock() -> OutOfStockError:
        raise OutOfStockError

    container = Container()
    container.register_factory(OutOfStockError, stock)
    with pytest.raises(ConstructionError) as caught:
        container.resolve(OutOfStockError)

    assert ErrorKind.of(caught.value) is ErrorKind.CONFLICT


class WrapperError(Exception):
    transparent: ClassVar[bool] = True
    kind = ErrorKind.UNAVAILABLE


def test_a_transparent_error_has_the_kind_of_its_cause() -> None:
    outer, inner = WrapperError(), WrapperError()
    outer.__cause__, inner.__cause__ = inner, OutOfStockError()

    assert ErrorKind.of(outer) is ErrorKind.CONFLICT


def test_a_transparent_error_without_a_cause_has_its_own_kind() -> None:
    assert ErrorKind.of(WrapperError()) is ErrorKind.UNAVAILABLE


def test_the_cause_of_any_other_error_is_not_looked_at() -> None:
    error = ValueError()
    error.__cause__ = OutOfStockError()

    assert ErrorKind.of(error) is ErrorKind.INTERNAL


def test_a_cycle_of_causes_ends() -> None:
    outer, inner = WrapperError(), WrapperError()
    outer.__cause__, inner.__cause__ = inner, outer

    assert ErrorKind.of(outer) is ErrorKind.UNAVAILABLE


def test_an_error_that_is_its_own_cause_ends() -> None:
    error = WrapperError()
    error.__cause__ = error

    assert ErrorKind.of(error) is ErrorKind.UNAVAILABLE


def test_the_error_that_counts_is_the_first_one_that_is_not_transparent() -> None:
    outer, inner, cause = WrapperError(), WrapperError(), OutOfStockError()
    outer.__cause__, inner.__cause__, cause.__cause__ = inner, cause, ValueError()

    assert cause_of(outer) is cause
    assert cause_of(cause) is cause
