"""Consecutive functions `async (request, call_next)` as a single ASGI node."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Concatenate, Final, TypeAlias, final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from .._errors import MiddlewareError
from .app_run import NOTHING, AppRun
from .client_watch import BELOW_2_4
from .inline_request import InlineRequest
from .inline_response import InlineResponse

_NO_VERSION: Final = {"version": "3.0", "spec_version": "2.0"}
CallNext: TypeAlias = Callable[[Request], Awaitable[Response]]
InlineFunction: TypeAlias = Callable[Concatenate[Request, CallNext, ...], Awaitable[Response]]


@final
class InlineChain:
    """ASGI application (ASGI 3.0) that runs functions around an application, the first outermost.

    The functions run for HTTP requests only; WebSockets and the lifespan pass.

    Args:
        app: the next application.
        functions: called with the request and a `call_next` for the next function.
    """

    def __init__(self, app: ASGIApp, functions: Sequence[InlineFunction]) -> None:
        self._app, self._key = app, f"vega.inline.{id(self)}"  # a key of the connection scope
        self._first: CallNext = self._forward
        for function in reversed(functions):
            self._first = _checked(function, self._first)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = scope[self._key] = InlineRequest(scope, receive, send)
        asgi: Any = scope.get("asgi", _NO_VERSION)
        if asgi.get("spec_version", "2.0") not in BELOW_2_4:
            await self._answer(request, receive, send)
            return
        scope["asgi"] = {**asgi, "spec_version": "2.4"}
        try:
            await self._answer(request, request.give, request.send_watched)
        finally:
            scope["asgi"] = asgi

    async def _answer(self, request: InlineRequest, receive: Receive, send: Send) -> None:
        try:
            response = await self._first(request)
            await response(request.scope, receive, send)
        except BaseException as error:
            has_left = await request.has_lost_client(error)
            await request.release(error)
            if has_left:
                return
            raise
        await request.has_lost_client(None)
        app_run = request.app_run
        if app_run is not None and not app_run.is_done:
            await request.release(None)

    async def _forward(self, request: Request) -> Response:
        """Run the application until its response starts; the `call_next` of the last function."""
        own: InlineRequest | None = request.scope.get(self._key)
        if own is None:
            raise _other_scope(request)
        if own.app_run is not None:
            await own.app_run.drop()
        receive = own.hand_down() if request is own or request.receive == own.receive else request.receive
        app_run = own.app_run = AppRun(self._app, request.scope, receive, own.to_server)
        await app_run.run()
        if own.task is not None and own.task.cancelling():
            await asyncio.sleep(0)  # raises a cancellation that arrived with the first byte, before the byte is sent
        if not app_run.inbox:
            raise MiddlewareError(
                "the application ended without a response",
                f"{request.method} {request.url.path}",
                "send http.response.start from the application, or raise an error",
            )
        if app_run.pending is not NOTHING and asyncio.current_task() is not own.task:
            await app_run.cancel(asyncio.CancelledError())
            raise _other_task(request)
        return InlineResponse(app_run)


def _checked(function: InlineFunction, following: CallNext) -> CallNext:
    async def call_next(request: Request) -> Response:
        response: Any = await function(request, following)
        if type(response) is not InlineResponse and not callable(response):
            raise _no_response(function, response)
        return response  # type: ignore[no-any-return]  # any ASGI application

    return call_next


def _no_response(function: Any, answer: object) -> MiddlewareError:
    name = getattr(function, "__qualname__", repr(function))
    return MiddlewareError(
        f"{name} returned {type(answer).__name__}, not a response",
        f"{getattr(function, '__module__', '')}.{name}",
        "end it with: return response",
    )


def _other_scope(request: Request) -> MiddlewareError:
    return MiddlewareError(
        "call_next received a request of another connection scope",
        f"{request.method} {request.url.path}",
        "create it from the original: Request({**request.scope, ...}, request.receive)",
    )


def _other_task(request: Request) -> MiddlewareError:
    return MiddlewareError(
        "call_next was awaited in another task, which cannot forward a stream",
        f"{request.method} {request.url.path}",
        "await it in the middleware itself (asyncio.wait_for creates a task on Python 3.11); "
        "for a time limit write: async with asyncio.timeout(seconds)",
    )
