"""Mocks that know what they stand for: wrong names and arguments fail, async methods are awaited."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar, cast
from unittest.mock import create_autospec

from vega.core.extend import on_activation
from vega.di import Container, get_container
from vega.patterns import Repository

from ._errors import MockError

T = TypeVar("T")


@contextmanager
def mock_repository(repository: Callable[..., T]) -> Generator[Any]:
    """Replace a repository by a mock inside the block.

    Args:
        repository: the repository's class, abstract or not.

    Yields:
        The mock: `mock.save.return_value = ...`, `mock.save.assert_called_once()`. A method that the class
        does not have, or arguments that it does not take, raise.

    Raises:
        MockError: the class is no Repository.
    """
    name = getattr(repository, "__name__", repository)
    if not (isinstance(repository, type) and issubclass(repository, Repository)):
        raise MockError(f"{name} is no Repository", "mock_repository", "use mock_service")
    with mock_service(cast("type[Any]", repository)) as mock:
        yield mock


@contextmanager
def mock_service(service: Callable[..., T]) -> Generator[Any]:
    """Replace a service of the current container by a mock inside the block.

    The mock reaches what the test's clients start too: applications that start, or serve a request, a socket message
    or a job in the context of the test, also in the thread of Starlette's TestClient.

    Args:
        service: the key it is asked for by: a class, an abstract class or a Protocol.

    Yields:
        The mock; see `mock_repository`.

    Raises:
        MockError: the key is no class, so nothing says what a mock of it should have.
    """
    if not isinstance(service, type):
        raise MockError(f"{service!r} is no class", "mock_service", "register an object for it with register_services")
    mock = create_autospec(service, instance=True)
    with ExitStack() as overrides:
        containers: list[Container] = []

        def override(container: Container) -> None:
            if container not in containers:
                containers.append(container)
                overrides.enter_context(container.override({service: mock}))

        override(get_container())
        with on_activation(override):
            yield mock
