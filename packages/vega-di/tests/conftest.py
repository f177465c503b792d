"""Each test leaves the current container as it found it."""

from collections.abc import Iterator

import pytest

from vega.di import get_container, set_container


@pytest.fixture(autouse=True)
def current_container_is_restored() -> Iterator[None]:
    before = get_container()
    yield
    set_container(before)
