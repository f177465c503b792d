"""Puts an object in the place of a service, for the length of a block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from vega.di import Container

from ._errors import MockError


@contextmanager
def substituted(container: Container, values: Mapping[Any, object]) -> Iterator[None]:
    """Have a container provide these objects inside the block, whether it knew the keys before or not.

    Args:
        container: the container.
        values: objects, by the keys they stand for.
    """
    for key in values:
        if not container.provides(key):
            container.register_factory(key, _ended(key))
    with container.override(dict(values)):
        yield


def _ended(key: Any) -> Any:
    """Return a factory for a key that only a mock provided: after the block it says so."""

    def ended() -> Any:
        raise MockError(
            f"the mock of {getattr(key, '__name__', key)} is over, and nothing else provides it",
            "after the block of mock_repository, mock_service or client_for",
            "keep the call inside the block, or register an implementation",
        )

    return ended
