"""The package as a whole: its facade, and its errors."""

import pickle
import typing

import pytest

import vega.cli
from vega.cli import CliError, _errors
from vega.errors import CoreError


def test_the_facade_is_sorted_and_has_every_error() -> None:
    errors = {name for name, value in vars(_errors).items() if isinstance(value, type) and issubclass(value, CliError)}

    assert sorted(vega.cli.__all__) == vega.cli.__all__
    assert set(vega.cli.__all__) == errors | {"__version__", "dispatch"}


@pytest.mark.parametrize("name", [name for name in vega.cli.__all__ if name.endswith("Error")])
def test_an_error_travels_and_its_hints_can_be_read(name: str) -> None:
    error = getattr(vega.cli, name)
    made = error("it broke", "here", "repair it")

    assert str(pickle.loads(pickle.dumps(made))) == str(made)
    assert set(typing.get_type_hints(error)) >= set(typing.get_type_hints(CoreError))
