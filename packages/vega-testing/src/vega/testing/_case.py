"""A unittest case with its own container and bus, and async tests."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import copy_context
from typing import Any
from unittest import IsolatedAsyncioTestCase

from vega.di import Container, set_container
from vega.events import EventBus, set_event_bus


class TestCase(IsolatedAsyncioTestCase):
    """The base of test cases: each test has a separate container and event bus, and tests may be async.

    Use cases awaited in a test resolve services from `self.container` and publish on `self.bus`, which starts without
    handlers. Registrations and overrides of a test do not reach other tests. A subclass may define `setUp` and
    `asyncSetUp` without calling the base methods.

    Attributes:
        container: the test's container; current inside the test.
        bus: the test's event bus; current inside the test.
    """

    container: Container
    bus: EventBus

    def __init__(self, methodName: str = "runTest") -> None:  # noqa: N803 - the name in unittest
        # unittest runs a test in a copy of the context of its construction, so the construction makes container and
        # bus current.
        copy_context().run(self._make, methodName)

    def _make(self, method: str) -> None:
        self.container, self.bus = Container(), EventBus()
        set_container(self.container)
        set_event_bus(self.bus)
        super().__init__(method)

    def register_services(self, services: Mapping[Any, Any]) -> None:
        """Register services for the use cases of the test.

        Args:
            services: classes to construct, or objects, by key.
        """
        for key, value in services.items():
            if isinstance(value, type):
                self.container.register(key, value)
            else:
                self.container.register_instance(key, value)
