"""Errors of vega-core: what, where, fix; they survive pickling and copying."""

import copy
import pickle

import pytest

from vega.core import (
    ApplicationStateError,
    ComponentError,
    ConfigurationErrors,
    InvalidFieldError,
    InvalidNameError,
    PluginError,
    ProjectError,
    StopTimeoutError,
    StoreError,
    StoreUnavailableError,
    TelemetryError,
)
from vega.errors import CoreError

ERRORS = [
    *(CoreError, ProjectError, InvalidNameError, InvalidFieldError, PluginError, ComponentError),
    *(StoreError, StoreUnavailableError, TelemetryError, ApplicationStateError, StopTimeoutError),
]


@pytest.mark.parametrize("error", ERRORS)
def test_errors_say_what_where_and_fix_and_travel(error: type[CoreError]) -> None:
    made = error("it broke", "here", "fix it")

    for travelled in (pickle.loads(pickle.dumps(made)), copy.copy(made), copy.deepcopy(made)):
        assert str(travelled) == f"[{error.code}] it broke\n  where: here\n  fix:   fix it"
        assert type(travelled) is error


def test_codes_are_distinct() -> None:
    assert len({error.code for error in ERRORS}) == len(ERRORS)


def test_a_group_lists_every_error_and_pickles() -> None:
    group = ConfigurationErrors("2 mistakes", [CoreError("one"), CoreError("two")])

    travelled = pickle.loads(pickle.dumps(group))

    assert "one" in str(travelled)
    assert "two" in str(travelled)
    assert isinstance(travelled, ConfigurationErrors)
