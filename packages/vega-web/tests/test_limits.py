"""Limits of bodies and of time."""

import asyncio
import logging
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import Request
from fastapi.responses import StreamingResponse
from fastapi.routing import APIRoute
from starlette.middleware import Middleware
from web_built_in import PROBLEM, Shop, ask, chunks, routes

from vega.testing import client_for
from vega.web import BodyLimitMiddleware, MiddlewarePipeline, RouteError, Router, TimeoutMiddleware


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


@pytest.mark.parametrize("is_piped", [True, False], ids=["pipeline", "no-pipeline"])
@pytest.mark.parametrize("is_announced", [True, False], ids=["announced", "chunked"])
def test_a_route_states_a_limit_of_its_own(shop: Shop, is_piped: bool, is_announced: bool) -> None:
    uploads, outer = Router(max_body=20), Router()

    @uploads.post("/router", name="router")
    @uploads.post("/more", max_body=30, name="more")
    @uploads.post("/less", max_body=5, name="less")
    @outer.post("/plain", name="plain")
    async def count(request: Request) -> int:
        return len(await request.body())

    outer.include_router(uploads, prefix="/uploads")
    app = shop(outer, pipeline=MiddlewarePipeline().use(BodyLimitMiddleware, max_bytes=10) if is_piped else None)
    limits = {"/plain": 10, "/uploads/router": 20, "/uploads/more": 30, "/uploads/less": 5}

    async def main() -> dict[str, list[int]]:
        async with client_for(app) as client:
            return {
                path: [
                    (await client.post(path, content=b"x" * size if is_announced else chunks(b"x" * size))).status_code
                    for size in (largest, largest + 1)
                ]
                for path, largest in limits.items()
            }

    expected = {path: [200, 413] for path in limits} | ({} if is_piped else {"/plain": [200, 200]})
    assert asyncio.run(main()) == expected


def test_a_body_that_is_too_large_is_not_logged_as_a_failure(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    app = shop(routes(), pipeline=MiddlewarePipeline().use(BodyLimitMiddleware, max_bytes=10))

    async def main() -> list[int]:
        async with client_for(app) as client:
            json = {"content-type": "application/json"}
            paths = ("/echo", "/json")
            return [(await client.post(path, content=chunks(b"x" * 11), headers=json)).status_code for path in paths]

    assert asyncio.run(main()) == [413, 413]
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_a_negative_limit_and_a_route_that_cannot_have_one_are_refused() -> None:
    async def endpoint() -> None: ...

    with pytest.raises(RouteError, match="negative"):
        Router().add_api_route("/", endpoint, max_body=-1)
    with pytest.raises(RouteError, match="does not support middleware"):
        Router(route_class=APIRoute).add_api_route("/", endpoint, max_body=1)


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
