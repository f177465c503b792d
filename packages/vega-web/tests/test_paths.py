"""Rules about paths hold wherever the application is served."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from starlette._utils import get_route_path
from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from starlette.routing import Mount

from vega.testing import client_for
from vega.web import (
    ApiKeys,
    AuthenticationMiddleware,
    AuthorizationMiddleware,
    IdempotencyMiddleware,
    Limit,
    MiddlewarePipeline,
    Principal,
    RateLimitingMiddleware,
    RequestLoggingMiddleware,
    Router,
    has_role,
    route_path,
)
from vega.web._paths import PathPatterns
from vega.web.middleware import MetricsMiddleware
from vega.web.security import anybody

Shop = Callable[..., FastAPI]
KEYS = {
    ApiKeys.digest("root"): Principal(subject="root", roles=frozenset({"admin"})),
    ApiKeys.digest("ada"): Principal(subject="ada"),
}
pieces = st.lists(st.sampled_from(["/", "a", "b", "/a", "/ab", ""]), max_size=5).map("".join)


@given(pieces, pieces)
def test_the_path_of_rules_is_the_path_of_routing(path: str, root: str) -> None:
    scope = {"type": "http", "path": path, "root_path": root}

    assert route_path(scope) == route_path(HTTPConnection(scope)) == get_route_path(scope)


def test_patterns_fit_whole_paths() -> None:
    def fitting(*patterns: str) -> list[str]:
        paths = ["/a", "/a/b", "/ab", "/a\n", ""]
        return [path for path in paths if PathPatterns(patterns).match({"path": path})]

    assert [fitting(), fitting("/a"), fitting("/a/*", "/ab"), fitting("*")] == [
        [],
        ["/a"],
        ["/a/b", "/ab"],
        ["/a", "/a/b", "/ab", "/a\n", ""],
    ]


def routes() -> Router:
    router = Router()

    @router.get("/admin/users")
    async def users() -> str:
        return "users"

    @router.get("/free", without=["tagging"])
    async def free() -> str:
        return "free"

    @router.get("/apiary", without=["tagging"])
    async def apiary() -> str:
        return "bees"

    @router.get("/counted")
    async def counted() -> str:
        return "one"

    @router.post("/counted")
    async def order() -> str:
        return "ordered"

    return router


def is_admin(connection: HTTPConnection) -> bool:
    return f"{route_path(connection)}/".startswith("/admin/")


def pipeline() -> MiddlewarePipeline:
    made = MiddlewarePipeline()
    made.use(RequestLoggingMiddleware, skip=["/free"])
    made.use(MetricsMiddleware, path="/metrics")
    made.use(AuthenticationMiddleware, schemes=[ApiKeys(KEYS)])
    rules = {"/admin/*": has_role("admin"), "/hidden/*": has_role("admin")}
    made.use(AuthorizationMiddleware, policy=anybody, rules=rules)
    made.use(
        RateLimitingMiddleware, limits=[Limit(rate=1, per=3600)], skip=["/free", "/apiary", "/admin/*", "/health/*"]
    )
    made.use(IdempotencyMiddleware, paths=["/counted"], required=True)

    @made.use_inline
    async def tagging(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        response.headers["x-tag"] = "1"
        return response

    def mark(branch: MiddlewarePipeline) -> None:
        @branch.use_inline
        async def marking(request: Any, call_next: Any) -> Any:
            response = await call_next(request)
            response.headers["x-admin"] = "1"
            return response

    return made.use_when(is_admin, mark)


def mounted(app: FastAPI) -> Starlette:
    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        async with app.router.lifespan_context(app):
            yield

    return Starlette(routes=[Mount("/api", app)], lifespan=lifespan)


class Proxied:
    """A server with a prefix: it passes on the path with it, or without it where a proxy strips it."""

    def __init__(self, app: FastAPI, *, stripped: bool) -> None:
        self._app, self._is_stripped, self.state = app, stripped, app.state
        self.router = SimpleNamespace(lifespan_context=lambda _: app.router.lifespan_context(app))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope["path"].removeprefix("/api") if self._is_stripped else scope["path"]
        await self._app({**scope, "path": path, "root_path": "/api"}, receive, send)


PLACES: dict[str, Any] = {
    "no prefix": ("", {}, lambda app: app),
    "root_path of the application": ("/api", {"root_path": "/api"}, lambda app: app),
    "root_path of the application, stripped": ("", {"root_path": "/api"}, lambda app: app),
    "prefix of the server": ("/api", {}, lambda app: Proxied(app, stripped=False)),
    "prefix of the server, stripped": ("/api", {}, lambda app: Proxied(app, stripped=True)),
    "mounted": ("/api", {}, mounted),
}


async def look(get: Callable[..., Any], post: Callable[..., Any]) -> dict[str, Any]:
    root, ada = {"x-api-key": "root"}, {"x-api-key": "ada"}
    users = [await get("/admin/users", headers=headers) for headers in ({}, ada, root)]
    free, apiary = await get("/free"), await get("/apiary")
    counted = [await get("/counted", headers=headers) for headers in (ada, ada)]
    return {
        "policies": [answer.status_code for answer in users],
        "branch": [users[2].headers.get("x-admin"), apiary.headers.get("x-admin")],
        "without": [users[2].headers.get("x-tag"), free.headers.get("x-tag"), apiary.headers.get("x-tag")],
        "limits": [answer.status_code for answer in counted],
        "not counted": [free.status_code, (await get("/free")).status_code],
        "idempotency": (await post("/counted", headers=root)).status_code,
        "nowhere": (await get("/hidden/x")).status_code,  # counted for the address that all of them share
        "health": (await get("/health/live")).status_code,
        "metrics": 'route="/counted"' in (await get("/metrics")).text,
        "methods": (await post("/free", headers={"x-api-key": "root"})).headers.get("allow"),
    }


RIGHT = {
    "policies": [401, 403, 200],
    "nowhere": 401,
    "branch": ["1", None],
    "without": ["1", None, None],
    "limits": [200, 429],
    "not counted": [200, 200],
    "idempotency": 400,
    "health": 200,
    "metrics": True,
    "methods": "GET, HEAD",
}


@pytest.mark.filterwarnings("ignore:The `root_path` parameter is deprecated")
@pytest.mark.parametrize("place", PLACES)
def test_rules_hold_wherever_the_application_is_served(
    shop: Shop, place: str, caplog: pytest.LogCaptureFixture
) -> None:
    prefix, options, placed = PLACES[place]
    app = placed(shop(routes(), pipeline=pipeline(), **options))

    async def main() -> dict[str, Any]:
        async with client_for(app) as client:

            async def get(path: str, **options: Any) -> httpx.Response:
                return await client.get(prefix + path, **options)

            async def post(path: str, **options: Any) -> httpx.Response:
                return await client.post(prefix + path, **options)

            return await look(get, post)

    with caplog.at_level(logging.INFO, "vega.web.access"):
        found = asyncio.run(main())

    assert found == RIGHT
    assert {"/free" in record.getMessage() for record in caplog.records if "GET" in record.getMessage()} == {False}


CONFIG = """
from vega.web import ApiKeys, AuthenticationMiddleware, AuthorizationMiddleware, MiddlewarePipeline, Principal, has_role

