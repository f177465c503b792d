"""Headers that every answer has, hosts that are served, proxies that are trusted."""

import asyncio
from typing import Any

import httpx
import pytest
from fastapi import Request
from starlette.responses import Response
from web_built_in import PROBLEM, Shop, ask, routes

from vega.testing import client_for
from vega.web import BodyLimitMiddleware, CORSMiddleware, MiddlewarePipeline, Router, TrustedProxyMiddleware
from vega.web.middleware import RequestIdMiddleware, SecurityHeadersMiddleware, TrustedHostMiddleware


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
