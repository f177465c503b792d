"""`TestCase`: a container and a bus of its own for each test."""

import io
import unittest
from abc import ABC, abstractmethod

from vega.di import bind, get_container
from vega.events import get_event_bus
from vega.testing import TestCase


class Mailer(ABC):
    @abstractmethod
    async def send(self, to: str) -> bool: ...


class RealMailer(Mailer):
    async def send(self, to: str) -> bool:
        return False


@bind
async def welcome(mailer: Mailer) -> bool:
    return await mailer.send("ada@example.org")


def outcome(case: type[TestCase]) -> unittest.TestResult:
    return unittest.TextTestRunner(stream=io.StringIO()).run(unittest.defaultTestLoader.loadTestsFromTestCase(case))


def test_each_test_of_a_case_has_its_own_container_and_bus() -> None:
    seen: list[object] = []
    before = get_container(), get_event_bus()

    class Case(TestCase):
        def setUp(self) -> None:
            self.register_services({Mailer: RealMailer})

        async def test_one(self) -> None:
            seen.append((get_container(), get_event_bus()))
            assert await welcome() is False

        async def test_two(self) -> None:
            seen.append((get_container(), get_event_bus()))
            assert get_container() is self.container

    assert outcome(Case).wasSuccessful()
    assert len({id(each) for pair in seen for each in pair}) == 4
    assert (get_container(), get_event_bus()) == before