keys = {ApiKeys.digest("root"): Principal(subject="root", roles=frozenset({"admin"})),
        ApiKeys.digest("ada"): Principal(subject="ada")}
pipeline = MiddlewarePipeline().use(AuthenticationMiddleware, schemes=[ApiKeys(keys)])
pipeline.use(AuthorizationMiddleware, rules={"/admin/*": has_role("admin"), "/ws/*": has_role("admin")})
"""
MAIN = """
from pathlib import Path
from vega import web
from vega.core import Application
def create_app():
    return web.create_app(Application.load(Path(__file__).parent))
"""


def test_policies_hold_behind_the_prefix_of_a_server(projects: Any, server_kind: str, start_server: Any) -> None:
    folder = projects()
    (folder / "webshop/config.py").write_text(CONFIG)
    (folder / "webshop/main.py").write_text(MAIN)
    with start_server(folder, server_kind, "/api") as (port, _):
        before = "" if server_kind == "uvicorn" else "/api"  # uvicorn adds what a proxy stripped
        path = f"http://127.0.0.1:{port}{before}"
        keys = [{}, {"x-api-key": "ada"}, {"x-api-key": "root"}]
        found = [httpx.get(f"{path}/admin/user-groups", headers=headers).status_code for headers in keys]
        live = httpx.get(f"{path}/health/live").status_code

    assert (found, live) == ([401, 403, 200], 200)
