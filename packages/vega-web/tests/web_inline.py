"""A server in memory, and applications of one endpoint within inline functions: for the tests of both."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from vega.web import MiddlewarePipeline

Endpoint = Callable[[Request], Awaitable[Response]]


class Server:
    """A server in memory: it takes what the application sends, and tells it what a client does.

    Args:
        app: what is served.
        spec: the ASGI version that is announced.
        body: the request's body, in pieces.
        leaves_after: the client goes away after this many pieces of the body; None: never.
    """

    def __init__(
        self, app: Any, spec: str, body: tuple[bytes, ...] = (b"",), leaves_after: int | None = None, **more: Any
    ) -> None:
        self.app, self.spec, self.more = app, spec, more
        self.messages: list[dict[str, Any]] = []
        self._body = [{"type": "http.request", "body": piece, "more_body": True} for piece in body]
        self._body[-1]["more_body"] = False
        self._leaves_after, self.gone, self.progress = leaves_after, asyncio.Event(), asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        if self._body:
            return self._body.pop(0)
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        if self.gone.is_set():
            if self.spec >= "2.4":
                raise OSError("the client has gone")
            return
        self.messages.append(message)
        self.progress.set()
        if self._leaves_after is not None and len(self.pieces) >= self._leaves_after:
            self.gone.set()

    async def serve(self) -> "Server":
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": self.spec},
            "method": "POST",
            "path": "/",
            "raw_path": b"/",
            "query_string": b"",
            "root_path": "",
            "scheme": "http",
            "headers": [(b"host", b"x")],
            **self.more,
        }
        await self.app(scope, self.receive, self.send)
        return self

    @property
    def pieces(self) -> list[bytes]:
        return [m.get("body", b"") for m in self.messages if m["type"] == "http.response.body"]

    @property
    def text(self) -> str:
        return b"".join(self.pieces).decode()

    @property
    def is_whole(self) -> bool:
        return bool(self.pieces) and not self.messages[-1].get("more_body", False)

    @property
    def status(self) -> int:
        return int(self.messages[0]["status"])

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.messages[0]["headers"]}


def app_of(endpoint: Endpoint, *functions: Any, apart: bool = False) -> Starlette:
    """Return an application of one endpoint within functions; `apart` gives each a node of its own."""
    app = Starlette(routes=[Route("/", endpoint, methods=["GET", "POST"])])
    for functions_of_node in [[f] for f in reversed(functions)] if apart else [functions]:
        pipeline = MiddlewarePipeline()
        for function in functions_of_node:
            pipeline.use_inline(function)
        pipeline.install(app)
    return app


def serve(app: Any, spec: str, **options: Any) -> Server:
    async def main() -> Server:
        async with asyncio.timeout(10):
            return await Server(app, spec, **options).serve()

    return asyncio.run(main())


async def hello(_: Request) -> Response:
    return PlainTextResponse("hello")


async def chunks(count: int, log: list[str] | None = None) -> AsyncIterator[bytes]:
    try:
        for number in range(count):
            yield b"%d " % number
    finally:
        if log is not None:
            log.append("generator ended")


async def three(_: Request) -> Response:
    return StreamingResponse(chunks(3), background=BackgroundTask(lambda: None))


async def passing(request: Request, call_next: Any) -> Any:
    return await call_next(request)


def header(name: str) -> Any:
    async def adds(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        response.headers[name] = "1"
        response.status_code = 201
        return response

    return adds


def around(app: Any, *functions: Any) -> Any:
    """Return functions around a bare ASGI application."""
    shell = Starlette()
    pipeline = MiddlewarePipeline()
    for function in functions:
        pipeline.use_inline(function)
    pipeline.install(shell)
    (middleware,) = shell.user_middleware
    made: Any = middleware.cls(app, *middleware.args, **middleware.kwargs)
    return made
