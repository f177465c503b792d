"""HEAD is answered where GET is, with the headers of GET and without a body."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import BackgroundTasks, FastAPI, HTTPException, Request
from fastapi.responses import FileResponse, StreamingResponse
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Match
from starlette.routing import Router as AsgiRouter
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vega.patterns import Interactor
from vega.testing import client_for
from vega.web import (
    CompressionMiddleware,
    ETagMiddleware,
    EventStream,
    MiddlewarePipeline,
    RequestLoggingMiddleware,
    Router,
)
from vega.web._routing.head import HeadRouting

Shop = Callable[..., FastAPI]
log: list[str] = []


class Look(Interactor[list[str]]):
    async def call(self) -> list[str]:
        return ["tea"] * 500


async def refuse(request: Request, call_next: Any) -> Any:
    return PlainTextResponse("refused", 401)


def routes() -> Router:
    router = Router()
    router.get("/things", use_case=Look)

    @router.get("/things/{id}")
    async def thing(id: int, request: Request, tasks: BackgroundTasks) -> dict[str, Any]:
        tasks.add_task(log.append, f"ended {id}")
        return {"id": id, "query": str(request.url.query)}

    @router.get("/events")
    async def events() -> EventStream:
        async def source() -> AsyncIterator[str]:
            try:
                while True:
                    yield "x"
                    await asyncio.sleep(3600)
            finally:
                log.append("closed")

        return EventStream(source())

    @router.get("/chunks")
    async def chunks() -> StreamingResponse:
        async def source() -> AsyncIterator[bytes]:
            yield b"a"
            yield b"b"

        return StreamingResponse(source(), headers={"x-more": "1"})

    add_others(router)
    return router


def add_others(router: Router) -> None:
    @router.get("/refused")
    async def refused() -> None:
        raise HTTPException(403, "no", {"x-why": "because"})

    @router.get("/broken")
    async def broken() -> None:
        raise RuntimeError("secret")

    @router.get("/own")
    async def own() -> str:
        return "GET"

    @router.head("/own")
    async def own_head() -> PlainTextResponse:
        return PlainTextResponse("", headers={"x-own": "1"})

    @router.post("/orders")
    async def order() -> str:
        return "made"


async def _both(app: FastAPI, path: str, headers: dict[str, str]) -> tuple[httpx.Response, httpx.Response]:
    async with client_for(app) as client:
        return await client.head(path, headers=headers), await client.get(path, headers=headers)


@pytest.mark.parametrize(
    "path",
    [
        *("/things", "/things/7?a=b", "/things/x", "/chunks", "/refused", "/broken", "/nothing", "/health/live"),
        *("/health/ready", "/openapi.json", "/v1/things", "/v1/things/7"),
    ],
)
@pytest.mark.parametrize("headers", [{}, {"accept-encoding": "identity"}])
def test_head_has_the_status_and_headers_of_get(shop: Shop, path: str, headers: dict[str, str]) -> None:
    pipeline = MiddlewarePipeline().use(ETagMiddleware).use(CompressionMiddleware)
    app = shop(routes(), pipeline=pipeline)
    app.include_router(routes(), prefix="/v1")

    head, get = asyncio.run(_both(app, path, headers))

    assert (head.status_code, head.headers, head.content) == (get.status_code, get.headers, b"")


def test_head_finds_what_the_client_has_unchanged(shop: Shop) -> None:
    async def main() -> int:
        async with client_for(shop(routes(), pipeline=MiddlewarePipeline().use(ETagMiddleware))) as client:
            tag = (await client.get("/things")).headers["etag"]
            return (await client.head("/things", headers={"if-none-match": tag})).status_code

    assert asyncio.run(main()) == 304


def test_head_of_an_endless_stream_ends_it(shop: Shop) -> None:
    log.clear()

    async def main() -> httpx.Response:
        async with asyncio.timeout(10), client_for(shop(routes())) as client:
            return await client.head("/events")

    answer = asyncio.run(main())

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert "x" not in answer.text
    assert log in ([], ["closed"])


def test_background_tasks_of_get_run_after_head(shop: Shop) -> None:
    log.clear()

    asyncio.run(_both(shop(routes()), "/things/7", {}))

    assert log == ["ended 7"] * 2


def test_a_route_for_head_goes_before_one_for_get(shop: Shop) -> None:
    head, get = asyncio.run(_both(shop(routes()), "/own", {}))

    assert (head.headers.get("x-own"), get.headers.get("x-own"), get.json()) == ("1", None, "GET")


def test_a_path_without_get_refuses_head(shop: Shop) -> None:
    head, _ = asyncio.run(_both(shop(routes()), "/orders", {}))

    assert (head.status_code, head.headers["allow"], head.content) == (405, "POST", b"")


def test_a_mounted_application_is_asked_itself(shop: Shop) -> None:
    async def mounted(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse(scope["method"], headers={"x-method": scope["method"]})(scope, receive, send)

    app = shop(routes())
    app.mount("/", mounted)
    head, _ = asyncio.run(_both(app, "/elsewhere", {}))
    things, _ = asyncio.run(_both(shop(routes()), "/things", {}))

    assert (head.headers["x-method"], things.status_code) == ("HEAD", 200)


def test_middleware_that_a_route_opts_out_of_is_skipped_for_head(shop: Shop) -> None:
    router = Router()

    @router.get("/public", without=["refuse"])
    async def free() -> str:
        return "public"

    def app() -> FastAPI:
        pipeline = MiddlewarePipeline()
        pipeline.use_inline(refuse, name="refuse")
        return shop(router, routes(), pipeline=pipeline)

    public, _ = asyncio.run(_both(app(), "/public", {}))
    things, _ = asyncio.run(_both(app(), "/things", {}))

    assert (public.status_code, things.status_code) == (200, 401)


def test_the_access_log_names_head(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        asyncio.run(_both(shop(routes(), pipeline=MiddlewarePipeline().use(RequestLoggingMiddleware)), "/things", {}))

    lines = [record.getMessage() for record in caplog.records if record.name.startswith("vega")]
    assert [line.partition(" ")[0] for line in lines] == ["HEAD", "GET"]


def test_the_document_does_not_list_head(shop: Shop) -> None:
    paths = shop(routes()).openapi()["paths"]

    assert [path for path, operations in paths.items() if "head" in operations] == ["/own"]


def test_a_body_is_not_sent_after_the_headers(shop: Shop) -> None:
    sent: list[Message] = []

    async def main() -> None:
        async def send(message: Message) -> None:
            sent.append(message)

        async def receive() -> Message:
            return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]  # it never comes

        scope = {
            "type": "http",
            "method": "HEAD",
            "path": "/chunks",
            "raw_path": b"/chunks",
            "root_path": "",
            "query_string": b"",
            "headers": [],
            "scheme": "http",
            "server": ("x", 80),
            "client": ("y", 1),
        }
        app = shop(routes())
        async with app.router.lifespan_context(app):
            await app(scope, receive, send)
        assert scope["method"] == "HEAD"

    asyncio.run(main())

    assert [(message["type"], message.get("body")) for message in sent] == [
        ("http.response.start", None),
        ("http.response.body", b""),
    ]


def test_a_server_answers_head(served: int) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{served}", timeout=10) as client:
        pairs = [
            (client.head(path), client.get(path))
            for path in ("/items", "/items/sold-out", "/items/stream", "/health/live", "/nothing")
        ]

    names = ("content-type", "content-length", "transfer-encoding")
    for head, get in pairs:
        assert (head.status_code, head.content) == (get.status_code, b"")
        assert head.headers.get("content-type") == get.headers.get("content-type")
        lengths = [[answer.headers.get(name) for name in names] for answer in (head, get)]
        assert lengths[0] == lengths[1] or get.headers.get("transfer-encoding")


def file_routes() -> Router:
    router = Router()

    @router.get("/file")
    async def file() -> FileResponse:
        return FileResponse(__file__)

    @router.head("/own")
    async def own() -> FileResponse:
        return FileResponse(__file__)

    return router


@pytest.mark.parametrize("path", ["/file", "/v1/file", "/own", "/static/test_head.py"])
@pytest.mark.parametrize(
    "value", ["bytes=0-9", "bytes=-5", "bytes=0-1,4-5", "bytes=99999999-", "nonsense", "bytes=9-1"]
)
def test_head_ignores_a_range(shop: Shop, path: str, value: str) -> None:
    app = shop(file_routes())
    app.include_router(file_routes(), prefix="/v1")
    app.mount("/static", StaticFiles(directory=Path(__file__).parent))

    async def main() -> list[httpx.Response]:
        async with client_for(app) as client:
            headers = {"range": value, "if-range": '"x"'} if value == "bytes=-5" else {"range": value}
            return [await client.head(path, headers=headers), await client.head(path)]

    ranged, whole = asyncio.run(main())

    assert (ranged.status_code, ranged.headers["content-length"]) == (200, str(Path(__file__).stat().st_size))
    assert ranged.headers == whole.headers


def test_get_still_answers_a_range(shop: Shop) -> None:
    head, get = asyncio.run(_both(shop(file_routes()), "/file", {"range": "bytes=0-9"}))

    assert (head.status_code, get.status_code, len(get.content)) == (200, 206, 10)


class Watching:
    """Middleware that reads the method before, while and after an answer is sent."""

    def __init__(self, app: ASGIApp, seen: list[str]) -> None:
        self.app, self.seen = app, seen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def watching(message: Message) -> None:
            self.seen.append(f"{scope['method']} {message['type']} {dict(scope['headers']).get(b'range')!r}")
            await send(message)

        self.seen.append(f"{scope['method']} before")
        await self.app(scope, receive, watching)
        self.seen.append(f"{scope['method']} after")


def test_routes_see_get_and_all_that_stands_outside_sees_head(shop: Shop) -> None:
    seen: list[str] = []
    pipeline = MiddlewarePipeline().use(Watching, seen=seen)

    @pipeline.use_inline
    async def outside(request: Request, call_next: Any) -> Any:
        before = request.method
        response = await call_next(request)
        seen.append(f"{before} {request.method} inline")
        return response

    async def inside(request: Request, call_next: Any) -> Any:
        seen.append(f"{request.method} of the route")
        return await call_next(request)

    router = Router()

    @router.api_route("/both", methods=["GET", "POST"], middleware=[inside])
    async def both(request: Request, tasks: BackgroundTasks) -> str:
        tasks.add_task(lambda: seen.append(f"{request.method} in the background"))
        return "read" if request.method == "GET" else "made"

    async def main() -> list[httpx.Response]:
        async with client_for(shop(router, pipeline=pipeline)) as client:
            return [await client.head("/both", headers={"range": "bytes=0-1"}), await client.get("/both")]

    head, get = asyncio.run(main())

    assert head.headers == get.headers
    assert seen[: seen.index("GET before")] == [
        "HEAD before",
        "GET of the route",
        "HEAD HEAD inline",
        "HEAD http.response.start b'bytes=0-1'",
        "HEAD http.response.body b'bytes=0-1'",
        "GET in the background",
        "HEAD after",
    ]


def test_a_head_asks_each_route_once_until_one_has_its_path() -> None:
    asked: list[str] = []

    class Counted(BaseRoute):
        def __init__(self, path: str) -> None:
            self.path = path

        def matches(self, scope: Scope) -> tuple[Match, Scope]:
            asked.append(f"{scope['method']} {self.path}")
            if scope["path"] != self.path:
                return Match.NONE, {}
            return (Match.FULL if scope["method"] == "GET" else Match.PARTIAL), {}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        asked.append(scope["method"])

    routing = HeadRouting(app, AsgiRouter(routes=[Counted("/a"), Counted("/b"), Counted("/c")]))
    scope = {"type": "http", "method": "HEAD", "path": "/b", "headers": []}
    asyncio.run(routing(scope, nothing, nothing))

    assert asked == ["HEAD /a", "HEAD /b", "GET /b", "HEAD /c", "GET"]


async def nothing(*_: Any) -> Any: ...
