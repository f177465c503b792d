"""Errors of vega-core: what, where, fix; they survive pickling and copying."""

import copy
import pickle

import pytest

from vega.core import (
    ApplicationStateError,
    ComponentError,
    ConfigurationErrors,
    CoreError,
    ErrorKind,
    InvalidFieldError,
    InvalidNameError,
    PluginError,
    ProjectError,
    StopTimeoutError,
    StoreError,
    StoreUnavailableError,
    TelemetryError,
)
from vega.di import ConstructionError, Container

ERRORS = [
    *(CoreError, ProjectError, InvalidNameError, InvalidFieldError, PluginError, ComponentError),
    *(StoreError, StoreUnavailableError, TelemetryError, ApplicationStateError, StopTimeoutError),
]


@pytest.mark.parametrize("error", ERRORS)
def test_errors_say_what_where_and_fix_and_travel(error: type[CoreError]) -> None:
    made = error("it broke", "here", "mend it")

    for travelled in (pickle.loads(pickle.dumps(made)), copy.copy(made), copy.deepcopy(made)):
        assert str(travelled) == f"[{error.code}] it broke\n  where: here\n  fix:   mend it"
        assert type(travelled) is error


def test_codes_are_distinct() -> None:
    assert len({error.code for error in ERRORS}) == len(ERRORS)


def test_a_group_lists_every_error_and_pickles() -> None:
    group = ConfigurationErrors("2 mistakes", [CoreError("one"), CoreError("two")])

    travelled = pickle.loads(pickle.dumps(group))

    assert "one" in str(travelled)
    assert "two" in str(travelled)
    assert isinstance(travelled, ConfigurationErrors)


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


def test_what_a_factory_raised_has_the_kind_that_it_says() -> None:
    def stock() -> OutOfStockError:
        raise OutOfStockError

    container = Container()
    container.register_factory(OutOfStockError, stock)
    with pytest.raises(ConstructionError) as caught:
        container.resolve(OutOfStockError)

    assert ErrorKind.of(caught.value) is ErrorKind.CONFLICT
