"""What `Allow` says when a path is known and the method is not."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, HTTPException

from vega.core import Application
from vega.core.extend import Project
from vega.di import Container
from vega.events import EventBus
from vega.web import Router, create_app


def ask(app: FastAPI, method: str, path: str) -> httpx.Response:
    async def main() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:
            return await client.request(method, path)

    return asyncio.run(main())


def shop() -> FastAPI:
    router = Router()

    @router.get("/items/{id}")
    async def read(id: str) -> None: ...

    @router.put("/items/{id}")
    async def replace(id: str) -> None: ...

    @router.delete("/items/{id:int}")
    async def remove(id: int) -> None: ...

    @router.post("/items/refusing")
    async def refuse() -> None:
        raise HTTPException(405, headers={"Allow": "GET"})

    application = Application(Project(root=Path(), package="none"), container=Container(), bus=EventBus())
    app = create_app(application)
    app.include_router(router)
    app.include_router(router, prefix="/v1")
    return app


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/items/a", "GET, HEAD, PUT"),
        ("POST", "/items/7", "DELETE, GET, HEAD, PUT"),
        ("PATCH", "/v1/items/7", "DELETE, GET, HEAD, PUT"),
        ("POST", "/items/refusing", "GET"),
    ],
)
def test_every_method_of_a_path_is_named(method: str, path: str, allowed: str) -> None:
    answer = ask(shop(), method, path)

    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    assert answer.headers["content-type"] == "application/problem+json"
