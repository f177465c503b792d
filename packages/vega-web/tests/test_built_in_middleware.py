"""The built-in middleware together, and what it says while debugging."""

import asyncio
from typing import Any

from fastapi import FastAPI, HTTPException
from starlette.websockets import WebSocket
from web_built_in import Shop, ask, routes

from vega.testing import client_for
from vega.web import (
    AuthenticationMiddleware,
    AuthorizationMiddleware,
    BodyLimitMiddleware,
    CompressionMiddleware,
    CORSMiddleware,
    ETagMiddleware,
    IdempotencyMiddleware,
    Limit,
    MiddlewarePipeline,
    RateLimitingMiddleware,
    RequestLoggingMiddleware,
    Router,
    TimeoutMiddleware,
    TrustedProxyMiddleware,
)
from vega.web.middleware import (
    DebugMiddleware,
    MetricsMiddleware,
    RequestIdMiddleware,
    SecurityHeadersMiddleware,
    TrustedHostMiddleware,
    request_id,
)
from vega.web.security import anybody


def test_failures_are_explained_while_debugging_only(shop: Shop) -> None:
    told, hidden = (
        ask(shop(routes(), pipeline=MiddlewarePipeline().use(DebugMiddleware, when=when)), "GET /broken")[0]
        for when in (True, False)
    )

    assert "hunter2" in told.text
    assert any("RuntimeError" in line for line in told.json()["traceback"])
    assert "server-timing" in told.headers
    assert "hunter2" not in hidden.text


def test_details_that_are_no_text_are_members_of_the_problem(shop: Shop) -> None:
    router = Router()

    @router.get("/list")
    async def listed() -> None:
        raise HTTPException(409, ["a", "b"])

    odd, several = ask(shop(routes(), router), "GET /odd", "GET /list")

    assert (odd.json()["pot"], odd.json()["status"]) == ("tea", 418)
    assert several.json()["details"] == ["a", "b"]


def everything() -> MiddlewarePipeline:
    pipeline = MiddlewarePipeline().use(TrustedProxyMiddleware, trusted=["10.0.0.0/8"])
    pipeline.use(TrustedHostMiddleware, allowed=["*"]).use(RequestIdMiddleware).use(RequestLoggingMiddleware)
    pipeline.use(MetricsMiddleware).use(CORSMiddleware).use(SecurityHeadersMiddleware).use(RateLimitingMiddleware)
    pipeline.use(AuthenticationMiddleware).use(AuthorizationMiddleware, policy=anybody).use(DebugMiddleware)
    pipeline.use(BodyLimitMiddleware).use(TimeoutMiddleware).use(IdempotencyMiddleware)
    return pipeline.use(CompressionMiddleware).use(ETagMiddleware)


def test_everything_together_answers_requests_and_lets_sockets_and_the_lifespan_pass() -> None:
    async def main() -> tuple[int, list[str]]:
        app = FastAPI()
        app.include_router(routes())

        @app.websocket("/ws")
        async def echo(socket: WebSocket) -> None:
            await socket.accept()
            await socket.send_text(request_id())
            await socket.close()

        everything().install(app)
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        def receiving(*messages: Any) -> Any:
            coming = list(messages)

            async def receive() -> Any:
                return coming.pop(0)

            return receive

        base = {"path": "/ws", "raw_path": b"/ws", "query_string": b"", "root_path": "", "scheme": "ws"}
        base |= {
            "headers": [(b"host", b"x"), (b"x-request-id", b"abc")],
            "client": ("x", 1),
            "server": ("x", 1),
            "subprotocols": [],
        }
        await app({"type": "lifespan"}, receiving({"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}), send)
        await app({"type": "websocket", **base}, receiving({"type": "websocket.connect"}), send)
        async with client_for(app) as client:
            status = (await client.get("/hello")).status_code
        return status, [message.get("text") or message["type"] for message in sent]

    status, sent = asyncio.run(main())
    assert status == 200
    assert sent == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
        "websocket.accept",
        "abc",
        "websocket.close",
    ]


def test_a_handshake_beyond_the_limit_is_refused(shop: Shop) -> None:
    async def main() -> list[Any]:
        limits = [Limit(rate=1, per=3600, algorithm="fixed")]
        app = shop(pipeline=MiddlewarePipeline().use(RateLimitingMiddleware, limits=limits))
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "websocket.connect"}

        async def send(message: Any) -> None:
            sent.append(message)

        base = {"path": "/ws", "raw_path": b"/ws", "query_string": b"", "root_path": "", "scheme": "ws", "headers": []}
        base |= {"client": ("x", 1), "server": ("x", 1), "subprotocols": [], "type": "websocket"}
        for _ in range(2):
            await app(dict(base), receive, send)
        return sent

    refused = asyncio.run(main())[-1]
    assert (refused["type"], refused["code"]) == ("websocket.close", 4429)
