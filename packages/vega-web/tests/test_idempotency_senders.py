"""Idempotency keys belong to senders: no other sender gets a stored answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.security import APIKeyCookie, APIKeyHeader, HTTPBasic, HTTPBearer
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse

from vega.core import ConfigurationErrors
from vega.testing import client_for
from vega.web import (
    ApiKeys,
    AuthenticationMiddleware,
    AuthorizationMiddleware,
    IdempotencyMiddleware,
    MiddlewareOrderError,
    MiddlewarePipeline,
    Principal,
    RateLimitingMiddleware,
)
from vega.web.security import anybody

Shop = Callable[..., FastAPI]
Headers = dict[str, str]


def app_of(shop: Shop, *dependencies: Any, pipeline: MiddlewarePipeline | None = None, **options: Any) -> FastAPI:
    router, made = APIRouter(dependencies=[Depends(each) for each in dependencies]), list[str]()

    @router.post("/orders")
    async def order() -> PlainTextResponse:
        made.append("order")
        return PlainTextResponse(f"order {len(made)}")

    pipeline = pipeline or MiddlewarePipeline().use(IdempotencyMiddleware, **options)
    return shop(router, pipeline=pipeline)


def orders(app: FastAPI, *senders: Headers) -> list[str]:
    async def post(client: httpx.AsyncClient, headers: Headers) -> str:
        return (await client.post("/orders", headers={"idempotency-key": "1", **headers})).text

    async def main() -> list[str]:
        async with client_for(app) as client:
            return [await post(client, headers) for headers in senders]

    return asyncio.run(main())


BASIC = [{"authorization": "Basic YWRhOjE="}, {"authorization": "Basic Ym9iOjE="}]
WAYS: dict[str, tuple[list[Any], Headers, Headers]] = {
    "bearer": ([HTTPBearer()], {"authorization": "Bearer ada"}, {"authorization": "Bearer bob"}),
    "basic": ([HTTPBasic()], *BASIC),
    "the header of ApiKeys": ([], {"x-api-key": "ada"}, {"x-api-key": "bob"}),
    "another header": ([APIKeyHeader(name="X-Token")], {"x-token": "ada"}, {"x-token": "bob"}),
    "another cookie": ([APIKeyCookie(name="sid")], {"cookie": "sid=ada"}, {"cookie": "sid=bob"}),
    "SessionCookies": ([], {"cookie": "__Host-session=ada"}, {"cookie": "__Host-session=bob"}),
    "SessionMiddleware of Starlette": ([], {"cookie": "session=ada"}, {"cookie": "session=bob"}),
}


@pytest.mark.parametrize("way", WAYS)
def test_another_sender_never_gets_a_stored_answer(shop: Shop, way: str) -> None:
    dependencies, ada, bob = WAYS[way]

    found = orders(app_of(shop, *dependencies), ada, bob, ada, bob)

    assert found == ["order 1", "order 2", "order 1", "order 2"]


def test_a_nested_security_scheme_counts(shop: Shop) -> None:
    async def user(token: str = Depends(APIKeyHeader(name="X-Token"))) -> str:
        return token

    assert orders(app_of(shop, user), {"x-token": "ada"}, {"x-token": "bob"}) == ["order 1", "order 2"]


def test_other_cookies_and_headers_are_no_other_sender(shop: Shop) -> None:
    same = [{"cookie": "_ga=1", "user-agent": "a"}, {"cookie": "_ga=2; theme=dark", "traceparent": "b"}, {}]

    assert orders(app_of(shop), *same) == ["order 1"] * 3


def test_where_the_credentials_end_is_no_guess(shop: Shop) -> None:
    senders = [{"authorization": "a", "x-api-key": "b"}, {"authorization": "ab"}, {"x-api-key": "ab"}, {}]

    assert orders(app_of(shop), *senders) == ["order 1", "order 2", "order 3", "order 4"]


def test_an_application_may_say_who_sends(shop: Shop) -> None:
    def sender(connection: HTTPConnection) -> str:
        return connection.headers.get("x-tenant", "")

    app = app_of(shop, sender=sender)

    assert orders(app, {"x-tenant": "a"}, {"x-tenant": "b"}, {"x-tenant": "a"}) == ["order 1", "order 2", "order 1"]


def test_a_refreshed_token_of_a_known_user_repeats(shop: Shop) -> None:
    keys = {ApiKeys.digest(key): Principal(subject=key[:3]) for key in ("ada-1", "ada-2", "bob-1")}
    pipeline = MiddlewarePipeline().use(AuthenticationMiddleware, schemes=[ApiKeys(keys)])
    app = app_of(shop, pipeline=pipeline.use(IdempotencyMiddleware))

    found = orders(app, {"x-api-key": "ada-1"}, {"x-api-key": "ada-2"}, {"x-api-key": "bob-1"})

    assert found == ["order 1", "order 1", "order 2"]


def in_branch(*entries: Any) -> Callable[[MiddlewarePipeline], object]:
    def fill(branch: MiddlewarePipeline) -> None:
        for entry in entries:
            branch.use(entry)

    return fill


def always(_: HTTPConnection) -> bool:
    return True


Build = Callable[[MiddlewarePipeline], object]
REFUSED: dict[str, Build] = {
    "one after the other": lambda p: p.use(IdempotencyMiddleware).use(AuthenticationMiddleware),
    "policies": lambda p: p.use(AuthorizationMiddleware, policy=anybody).use(AuthenticationMiddleware),
    "by priority": lambda p: p.use(AuthenticationMiddleware).use(IdempotencyMiddleware, priority=1),
    "authentication in a branch": lambda p: p.use(IdempotencyMiddleware).use_when(
        always, in_branch(AuthenticationMiddleware)
    ),
    "in a branch": lambda p: p.use_when(always, in_branch(IdempotencyMiddleware)).use(AuthenticationMiddleware),
    "within a branch": lambda p: p.use_when(always, in_branch(IdempotencyMiddleware, AuthenticationMiddleware)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_reading_the_user_outside_of_authentication_is_refused_at_start(shop: Shop, name: str) -> None:
    pipeline = MiddlewarePipeline()
    REFUSED[name](pipeline)

    with pytest.raises((MiddlewareOrderError, ConfigurationErrors)) as caught:
        shop(pipeline=pipeline)

    (error,) = getattr(caught.value, "exceptions", [caught.value])
    assert isinstance(error, MiddlewareOrderError)
    assert "before authentication finds it" in error.what


def test_other_orders_are_served(shop: Shop) -> None:
    both = in_branch(AuthenticationMiddleware, IdempotencyMiddleware)
    pipeline = MiddlewarePipeline().use(RateLimitingMiddleware).use_when(always, both).use_when(always, both)
    pipeline.use(AuthenticationMiddleware, name="unused", when=False)

    assert orders(app_of(shop, pipeline=pipeline), {}, {}) == ["order 1", "order 1"]
