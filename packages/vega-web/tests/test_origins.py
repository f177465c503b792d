"""Hosts and origins: requests and WebSockets of other sites, and hosts that are not served."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, WebSocket
from starlette.responses import Response
from web_sockets import Client, serving

from vega.core import MemoryStore
from vega.testing import client_for
from vega.web import (
    AuthenticationMiddleware,
    CORSMiddleware,
    MiddlewareError,
    MiddlewarePipeline,
    Principal,
    Router,
    WebSocketHandler,
    add_websocket,
)
from vega.web.middleware import TrustedHostMiddleware
from vega.web.security import SessionCookies

Shop = Callable[..., FastAPI]
EVIL = "https://evil.example"


def login_app(shop: Shop, pipeline: MiddlewarePipeline, **options: Any) -> FastAPI:
    sessions, router = SessionCookies(MemoryStore(), cookie="session", secure=False, **options), Router()

    @router.post("/login")
    async def login() -> Response:
        response = Response(status_code=204)
        await sessions.begin(response, Principal(subject="mallory"))
        return response

    return shop(router, pipeline=pipeline.use(AuthenticationMiddleware, schemes=[sessions]))


def post(app: FastAPI, *headers: dict[str, str]) -> list[httpx.Response]:
    async def main() -> list[httpx.Response]:
        async with client_for(app) as client:
            return [await client.post("/login", headers=each) for each in headers]

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 204),
        ({"origin": "http://testserver"}, 204),
        ({"origin": "http://testserver", "sec-fetch-site": "same-origin"}, 204),
        ({"origin": EVIL}, 401),
        ({"origin": EVIL, "sec-fetch-site": "cross-site"}, 401),
        ({"origin": "https://app.testserver", "sec-fetch-site": "same-site"}, 401),
        ({"origin": "http://testserver", "sec-fetch-site": "cross-site"}, 401),
        ({"origin": "null"}, 401),
        ({"origin": "http://testserver@evil.example"}, 401),
        ({"origin": "https://["}, 401),
        ({"origin": "testserver"}, 401),
        ({"origin": EVIL, "authorization": "Bearer x"}, 204),
    ],
)
def test_another_site_cannot_sign_its_reader_in(shop: Shop, headers: dict[str, str], status: int) -> None:
    (answer,) = post(login_app(shop, MiddlewarePipeline()), headers)

    assert answer.status_code == status
    assert ("set-cookie" in answer.headers) is (status == 204)


def test_named_origins_may_use_sessions(shop: Shop) -> None:
    origin = "https://app.example"
    with_cors = MiddlewarePipeline().use(CORSMiddleware, allow_origins=[origin], allow_credentials=True)
    without = MiddlewarePipeline().use(CORSMiddleware, allow_origins=[origin, EVIL])
    headers = {"origin": origin, "sec-fetch-site": "same-site"}

    found = [
        post(login_app(shop, with_cors), headers, {"origin": EVIL}),
        post(login_app(shop, MiddlewarePipeline(), origins=[origin]), headers, {"origin": EVIL}),
        post(login_app(shop, without), headers, {"origin": EVIL}),
    ]

    assert [[answer.status_code for answer in answers] for answers in found] == [[204, 401], [204, 401], [401, 401]]


@pytest.mark.parametrize(
    "options", [{"allow_origins": ["*"]}, {"allow_origin_regex": ".*"}, {"allow_origins": ["null"]}]
)
def test_credentials_are_not_for_every_page(options: dict[str, Any]) -> None:
    async def app(*_: Any) -> None: ...

    with pytest.raises(MiddlewareError, match="every page"):
        CORSMiddleware(app, **options, allow_credentials=True)
    with pytest.raises(MiddlewareError, match="every page"):
        CORSMiddleware(app, ["*"], allow_credentials=True)
    assert CORSMiddleware(app, **options)


HOSTS = {
    "shop.example": 200,
    "shop.example:8000": 200,
    "a.cdn.example": 200,
    "shop.example:": 400,
    "shop.example:80@evil.example": 400,
    "shop.example:evil": 400,
    "shop.example:8000:1": 400,
    "shop.example/../evil": 400,
    "shop.example evil.example": 400,
    "shop.example,evil.example": 400,
    ".cdn.example": 400,
    "evil..cdn.example": 400,
    "a@b.cdn.example": 400,
    "evil/x.cdn.example": 400,
    "[::1]": 200,
    "[::1]evil.example": 400,
    "[::1]:": 400,
}


def host_app(shop: Shop, allowed: list[str]) -> FastAPI:
    router = Router()

    @router.get("/hello")
    async def hello() -> str:
        return "hello"

    return shop(router, pipeline=MiddlewarePipeline().use(TrustedHostMiddleware, allowed=allowed))


async def get(app: FastAPI, path: str, headers: list[tuple[bytes, bytes]]) -> int:
    sent: list[Any] = []
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": headers, "root_path": ""}

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return int(sent[0]["status"])


def statuses(app: FastAPI, *requests: tuple[str, list[bytes]]) -> list[int]:
    async def main() -> list[int]:
        async with serving(app):
            return [await get(app, path, [(b"host", host) for host in hosts]) for path, hosts in requests]

    return asyncio.run(main())


def test_the_whole_host_is_compared(shop: Shop) -> None:
    app = host_app(shop, ["shop.example", "*.cdn.example", "[::1]"])

    assert statuses(app, *(("/hello", [host.encode()]) for host in HOSTS)) == list(HOSTS.values())


def test_there_is_one_host(shop: Shop) -> None:
    app = host_app(shop, ["shop.example"])

    assert statuses(app, ("/hello", []), ("/hello", [b"shop.example", b"evil.example"])) == [400, 400]


def test_any_host_is_a_host(shop: Shop) -> None:
    assert statuses(host_app(shop, ["*"]), ("/hello", [b"x:1"]), ("/hello", [b"x/../y"])) == [200, 400]


def test_probes_answer_any_host(shop: Shop) -> None:
    app = host_app(shop, ["shop.example"])

    assert statuses(app, ("/health/live", [b"10.0.0.7:8000"]), ("/health/live", [])) == [200, 200]


class Open(WebSocketHandler):
    path = "/ws/open"


class Public(WebSocketHandler):
    path = "/ws/public/{room}"
    origins = ("*",)


class Named(WebSocketHandler):
    path = "/ws/named"
    origins = ("https://named.example",)


def socket_app(shop: Shop, pipeline: MiddlewarePipeline | None = None) -> FastAPI:
    app = shop(pipeline=pipeline or MiddlewarePipeline())
    for handler in (Open, Public, Named):
        add_websocket(app, handler)

    @app.websocket("/ws/plain")
    async def plain(socket: WebSocket) -> None:
        await socket.accept()
        await socket.close()

    return app


async def is_open(app: FastAPI, path: str, origin: str | None, *further: tuple[bytes, bytes]) -> bool:
    headers = [(b"host", b"shop.example"), *further, *([(b"origin", origin.encode())] if origin is not None else [])]
    client = Client(app, path, headers=headers)
    first = await client.heard()
    client.leave()
    await client.gone()
    assert first["type"] == "websocket.accept" or first["status"] == 403
    return bool(first["type"] == "websocket.accept")


def opened(app: FastAPI, *attempts: tuple[Any, ...]) -> list[bool]:
    async def main() -> list[bool]:
        async with serving(app):
            return [await is_open(app, *attempt) for attempt in attempts]

    return asyncio.run(main())


COOKIE = (b"cookie", b"session=ada")


@pytest.mark.parametrize("path", ["/ws/open", "/ws/plain"])
def test_a_websocket_opens_for_pages_of_its_own_host(shop: Shop, path: str) -> None:
    attempts = [None, "http://shop.example", "https://SHOP.example", EVIL, "null", "https://shop.example.evil", ""]

    found = opened(socket_app(shop), *((path, origin, COOKIE) for origin in attempts))

    assert found == [True, True, True, False, False, False, False]


def test_a_handler_may_allow_origins(shop: Shop) -> None:
    named = "https://named.example"
    attempts = [("/ws/public/a", EVIL), ("/ws/named", named), ("/ws/named", EVIL), ("/ws/open", named)]

    assert opened(socket_app(shop), *attempts) == [True, True, False, False]


def test_a_websocket_opens_for_pages_of_the_served_hosts(shop: Shop) -> None:
    pipeline = MiddlewarePipeline().use(TrustedHostMiddleware, allowed=["shop.example", "*.shop.example"])
    attempts = [("/ws/open", origin) for origin in ("https://app.shop.example:8443", "http://shop.example:80", EVIL)]

    assert opened(socket_app(shop, pipeline), *attempts) == [True, True, False]


def test_a_websocket_opens_for_the_origins_of_cors(shop: Shop) -> None:
    origin = "https://app.example"
    for options in ({}, {"allow_credentials": True}):
        pipeline = MiddlewarePipeline().use(CORSMiddleware, allow_origins=[origin], **options)
        attempts = [("/ws/open", origin, COOKIE), ("/ws/open", EVIL, COOKIE), ("/ws/open", EVIL)]
        assert opened(socket_app(shop, pipeline), *attempts) == [True, False, False]


def test_every_origin_may_connect_without_cookies_where_cors_allows_all(shop: Shop) -> None:
    pipeline = MiddlewarePipeline().use(CORSMiddleware, allow_origins=["*"])

    assert opened(socket_app(shop, pipeline), ("/ws/open", EVIL), ("/ws/open", EVIL, COOKIE)) == [True, False]
