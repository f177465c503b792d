"""An application that stopped starts again: with new services, and with sockets and streams that go on."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from fastapi import FastAPI

from vega.core import Application, ApplicationStateError
from vega.testing import client_for
from vega.web import create_app

POOL = """
from collections.abc import Iterator
from vega.di import Scope, injectable
class Pool:
    is_open = True
@injectable(scope=Scope.SINGLETON)
def pool() -> Iterator[Pool]:
    made = Pool()
    yield made
    made.is_open = False
"""

CONFIG = """
from vega.di import Inject
from vega.web import MiddlewarePipeline
from webshop.infrastructure.services.pool import Pool
class PoolHeader:
    def __init__(self, app, pool: Pool):
        self.app, self.pool = app, pool
    async def __call__(self, scope, receive, send):
        async def sending(message):
            if message["type"] == "http.response.start":
                name = f"{id(self.pool)} {self.pool.is_open}"
                message["headers"] = [*message["headers"], (b"x-made", name.encode())]
            await send(message)
        await self.app(scope, receive, sending)
pipeline = MiddlewarePipeline()
pipeline.use(PoolHeader)
@pipeline.use_inline
async def served(request, call_next, pool: Inject[Pool]):
    response = await call_next(request)
    response.headers["x-served"] = f"{id(pool)} {pool.is_open}"
    return response
"""

EVENTS = """
from fastapi import APIRouter
from vega.web import EventStream
router = APIRouter()
async def numbers():
    for number in range(3):
        yield str(number)
@router.get("")
async def events() -> EventStream:
    return EventStream(numbers())
"""


@pytest.fixture
def app(project: Path) -> FastAPI:
    (project / "webshop/infrastructure/services/pool.py").write_text(POOL)
    (project / "webshop/config.py").write_text(CONFIG)
    (project / "webshop/presentation/web/routes/events.py").write_text(EVENTS)
    return create_app(Application.load(project))


def test_each_start_has_services_and_middleware_of_its_own(app: FastAPI) -> None:
    async def life() -> str:
        async with client_for(app) as client:
            answers = [await client.get("/items") for _ in range(2)]
            assert (await client.get("/health/ready")).status_code == 200
            stream = await client.get("/events")
        assert [answer.status_code for answer in (*answers, stream)] == [200, 200, 200]
        assert stream.text.count("data:") == 3
        made = {answer.headers["x-made"] for answer in answers}
        assert made == {answer.headers["x-served"] for answer in answers}
        (name,) = made
        assert name.endswith(" True")
        return name

    lives = [asyncio.run(life()) for _ in range(3)]  # each in an event loop of its own

    assert len(set(lives)) == 3


def test_a_running_application_is_not_started_beside_itself(app: FastAPI) -> None:
    async def main() -> None:
        async with client_for(app) as client:
            with pytest.raises(ApplicationStateError, match="runs already"):
                async with client_for(app):
                    pass
            assert (await client.get("/items")).status_code == 200

    asyncio.run(main())
