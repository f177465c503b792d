"""Compressed answers, and tags of answers that a client has already."""

import asyncio

import httpx
import pytest
from fastapi.responses import PlainTextResponse, StreamingResponse
from web_built_in import Shop, ask, chunks, routes

from vega.testing import client_for
from vega.web import CompressionMiddleware, ETagMiddleware, MiddlewarePipeline, Router


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


TAGS = ['"v1"', '"v1,final"', 'W/"v1"', '""']


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize("form", ["{}", '"other", {}', '{},"other"', 'W/"a,b" , {}', "W/{}"])
def test_a_tag_is_found_in_a_list(shop: Shop, tag: str, form: str) -> None:
    router = Router()

    @router.get("/own")
    async def own() -> PlainTextResponse:
        return PlainTextResponse("x" * 2000, headers={"etag": tag})

    app = shop(router, pipeline=MiddlewarePipeline().use(CompressionMiddleware).use(ETagMiddleware))

    async def main() -> list[httpx.Response]:
        async with client_for(app) as client:
            gzip = {"accept-encoding": "gzip"}
            asked = form.format(tag.removeprefix("W/") if form.startswith("W/{") else tag)
            return [
                await client.get("/own", headers=gzip),
                await client.get("/own", headers={"accept-encoding": "identity"}),
                await client.get("/own", headers=gzip | {"if-none-match": asked}),
                await client.get("/own", headers=gzip | {"if-none-match": '"v2", "v1,fin"'}),
            ]

    zipped, plain, same, other = asyncio.run(main())
    assert zipped.headers["etag"] == "W/" + tag.removeprefix("W/")
    assert plain.headers["etag"] == tag
    assert (same.status_code, same.headers["vary"]) == (304, zipped.headers["vary"])
    assert other.status_code == 200
