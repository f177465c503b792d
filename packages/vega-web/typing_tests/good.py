"""What checkers infer for a pipeline."""

from collections.abc import Awaitable, Callable
from typing import assert_type

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from vega.di import Inject
from vega.patterns import Clock, IdSource, Interactor
from vega.web import (
    ApiKeys,
    AuthenticationMiddleware,
    CallNext,
    ErrorMap,
    MiddlewarePipeline,
    Principal,
    Rooms,
    Router,
    WebSocketHandler,
    has_role,
    route_path,
)
from vega.web.middleware import MiddlewareStep
from vega.web.security import AuthenticationScheme, BearerTokens, Policy, current_principal


class Limit:
    def __init__(self, app: ASGIApp, rate: int, *, window: float = 1.0) -> None:
        self.app, self.rate, self.window = app, rate, window

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


pipeline = MiddlewarePipeline()
assert_type(pipeline.use(Limit, rate=3), MiddlewarePipeline)
pipeline.use(Limit, 3, window=0.5).use(CORSMiddleware, allow_origins=["https://example.org"])
pipeline.use(Limit, rate=3, priority=200, name="limit", after=CORSMiddleware, before=["audit", Limit])
pipeline.use(Limit, rate=3, when=lambda: True)
pipeline.use(Limit).use(Limit, window=0.5, name="filled")  # whose rate the container supplies
pipeline.use(Middleware(Limit, rate=3), when=False, name="typed")


@pipeline.use_inline
async def bare(request: Request, call_next: CallNext) -> Response:
    response = await call_next(request)
    assert_type(response, Response)
    response.headers["x-a"] = "1"
    return response


@pipeline.use_inline(priority=3, before="limit")
async def placed(request: Request, call_next: CallNext) -> Response:
    return await call_next(request)


def is_admin(connection: HTTPConnection) -> bool:
    return f"{route_path(connection)}/".startswith("/admin/")


pipeline.use_when(is_admin, lambda branch: branch.use(Limit, rate=1), name="admin")
pipeline.install(FastAPI())
assert_type(pipeline.describe(), tuple[MiddlewareStep, ...])


class Ping(Interactor[str]):
    async def call(self) -> str:
        return "pong"


router = Router(prefix="/ping", middleware=[bare])
router.post("", use_case=Ping, without=["limit"])


@router.get("/{name}")
async def named(name: str) -> str:
    return name


assert_type(ErrorMap().map(KeyError, status=404), ErrorMap)
assert_type(has_role("admin") & ~has_role("guest"), Policy)
assert_type(current_principal(), Principal | None)


class Basic(AuthenticationScheme):
    challenge = "Basic"

    async def authenticate(self, connection: HTTPConnection) -> Principal | None:
        return None


pipeline.use(AuthenticationMiddleware, schemes=[ApiKeys({}), BearerTokens("", algorithms=["HS256"]), Basic()])


@pipeline.use_inline
async def with_service(request: Request, call_next: CallNext, clock: Clock) -> Response:
    return await call_next(request)


class Echo(WebSocketHandler):
    async def on_message(self, message: str, clock: Inject[Clock], *, names: Inject[IdSource]) -> None: ...


async def speak(rooms: Rooms) -> None:
    await rooms.broadcast("lobby", {"type": "news"})


async def use(function: Callable[[str], Awaitable[str]]) -> str:
    return await function("x")


async def kept() -> str:
    return await use(named)
