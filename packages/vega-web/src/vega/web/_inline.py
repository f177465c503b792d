"""Functions `async (request, call_next)` as one ASGI node, however many follow each other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias, final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ._downstream import Downstream
from ._errors import MiddlewareError
from ._inlet import Inlet, InlineRequest
from ._live_response import LiveResponse

CallNext: TypeAlias = Callable[[Request], Awaitable[Response]]
InlineFunction: TypeAlias = Callable[[Request, CallNext], Awaitable[Response]]


@final
class InlineChain:
    """ASGI application (ASGI 3.0) that runs functions around another, the first outermost.

    Only HTTP requests meet the functions; WebSockets and the lifespan pass.

    Args:
        app: the next application.
        functions: each gets the request and what calls the next one.
    """

    def __init__(self, app: ASGIApp, functions: Sequence[InlineFunction]) -> None:
        self._app, self._inwards = app, tuple(reversed(functions))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(self._app, self._inwards, Inlet(receive), send)
        try:
            response = await exchange.start()(InlineRequest(scope, exchange.inlet))
            await response(scope, receive, send)
        except BaseException as error:
            await exchange.release(error)
            raise
        if not exchange.is_over:
            await exchange.release(None)


class _Exchange:
    """One request on its way through the functions."""

    __slots__ = ("_app", "_downstream", "_inwards", "_send", "_task", "inlet")

    def __init__(self, app: ASGIApp, inwards: tuple[InlineFunction, ...], inlet: Inlet, send: Send) -> None:
        self._app, self._inwards, self.inlet, self._send = app, inwards, inlet, send
        self._downstream: Downstream | None = None
        self._task = asyncio.current_task()

    def start(self) -> CallNext:
        """Return what runs the first function, which calls the second, and so on to the application."""
        call_next: CallNext = self._forward
        for function in self._inwards:
            call_next = _checked(function, call_next)
        return call_next

    @property
    def is_over(self) -> bool:
        """Whether nothing that was begun is still to be ended."""
        return self._downstream is None or self._downstream.is_done

    async def _forward(self, request: Request) -> Response:
        if self._downstream is not None:
            await self._downstream.drop()
        receive = self.inlet.hand_down() if request.receive == self.inlet.read else request.receive
        downstream = self._downstream = Downstream(self._app, request.scope, receive, self._send)
        await downstream.run()
        if not downstream.inbox:
            raise MiddlewareError(
                "the application ended without a response",
                f"{request.method} {request.url.path}",
                "send http.response.start from the application, or raise an error",
            )
        if downstream.is_streaming and asyncio.current_task() is not self._task:
            await downstream.cancel(asyncio.CancelledError())
            raise _other_task(request)
        return LiveResponse(downstream)

    async def release(self, error: BaseException | None) -> None:
        """End what was begun and is not delivered: its cleanup and background work run, a cancellation reaches it."""
        downstream = self._downstream
        if downstream is None or downstream.is_done:
            return
        if error is None or isinstance(error, Exception):
            await downstream.drop()
        elif isinstance(error, GeneratorExit):
            downstream.close()
        else:
            await downstream.cancel(error)


def _checked(function: InlineFunction, following: CallNext) -> CallNext:
    async def call_next(request: Request) -> Response:
        response: Any = await function(request, following)
        if not callable(response):
            raise _no_response(function, response)
        return response  # type: ignore[no-any-return]  # any ASGI application will do

    return call_next


def _no_response(function: Any, answer: object) -> MiddlewareError:
    name = getattr(function, "__qualname__", repr(function))
    return MiddlewareError(
        f"{name} returned {type(answer).__name__}, not a response",
        f"{getattr(function, '__module__', '')}.{name}",
        "end it with: return response",
    )


def _other_task(request: Request) -> MiddlewareError:
    return MiddlewareError(
        "call_next was awaited in a task of its own, which cannot pass a stream on",
        f"{request.method} {request.url.path}",
        "await it in the middleware itself (asyncio.wait_for makes a task on Python 3.11); "
        "for a time limit write: async with asyncio.timeout(seconds)",
    )
