"""A mock of the test reaches the requests, sockets and jobs of the clients that it starts, in either order."""

from __future__ import annotations

import asyncio
import sys
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import Any

import pytest
from fastapi import FastAPI

from vega.core import Application
from vega.di import Container, set_container
from vega.testing import client_for, fake_jobs, mock_repository
from vega.web import create_app

with warnings.catch_warnings():  # the client of Starlette prefers another library than httpx
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

FILES = {
    "pyproject.toml": '[tool.vega]\npackage = "mockshop"\nfeatures = ["web", "websocket", "jobs", "graphql"]\n',
    "mockshop/__init__.py": "",
    "mockshop/domain/repositories/users.py": """
from abc import abstractmethod
from vega.patterns import Repository
class Users(Repository[str]):
    @abstractmethod
    async def name(self) -> str: ...
""",
    "mockshop/infrastructure/repositories/users.py": """
from vega.di import injectable
from mockshop.domain.repositories.users import Users
@injectable(provides=Users)
class RealUsers(Users):
    async def name(self) -> str:
        return "real"
""",
    "mockshop/domain/interactors/look.py": """
from vega.di import bind
from vega.patterns import Interactor
from mockshop.domain.repositories.users import Users
class Look(Interactor[str]):
    @bind
    async def call(self, users: Users) -> str:
        return await users.name()
""",
    "mockshop/infrastructure/jobs/look.py": """
from vega.jobs import background_job
from mockshop.domain.interactors.look import Look
seen = []
@background_job(name="mockshop.look")
async def look() -> None:
    seen.append(await Look())
""",
    "mockshop/presentation/web/routes/names.py": """
from fastapi import APIRouter
from vega.jobs import JobQueue
from mockshop.domain.interactors.look import Look
router = APIRouter()
@router.get("")
async def look() -> str:
    return await Look()
@router.post("")
async def later() -> None:
    await JobQueue.enqueue("mockshop.look")
""",
    "mockshop/presentation/websocket/names.py": """
from vega.web import WebSocketHandler
from mockshop.domain.interactors.look import Look
class NamesHandler(WebSocketHandler):
    path = "/ws/names"
    async def on_message(self, message: str) -> None:
        await self.send(await Look())
""",
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    folder = tmp_path_factory.mktemp("project")
    for path, text in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", list(sys.path))
        patch.delenv("REDIS_URL", raising=False)
        yield create_app(Application.load(folder))


@pytest.fixture
def users(app: FastAPI) -> Any:
    from mockshop.domain.repositories.users import Users

    return Users


def _entered(stack: ExitStack, users: Any, client: TestClient, mock_first: bool) -> Any:
    blocks: list[AbstractContextManager[Any]] = [fake_jobs(), client]
    blocks.insert(0 if mock_first else 2, mock_repository(users))
    entered = [stack.enter_context(block) for block in blocks]
    return entered[0 if mock_first else 2]


@pytest.mark.parametrize("mock_first", [True, False])
def test_a_mock_reaches_the_thread_of_a_test_client(app: FastAPI, users: Any, mock_first: bool) -> None:
    for _ in range(2):  # the second time the application starts again
        with ExitStack() as stack:
            client = TestClient(app)
            mock = _entered(stack, users, client, mock_first)
            mock.name.return_value = "mocked"
            assert client.get("/names").json() == "mocked"
            with client.websocket_connect("/ws/names") as socket:
                socket.send_text("x")
                assert socket.receive_text() == "mocked"
        with TestClient(app) as client:
            assert client.get("/names").json() == "real"


@pytest.mark.parametrize("mock_first", [True, False])
def test_a_mock_reaches_requests_and_use_cases_of_the_same_task(app: FastAPI, users: Any, mock_first: bool) -> None:
    async def main() -> None:
        from mockshop.domain.interactors.look import Look

        with ExitStack() as outer:
            if mock_first:
                mock = outer.enter_context(mock_repository(users))
            async with client_for(app) as client:
                with ExitStack() as inner:
                    if not mock_first:
                        mock = inner.enter_context(mock_repository(users))
                    mock.name.return_value = "mocked"
                    assert (await client.get("/names")).json() == "mocked"
                    assert await Look() == "mocked"

    asyncio.run(main())


@pytest.mark.parametrize("mock_first", [True, False])
def test_a_mock_reaches_the_attempts_of_jobs(app: FastAPI, users: Any, mock_first: bool) -> None:
    from mockshop.infrastructure.jobs.look import look, seen

    async def attempt() -> None:
        async with app.state.application.activate():  # as a worker does for each attempt
            await look()

    with ExitStack() as stack:
        client = TestClient(app)
        mock = _entered(stack, users, client, mock_first)
        mock.name.return_value = "mocked"
        assert client.post("/names").status_code == 200
        asyncio.run(attempt())
    assert seen.pop() == "mocked"


def test_mocks_nest_and_end_with_their_blocks(app: FastAPI, users: Any) -> None:
    with TestClient(app) as client:
        with mock_repository(users) as outer:
            outer.name.return_value = "outer"
            with mock_repository(users) as inner:
                inner.name.return_value = "inner"
                assert client.get("/names").json() == "inner"
            assert client.get("/names").json() == "outer"
        assert client.get("/names").json() == "real"


def test_a_mock_leaves_other_contexts_alone(app: FastAPI, users: Any) -> None:
    set_container(Container())

    async def main() -> None:
        async def other() -> str:
            async with app.state.application.activate():
                from mockshop.domain.interactors.look import Look

                return await Look()

        async with app.state.application:
            outside = asyncio.Event()

            async def wait() -> str:
                await outside.wait()
                return await other()

            task = asyncio.create_task(wait())
            set_container(Container())
            with mock_repository(users) as mock:
                mock.name.return_value = "mocked"
                outside.set()
                assert await task == "real"
                assert await other() == "mocked"

    asyncio.run(main())
