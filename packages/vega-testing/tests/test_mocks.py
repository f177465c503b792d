"""Mocks of services and repositories."""

import asyncio
import io
import unittest
from abc import ABC, abstractmethod
from typing import Protocol

import pytest

from vega.di import Container, bind, get_container
from vega.patterns import BaseRepository
from vega.testing import MockError, TestCase, mock_repository, mock_service


class Mailer(ABC):
    @abstractmethod
    async def send(self, to: str) -> bool: ...


class Clock(Protocol):
    def now(self) -> int: ...


class Users(BaseRepository[str]): ...


class RealMailer(Mailer):
    async def send(self, to: str) -> bool:
        return False


@bind
async def welcome(mailer: Mailer) -> bool:
    return await mailer.send("ada@example.org")


def test_a_mock_stands_in_and_the_registered_one_is_back_after(container: Container) -> None:
    container.register(Mailer, RealMailer)

    with mock_service(Mailer) as mailer:
        mailer.send.return_value = True
        inside = asyncio.run(welcome())

    assert (inside, asyncio.run(welcome())) == (True, False)
    mailer.send.assert_awaited_once_with("ada@example.org")


def test_a_mock_of_what_is_not_registered_works_and_says_when_it_is_over() -> None:
    with mock_service(Mailer) as mailer:
        mailer.send.return_value = True
        assert asyncio.run(welcome()) is True

    with pytest.raises(Exception, match="Mailer"):
        asyncio.run(welcome())


def test_a_mock_refuses_what_the_class_does_not_have() -> None:
    with mock_service(Mailer) as mailer:
        with pytest.raises(AttributeError):
            mailer.sned("x")
        with pytest.raises(TypeError):
            mailer.send()


def test_a_mock_is_taken_away_when_the_block_fails(container: Container) -> None:
    container.register(Mailer, RealMailer)

    with pytest.raises(ZeroDivisionError), mock_service(Mailer):
        1 / 0  # noqa: B018 - raises

    assert asyncio.run(welcome()) is False


def test_a_protocol_can_be_mocked() -> None:
    with mock_service(Clock) as clock:
        clock.now.return_value = 7
        assert get_container().resolve(Clock).now() == 7


def test_a_service_is_no_repository() -> None:
    with pytest.raises(MockError, match="mock_service"), mock_repository(Mailer):
        pass
    with mock_repository(Users) as users:
        assert get_container().resolve(Users) is users


def outcome(case: type[TestCase]) -> unittest.TestResult:
    return unittest.TextTestRunner(stream=io.StringIO()).run(unittest.defaultTestLoader.loadTestsFromTestCase(case))


def test_what_is_no_class_cannot_be_mocked() -> None:
    with pytest.raises(MockError, match="register_services"), mock_service(lambda: 7):
        pass


def test_an_object_can_be_registered_as_it_is() -> None:
    mailer = RealMailer()

    class Case(TestCase):
        async def test_it(self) -> None:
            self.register_services({Mailer: mailer})
            assert self.container.resolve(Mailer) is mailer

    assert outcome(Case).wasSuccessful()
