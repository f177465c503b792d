"""A container of its own for each test."""

import pytest

from vega.di import Container, set_container


@pytest.fixture(autouse=True)
def container() -> Container:
    fresh = Container()
    set_container(fresh)
    return fresh
