"""The package as a whole: its facade, and its errors."""

import pickle
import typing

import pytest

import vega.testing
from vega.errors import CoreError


def test_the_facade_has_every_public_name_and_no_other() -> None:
    assert all(hasattr(vega.testing, name) for name in vega.testing.__all__)
    assert set(vega.testing.__all__) <= set(dir(vega.testing))
    assert not hasattr(vega.testing, "NoSuchName")


@pytest.mark.parametrize("name", ["MockError", "TestServerError", "TestingError"])
def test_an_error_travels_and_its_hints_can_be_read(name: str) -> None:
    error = getattr(vega.testing, name)
    made = error("it broke", "here", "repair it")

    assert str(pickle.loads(pickle.dumps(made))) == str(made)
    assert set(typing.get_type_hints(error)) >= set(typing.get_type_hints(CoreError))
