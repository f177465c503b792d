"""Limits of bodies and of time."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi.responses import StreamingResponse
from starlette.middleware import Middleware
from web_built_in import PROBLEM, Shop, ask, chunks, routes

from vega.testing import client_for
from vega.web import BodyLimitMiddleware, MiddlewarePipeline, Router, TimeoutMiddleware


@pytest.mark.parametrize("path", ["/echo", "/json"])
def test_a_body_is_limited_whether_its_length_is_told_or_not(shop: Shop, path: str) -> None:
    app = shop(routes(), pipeline=MiddlewarePipeline().use(BodyLimitMiddleware, max_bytes=10))

    async def main() -> list[httpx.Response]:
        async with client_for(app) as client:
            json = {"content-type": "application/json"}
            return [
                await client.post(path, content=b"x" * 11, headers=json),
                await client.post(path, content=chunks(b"x" * 6, b"x" * 6), headers=json),
                await client.post("/echo", content=chunks(b"x" * 5, b"y" * 5)),
                await client.post("/echo", content=b"x", headers={"content-length": "ten"}),
                await client.post("/echo", content=b"x", headers={"content-length": "9" * 5000}),
            ]

    answers = asyncio.run(main())
    assert [answer.status_code for answer in answers] == [413, 413, 200, 400, 413]
    assert answers[1].headers["content-type"] == PROBLEM


def test_too_late_is_answered_with_504_and_the_work_is_cancelled(shop: Shop) -> None:
    router, log = Router(), []

    @router.get("/slow")
    async def slow() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            log.append("cancelled")
            raise

    @router.get("/own")
    async def own() -> None:
        raise TimeoutError("of my own")

    @router.get("/stream")
    async def stream() -> StreamingResponse:
        async def parts() -> AsyncIterator[str]:
            yield "a"
            await asyncio.sleep(0.1)
            yield "b"

        return StreamingResponse(parts())

    app = shop(router, pipeline=MiddlewarePipeline().use(TimeoutMiddleware, seconds=0.05))
    late, own_, whole = ask(app, "GET /slow", "GET /own", "GET /stream")

    assert (late.status_code, late.headers["content-type"], log) == (504, PROBLEM, ["cancelled"])
    assert late.json()["detail"] == "no answer within 0.05 s"
    assert (own_.status_code, own_.json().get("detail")) == (504, None)
    assert whole.text == "ab"


def test_a_route_may_have_a_shorter_time_limit(shop: Shop) -> None:
    router = Router()

    @router.get("/slow", middleware=[Middleware(TimeoutMiddleware, seconds=0.01)])
    async def slow() -> None:
        await asyncio.sleep(60)

    assert ask(shop(router), "GET /slow")[0].status_code == 504
