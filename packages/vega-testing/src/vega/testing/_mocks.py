"""Mocks with the interface of a class: wrong names and arguments fail, async methods are awaitable."""

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
        The mock: `mock.save.return_value = ...`, `mock.save.assert_called_once()`. Methods and arguments that the
        class does not define raise.

    Raises:
        MockError: the class is not a Repository.
    """
    name = getattr(repository, "__name__", repository)
    if not (isinstance(repository, type) and issubclass(repository, Repository)):
        raise MockError(f"{name} is not a Repository", "mock_repository", "use mock_service")
    with mock_service(cast("type[Any]", repository)) as mock:
        yield mock


@contextmanager
def mock_service(service: Callable[..., T]) -> Generator[Any]:
    """Replace a service of the current container by a mock inside the block.

    The mock reaches what the test's clients start too: applications that start, or serve a request, a socket message
    or a job in the context of the test, also in the thread of Starlette's TestClient.

    Args:
        service: the key of the service: a class, an abstract class or a Protocol.

    Yields:
        The mock; see `mock_repository`.

    Raises:
        MockError: the key is not a class, so the interface of the mock is unknown.
    """
    if not isinstance(service, type):
        raise MockError(f"{service!r} is not a class", "mock_service", "register an object with register_services")
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
