"""Limits of bodies and of time, compression, and what a client has already."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi.responses import StreamingResponse
from starlette.middleware import Middleware
from web_built_in import PROBLEM, Shop, ask, chunks, routes

from vega.testing import client_for
from vega.web import (
    BodyLimitMiddleware,
    CompressionMiddleware,
    ETagMiddleware,
    MiddlewarePipeline,
    Router,
    TimeoutMiddleware,
)


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
    assert own_.json().get("detail") == "of my own"
    assert whole.text == "ab"


def test_a_route_may_have_a_shorter_time_limit(shop: Shop) -> None:
    router = Router()

    @router.get("/slow", middleware=[Middleware(TimeoutMiddleware, seconds=0.01)])
    async def slow() -> None:
        await asyncio.sleep(60)

    assert ask(shop(router), "GET /slow")[0].status_code == 504


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd"])
def test_answers_are_compressed_as_the_client_likes(shop: Shop, encoding: str) -> None:
    app = shop(routes(), pipeline=MiddlewarePipeline().use(CompressionMiddleware))

    async def main() -> httpx.Response:
        async with client_for(app) as client:
            request = client.build_request("GET", "/large", headers={"accept-encoding": encoding})
            return await client.send(request, stream=True)

    answer = asyncio.run(main())
    assert answer.headers["content-encoding"] == encoding
    assert "accept-encoding" in answer.headers["vary"].lower()


def test_what_is_small_is_not_compressed(shop: Shop) -> None:
    app = shop(routes(), pipeline=MiddlewarePipeline().use(CompressionMiddleware))

    assert "content-encoding" not in ask(app, "GET /hello")[0].headers


def test_what_the_client_has_is_not_sent_again(shop: Shop) -> None:
    app = shop(routes(), pipeline=MiddlewarePipeline().use(ETagMiddleware))

    async def main() -> list[httpx.Response]:
        async with client_for(app) as client:
            first = await client.get("/large")
            tag = first.headers["etag"]
            return [
                first,
                await client.get("/large", headers={"if-none-match": f'"other", {tag}'}),
                await client.get("/large", headers={"if-none-match": "*"}),
                await client.get("/large", headers={"if-none-match": '"other"'}),
                await client.get("/stream"),
                await client.get("/nowhere", headers={"if-none-match": "*"}),
                await client.post("/echo", content=b"x", headers={"if-none-match": "*"}),
            ]

    first, same, any_, other, stream, missing, post = asyncio.run(main())
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", first.headers["etag"])
    assert "content-length" not in same.headers
    assert [answer.status_code for answer in (any_, other, stream, missing, post)] == [304, 200, 200, 404, 200]
    assert (stream.text, "etag" in stream.headers) == ("012", False)


def test_a_tag_of_the_answer_is_compared(shop: Shop) -> None:
    router = Router()

    @router.get("/")
    async def tagged() -> StreamingResponse:
        return StreamingResponse(chunks(b"a", b"b"), headers={"etag": '"v1"'})

    app = shop(router, pipeline=MiddlewarePipeline().use(ETagMiddleware))

    assert ask(app, "GET /", headers={"if-none-match": 'W/"v1"'})[0].status_code == 304
    assert ask(shop(router, pipeline=MiddlewarePipeline().use(ETagMiddleware)), "GET /")[0].text == "ab"
