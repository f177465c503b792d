"""An application that serves without having been started says so; clients that leave are no failures."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from pydantic import BaseModel
from starlette.types import Message

from vega.web import MiddlewarePipeline, RequestLoggingMiddleware, Router

Shop = Callable[..., FastAPI]


def _ask(app: Any, *paths: str) -> list[httpx.Response]:
    async def main() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=app)  # which runs no lifespan
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            return [await client.get(path) for path in paths]

    return asyncio.run(main())


def test_an_application_that_was_not_started_is_not_ready_and_reports_it_once(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    outer = FastAPI()
    outer.mount("/api", shop())

    live, ready, again = _ask(outer, "/api/health/live", "/api/health/ready", "/api/health/ready")

    assert (live.status_code, ready.status_code, again.status_code) == (200, 503, 503)
    assert ready.json() == {"status": "new"}
    assert [record.getMessage().count("was not started") for record in caplog.records] == [1]


def test_an_application_that_runs_is_ready(shop: Shop) -> None:
    app = shop()

    async def main() -> int:
        transport = httpx.ASGITransport(app=app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://x") as client,
        ):
            return (await client.get("/health/ready")).status_code

    assert asyncio.run(main()) == 200


class Order(BaseModel):
    name: str


@pytest.mark.parametrize("path", ["/raw", "/model"])
def test_a_client_that_leaves_while_it_uploads_is_no_failure(
    shop: Shop, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    router = Router()

    @router.post("/raw")
    async def raw(request: Request) -> int:
        return len(await request.body())

    @router.post("/model")
    async def model(order: Order) -> str:
        return order.name

    app = shop(router, pipeline=MiddlewarePipeline().use(RequestLoggingMiddleware))
    coming: list[Message] = [
        {"type": "http.request", "body": b"{", "more_body": True},
        {"type": "http.disconnect"},
    ]
    scope: dict[str, Any] = {"type": "http", "method": "POST", "path": path, "raw_path": path.encode()}
    scope |= {
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
        "http_version": "1.1",
        "scheme": "http",
    }
    scope |= {"server": ("x", 80), "client": ("x", 1), "root_path": "", "asgi": {"version": "3.0"}}

    async def receive() -> Message:
        return coming.pop(0)

    async def send(_: Message) -> None: ...

    async def main() -> None:
        async with app.router.lifespan_context(app):
            await app(scope, receive, send)

    asyncio.run(main())

    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert not any("500" in record.getMessage() for record in caplog.records)
