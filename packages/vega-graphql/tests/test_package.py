"""The package as a whole: its facade, and its errors."""

import pickle
import subprocess
import sys
import typing

import pytest

import vega.graphql
from vega.errors import CoreError


@pytest.mark.once
def test_the_import_loads_no_third_party() -> None:
    program = "import sys, vega.graphql; print(sorted({'strawberry', 'graphql', 'starlette'} & set(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.strip() == "[]"


def test_the_facade_has_every_public_name_and_no_other() -> None:
    assert all(hasattr(vega.graphql, name) for name in vega.graphql.__all__)
    assert set(vega.graphql.__all__) <= set(dir(vega.graphql))
    assert not hasattr(vega.graphql, "NoSuchName")


@pytest.mark.parametrize("error", [vega.graphql.GraphQLError, vega.graphql.SchemaError])
def test_an_error_travels_and_its_hints_can_be_read(error: type[CoreError]) -> None:
    made = error("it broke", "here", "repair it")

    assert getattr(vega.graphql, error.__name__) is error
    assert str(pickle.loads(pickle.dumps(made))) == str(made)
    assert set(typing.get_type_hints(error)) >= set(typing.get_type_hints(CoreError))
