"""A change that is stored is answered as a success, whatever fails after its commit: HTTP, streams, WebSockets."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.responses import StreamingResponse
from web_sockets import Client, serving

from vega.data import InMemoryUnitOfWork
from vega.patterns import Interactor
from vega.testing import client_for
from vega.web import Router, WebSocketHandler
from vega.web.websockets import add_websocket

Shop = Callable[..., FastAPI]


def fail() -> None:
    raise ValueError("password=hunter2")


@dataclass(frozen=True)
class Store(Interactor[str]):
    name: str = "tea"

    async def call(self) -> str:
        async with InMemoryUnitOfWork() as unit:
            unit.after_commit(fail)
        return self.name


class StoreHandler(WebSocketHandler):
    path = "/ws/store"

    async def on_message(self, message: str) -> None:
        await self.send(await Store(message))


def routes() -> Router:
    router = Router()
    router.post("/use-case", use_case=Store)

    @router.post("/endpoint", status_code=201)
    async def endpoint() -> str:
        return await Store()

    @router.get("/stream")
    async def stream() -> StreamingResponse:
        async def parts() -> Any:
            yield await Store("half ")
            yield await Store("whole")

        return StreamingResponse(parts())

    return router


@pytest.mark.parametrize(
    ("method", "path", "status", "records"),
    [("POST", "/use-case", 201, 1), ("POST", "/endpoint", 201, 1), ("GET", "/stream", 200, 2)],
)
def test_a_stored_change_is_answered_as_success_and_logged_once(
    shop: Shop, method: str, path: str, status: int, records: int, caplog: pytest.LogCaptureFixture
) -> None:
    app = shop(routes())

    async def main() -> tuple[int, str]:
        async with client_for(app) as client:
            answer = await client.request(method, path, json={} if method == "POST" else None)
            return answer.status_code, answer.text

    got, text = asyncio.run(main())

    assert got == status
    assert "hunter2" not in text
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert [record.name for record in errors] == ["vega.core"] * records
    assert "the change is stored" in errors[0].getMessage()


def test_a_message_of_a_websocket_is_handled_though_something_fails_after_its_commit(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    app = shop()
    add_websocket(app, StoreHandler)

    async def main() -> list[Any]:
        async with serving(app):
            client = Client(app, "/ws/store")
            await client.heard()
            client.say("tea")
            client.say("cup")
            heard = [await client.heard(), await client.heard()]
            client.leave()
            await client.gone()
            return heard

    assert asyncio.run(main()) == ["tea", "cup"]
    assert [r.name for r in caplog.records if r.levelno >= logging.ERROR] == ["vega.core", "vega.core"]
