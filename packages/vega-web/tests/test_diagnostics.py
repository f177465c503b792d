"""The id, trace, log record and count of each request."""

import asyncio
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from web_built_in import Shop, ask, routes

from vega.web import MiddlewarePipeline, RequestLoggingMiddleware, Router
from vega.web.middleware import MetricsMiddleware, RequestIdMiddleware, TraceContext, request_id


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
