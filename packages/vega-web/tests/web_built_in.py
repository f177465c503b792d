"""Routes that the built-in middleware stands around, for its tests."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import StreamingResponse
from starlette.responses import PlainTextResponse, Response

from vega.testing import client_for
from vega.web import Router
from vega.web.middleware import request_id

Shop = Callable[..., FastAPI]


PROBLEM = "application/problem+json"


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def routes() -> Router:
    router = Router()

    @router.get("/hello")
    async def hello() -> dict[str, str]:
        return {"id": request_id()}

    @router.get("/large")
    async def large() -> PlainTextResponse:
        return PlainTextResponse("tea " * 1000)

    @router.get("/broken")
    async def broken() -> None:
        raise RuntimeError("password=hunter2")

    @router.get("/client")
    async def client(request: Request) -> list[Any]:
        assert request.client is not None
        return [request.client.host, request.url.scheme]

    @router.post("/echo")
    async def echo(request: Request) -> Response:
        return Response(await request.body())

    @router.post("/json")
    async def json(body: dict[str, int]) -> dict[str, int]:
        return body

    @router.get("/stream")
    async def stream() -> StreamingResponse:
        return StreamingResponse(chunks(b"0", b"1", b"2"))

    @router.get("/odd")
    async def odd() -> None:
        raise HTTPException(418, {"pot": "tea", "status": 1})

    return router


def ask(app: FastAPI, *requests: str, **options: Any) -> list[httpx.Response]:
    async def main() -> list[httpx.Response]:
        async with client_for(app) as client:
            return [await client.request(*request.split(), **options) for request in requests]

    return asyncio.run(main())
