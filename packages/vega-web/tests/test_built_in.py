"""The built-in middleware, over HTTP: ids, logs, headers, hosts, limits of body and time, compression, tags."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import StreamingResponse
from hypothesis import given
from hypothesis import strategies as st
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse, Response
from starlette.websockets import WebSocket

from vega.testing import client_for
from vega.web import (
    AuthenticationMiddleware,
    AuthorizationMiddleware,
    BodyLimitMiddleware,
    CompressionMiddleware,
    CORSMiddleware,
    DebugMiddleware,
    ETagMiddleware,
    IdempotencyMiddleware,
    Limit,
    MetricsMiddleware,
    MiddlewarePipeline,
    RateLimitingMiddleware,
    RequestIdMiddleware,
    RequestLoggingMiddleware,
    Router,
    SecurityHeadersMiddleware,
    TimeoutMiddleware,
    TraceContext,
    TrustedHostMiddleware,
    TrustedProxyMiddleware,
    anybody,
    request_id,
)

Shop = Callable[..., FastAPI]
PROBLEM = "application/problem+json"


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


def test_each_request_has_an_id_that_everything_knows(shop: Shop) -> None:
    app = shop(routes(), pipeline=MiddlewarePipeline().use(RequestIdMiddleware))

    made, other, broken = ask(app, "GET /hello", "GET /hello", "GET /nowhere")

    assert made.json()["id"] == made.headers["x-request-id"] != other.headers["x-request-id"]
    assert broken.json()["request_id"] == broken.headers["x-request-id"]
    assert request_id() == ""


@pytest.mark.parametrize(
    ("given", "is_taken"), [("abc-1.2_3", True), ("", False), ("a b", False), ("x" * 129, False), ("a\tb", False)]
)
def test_an_id_of_the_client_is_taken_if_it_is_well_formed(shop: Shop, given: str, is_taken: bool) -> None:
    app = shop(routes(), pipeline=MiddlewarePipeline().use(RequestIdMiddleware))

    (answer,) = ask(app, "GET /hello", headers={"x-request-id": given})

    assert (answer.headers["x-request-id"] == given) == is_taken


def test_a_client_may_be_distrusted(shop: Shop) -> None:
    pipeline = MiddlewarePipeline().use(RequestIdMiddleware, trust_client=False, header="X-Id", generate=lambda: "7")

    (answer,) = ask(shop(routes(), pipeline=pipeline), "GET /hello", headers={"x-id": "mine"})

    assert answer.headers["x-id"] == "7"


@given(st.text(alphabet="0123456789abcdef-", max_size=60))
def test_a_trace_is_continued_or_begun_but_never_malformed(text: str) -> None:
    made = TraceContext.of(text)

    assert TraceContext.of(str(made)).trace_id == made.trace_id
    assert (made.trace_id in text) == bool(made.parent_id)


@pytest.mark.parametrize(
    "header",
    [
        "00-" + "0" * 32 + "-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-" + "0" * 16 + "-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
    ],
)
def test_a_trace_that_the_standard_calls_invalid_begins_anew(header: str) -> None:
    assert TraceContext.of(header).parent_id == ""


def test_a_trace_of_a_later_version_is_continued() -> None:
    made = TraceContext.of("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more")

    assert made.parent_id == "00f067aa0ba902b7"
    assert made.is_sampled


def test_one_record_is_logged_for_each_request(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    pipeline = MiddlewarePipeline().use(RequestIdMiddleware).use(RequestLoggingMiddleware, skip=("/large",), slow=60)
    caplog.set_level(logging.INFO, "vega.web.access")

    (answer, *_) = ask(shop(routes(), pipeline=pipeline), "GET /hello?token=s3cret", "GET /broken", "GET /large")

    records: list[Any] = [record for record in caplog.records if record.name == "vega.web.access"]
    assert [(record.http_path, record.http_status, record.levelname) for record in records] == [
        ("/hello", 200, "INFO"),
        ("/broken", 500, "ERROR"),
    ]
    assert records[0].request_id == answer.headers["x-request-id"]
    assert records[0].response_bytes == len(answer.content)
    assert records[0].is_whole
    assert "s3cret" not in str(vars(records[0]))


def test_a_slow_request_and_one_without_an_answer_are_logged_as_such(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async def gone(*_: Any) -> None: ...

        async def failing(*_: Any) -> None:
            raise ValueError("lost")

        async def fine(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200})
            await send({"type": "http.response.pathsend", "path": "/"})

        async def send(_: Any) -> None: ...

        scope = {"type": "http", "method": "GET", "path": "/x", "headers": []}
        await RequestLoggingMiddleware(gone, slow=0)(scope, gone, send)  # type: ignore[arg-type]  # a bare dict is a scope
        await RequestLoggingMiddleware(fine)(scope, gone, send)  # type: ignore[arg-type]  # a bare dict is a scope
        with pytest.raises(ValueError, match="lost"):
            await RequestLoggingMiddleware(failing)(scope, gone, send)  # type: ignore[arg-type]  # a bare dict is a scope

    caplog.set_level(logging.INFO, "vega.web.access")
    asyncio.run(main())

    records: list[Any] = caplog.records
    assert [(record.http_status, record.levelname, record.is_whole) for record in records] == [
        (499, "WARNING", False),
        (200, "INFO", True),
        (500, "ERROR", False),
    ]


def header_pipeline() -> MiddlewarePipeline:
    pipeline = MiddlewarePipeline()
    pipeline.use(RequestIdMiddleware)
    pipeline.use(CORSMiddleware, allow_origins=["https://shop.example"])
    pipeline.use(SecurityHeadersMiddleware)
    pipeline.use(BodyLimitMiddleware, max_bytes=1000)
    return pipeline


@pytest.mark.parametrize(
    ("request_", "options", "status"),
    [
        ("GET /broken", {}, 500),
        ("GET /nowhere", {}, 404),
        ("DELETE /hello", {}, 405),
        ("POST /json", {"content": b"x" * 1001}, 413),
        ("POST /json", {"content": b"{}", "type": "text/plain"}, 415),
        ("POST /json", {"json": {"a": "b"}}, 422),
        ("POST /json", {"content": b"{", "type": "application/json"}, 422),
        ("POST /json", {"content": b'{"a": "\xff"}', "type": "application/json"}, 400),
        ("GET /odd", {}, 418),
    ],
)
def test_every_error_has_every_header(shop: Shop, request_: str, options: dict[str, Any], status: int) -> None:
    media_type = options.pop("type", None)
    headers = {"origin": "https://shop.example", **({"content-type": media_type} if media_type else {})}

    (answer,) = ask(shop(routes(), pipeline=header_pipeline()), request_, headers=headers, **options)

    assert (answer.status_code, answer.json()["status"], answer.headers["content-type"]) == (status, status, PROBLEM)
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert "hunter2" not in answer.text


def test_what_middleware_raises_has_the_headers_of_what_stands_around_it(shop: Shop) -> None:
    pipeline = header_pipeline()

    @pipeline.use_inline
    async def failing(request: Request, call_next: Any) -> Response:
        raise RuntimeError("hunter2")

    (answer,) = ask(shop(routes(), pipeline=pipeline), "GET /hello", headers={"origin": "https://shop.example"})

    assert answer.status_code == 500
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    assert answer.headers["x-frame-options"] == "DENY"


def test_a_header_of_the_answer_stays_and_https_is_told_to_browsers(shop: Shop) -> None:
    router = Router()

    @router.get("/page")
    async def page() -> Response:
        return Response("page", headers={"X-Frame-Options": "SAMEORIGIN"})

    pipeline = MiddlewarePipeline().use(SecurityHeadersMiddleware, headers={"Referrer-Policy": "", "x-more": "1"})

    async def main() -> httpx.Response:
        transport = httpx.ASGITransport(shop(router, pipeline=pipeline))
        async with httpx.AsyncClient(transport=transport, base_url="https://shop.example") as client:
            return await client.get("/page")

    answer = asyncio.run(main())
    assert answer.headers.get_list("x-frame-options") == ["SAMEORIGIN"]
    assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
    assert answer.headers["x-more"] == "1"
    assert "referrer-policy" not in answer.headers


def test_a_refused_preflight_is_a_problem_and_a_good_one_is_none(shop: Shop) -> None:
    app = shop(routes(), pipeline=header_pipeline())
    headers = {"origin": "https://evil.example", "access-control-request-method": "GET"}

    async def main() -> list[httpx.Response]:
        async with client_for(app) as client:
            refused = await client.options("/hello", headers=headers)
            good = await client.options("/hello", headers={**headers, "origin": "https://shop.example"})
            plain = await client.options("/hello")
            return [refused, good, plain]

    refused, good, plain = asyncio.run(main())
    assert (refused.status_code, refused.headers["content-type"]) == (400, PROBLEM)
    assert (good.status_code, good.headers["access-control-allow-origin"]) == (200, "https://shop.example")
    assert plain.status_code == 405


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("shop.example", 200),
        ("SHOP.example:8000", 200),
        ("a.b.cdn.example", 200),
        ("cdn.example", 400),
        ("evilcdn.example", 400),
        ("shop.example.evil", 400),
        ("", 400),
        ("[::1]:8000", 200),
    ],
)
def test_only_the_hosts_that_are_served_are_answered(shop: Shop, host: str, status: int) -> None:
    allowed = ["shop.example", "*.cdn.example", "[::1]"]
    pipeline = MiddlewarePipeline().use(TrustedHostMiddleware, allowed=allowed)

    (answer,) = ask(shop(routes(), pipeline=pipeline), "GET /hello", headers={"host": host})

    assert answer.status_code == status
    assert status == 200 or answer.headers["content-type"] == PROBLEM


def test_any_host_may_be_allowed(shop: Shop) -> None:
    pipeline = MiddlewarePipeline().use(TrustedHostMiddleware, allowed=["*"])

    assert ask(shop(routes(), pipeline=pipeline), "GET /hello", headers={"host": "x"})[0].status_code == 200


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("10.0.0.7", "203.0.113.5", ["203.0.113.5", "https"]),
        ("10.0.0.7", "1.1.1.1, 203.0.113.5, 10.0.0.9", ["203.0.113.5", "https"]),
        ("192.0.2.1", "203.0.113.5", ["192.0.2.1", "http"]),
    ],
)
def test_only_trusted_proxies_tell_the_client(shop: Shop, peer: str, forwarded: str, expected: list[str]) -> None:
    app = shop(routes(), pipeline=MiddlewarePipeline().use(TrustedProxyMiddleware, trusted=["10.0.0.0/8"]))
    headers = {"x-forwarded-for": forwarded, "x-forwarded-proto": "https"}

    async def main() -> Any:
        transport = httpx.ASGITransport(app, client=(peer, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            return (await client.get("/client", headers=headers)).json()

    assert asyncio.run(main()) == expected


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


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


def test_requests_are_counted_by_route_and_no_client_makes_up_labels(shop: Shop) -> None:
    router = Router(prefix="/metered")

    @router.get("/{name}")
    async def named(name: str) -> str:
        return name

    pipeline = MiddlewarePipeline().use(MetricsMiddleware, path="/metrics")
    *_, page = ask(
        shop(router, pipeline=pipeline),
        "GET /metered/one",
        "GET /metered/two",
        "POST /metered/one",
        "GET /made/up",
        "BREW /metered/one",
        "GET /metrics",
    )

    assert 'vega_http_requests_total{method="GET",route="/metered/{name}",status="200"} 2.0' in page.text
    assert 'method="POST",route="/metered/{name}",status="405"' in page.text
    assert 'method="GET",route="unmatched",status="404"' in page.text
    assert 'method="other"' in page.text
    assert "made/up" not in page.text
    assert 'vega_http_connections_active{type="http"} 0.0' in page.text
    assert page.headers["content-type"].startswith("text/plain")


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
        base |= {"headers": [(b"x-request-id", b"abc")], "client": ("x", 1), "server": ("x", 1), "subprotocols": []}
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
