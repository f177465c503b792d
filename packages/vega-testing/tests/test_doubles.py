"""Mocks, cases and fakes."""

import asyncio
import io
import os
import sys
import unittest
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

import pytest
from starlette.applications import Starlette

from vega.core import Application
from vega.di import Container, bind, get_container, set_container
from vega.events import get_event_bus
from vega.jobs import JobPayloadError, JobQueue, NoJobQueueError, UnknownJobError, background_job, get_job_queue
from vega.patterns import BaseRepository
from vega.testing import (
    MockError,
    TestCase,
    assert_layers,
    client_for,
    fake_jobs,
    mock_repository,
    mock_service,
    plugin,
)
from vega.web import create_app


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


@pytest.fixture(autouse=True)
def container() -> Container:
    fresh = Container()
    set_container(fresh)
    return fresh


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


@background_job(queue="mail", name="testing.send")
async def send(to: str, copies: int = 1) -> None: ...


def test_the_fake_queue_keeps_what_is_enqueued_and_refuses_what_the_real_one_does() -> None:
    async def main() -> None:
        await JobQueue.enqueue(send, to="ada", copies=2)
        await JobQueue.enqueue("testing.send", to="bob")
        with pytest.raises(JobPayloadError):
            await JobQueue.enqueue(send)
        with pytest.raises(UnknownJobError):
            await JobQueue.enqueue("testing.nothing")

    with fake_jobs() as jobs:
        asyncio.run(main())

    jobs.assert_enqueued(send, to="ada")
    jobs.assert_enqueued(send, to="bob")
    assert [each.queue for each in jobs.enqueued] == ["mail", "mail"]
    with pytest.raises(AssertionError, match="carl"):
        jobs.assert_enqueued(send, to="carl")
    with pytest.raises(AssertionError):
        jobs.assert_nothing_enqueued()
    with pytest.raises(NoJobQueueError):
        get_job_queue()


def test_the_layers_are_asserted_with_their_places(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.vega]\npackage = "shop"\n')
    domain = tmp_path / "shop" / "domain"
    domain.mkdir(parents=True)

    assert_layers(tmp_path)
    (domain / "user.py").write_text("import sqlalchemy\n")

    with pytest.raises(AssertionError, match=r"shop/domain/user\.py:1"):
        assert_layers(tmp_path)


def test_tests_run_in_the_profile_test_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VEGA_PROFILE", raising=False)
    plugin.pytest_configure()
    first = os.environ["VEGA_PROFILE"]
    monkeypatch.setenv("VEGA_PROFILE", "production")
    plugin.pytest_configure()

    assert (first, os.environ["VEGA_PROFILE"]) == ("test", "production")


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


def test_a_client_talks_to_any_application_and_runs_its_lifespan() -> None:
    states: list[str] = []

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        states.append("up")
        yield
        states.append("down")

    async def main() -> str:
        async with client_for(Starlette(lifespan=lifespan)) as client:
            return str((await client.get("/")).status_code)

    assert asyncio.run(main()) == "404"
    assert states == ["up", "down"]


FILES = {
    "pyproject.toml": '[tool.vega]\npackage = "jobshop_web"\nfeatures = ["web", "jobs"]\n',
    "jobshop_web/__init__.py": "",
    "jobshop_web/infrastructure/jobs/mail.py": (
        "from vega.jobs import background_job\n"
        "@background_job(name='jobshop_web.mail')\nasync def mail(to: str) -> None: ...\n"
    ),
    "jobshop_web/presentation/web/routes/mails.py": (
        "from fastapi import APIRouter\nfrom vega.jobs import JobQueue\nrouter = APIRouter()\n"
        "@router.post('')\nasync def send() -> None:\n    await JobQueue.enqueue('jobshop_web.mail', to='ada')\n"
    ),
}


def test_a_client_keeps_the_jobs_of_the_application_unless_the_test_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delenv("REDIS_URL", raising=False)
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)

    async def main() -> int:
        async with client_for(create_app(Application.load(tmp_path))) as client:
            return (await client.post("/mails")).status_code

    alone = asyncio.run(main())
    with fake_jobs() as jobs:
        together = asyncio.run(main())

    assert (alone, together) == (200, 200)
    assert [each.arguments for each in jobs.enqueued] == [{"to": "ada"}]
