"""A unittest case with a container of its own and async tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from unittest import IsolatedAsyncioTestCase

from vega.di import Container, set_container


class TestCase(IsolatedAsyncioTestCase):
    """The base of test cases: each test has its own container, and tests may be async.

    Use cases that a test awaits take their services from `self.container`. Nothing that a test registers or
    overrides reaches another one: unittest runs each in a context of its own.

    Attributes:
        container: the test's container; it is current inside the test.
    """

    _container: Container | None = None

    @property
    def container(self) -> Container:
        """The test's container, made and set as the current one at first use."""
        if self._container is None:
            self._container = Container()
            set_container(self._container)
        return self._container

    def setUp(self) -> None:
        """Make the container; a subclass that overrides this need not call it."""
        set_container(self.container)

    def register_services(self, services: Mapping[Any, Any]) -> None:
        """Register what the test's use cases ask for.

        Args:
            services: by their keys, classes to make them from, or objects to use as they are.
        """
        for key, value in services.items():
            if isinstance(value, type):
                self.container.register(key, value)
            else:
                self.container.register_instance(key, value)
