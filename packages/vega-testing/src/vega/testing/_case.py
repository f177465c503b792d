"""A unittest case with a container and a bus of its own, and async tests."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import copy_context
from typing import Any
from unittest import IsolatedAsyncioTestCase

from vega.di import Container, set_container
from vega.events import EventBus, set_event_bus


class TestCase(IsolatedAsyncioTestCase):
    """The base of test cases: each test has its own container and event bus, and tests may be async.

    Use cases that a test awaits take their services from `self.container` and publish on `self.bus`, which has
    no handlers but those that the test subscribes. Nothing that a test registers or overrides reaches another
    one. A subclass may define `setUp` and `asyncSetUp` without calling these here.

    Attributes:
        container: the test's container; it is current inside the test.
        bus: the test's event bus; it is current inside the test.
    """

    container: Container
    bus: EventBus

    def __init__(self, methodName: str = "runTest") -> None:  # noqa: N803 - unittest's own name
        # unittest runs a test in a copy of the context that it was made in, so the test is made in one
        # where its container and bus are the current ones.
        copy_context().run(self._make, methodName)

    def _make(self, method: str) -> None:
        self.container, self.bus = Container(), EventBus()
        set_container(self.container)
        set_event_bus(self.bus)
        super().__init__(method)

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
