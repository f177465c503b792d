"""A route with middleware of its own, which serves usual endpoints without FastAPI's dependency solving."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import TypeAdapter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from .._lifecycle.stream_source import own_stream
from .._middleware.limits.body_limit import BodyLimitMiddleware
from .._pipeline.fast_request import FastRequest
from .._pipeline.pipeline import MiddlewarePipeline
from .._private_names import (
    can_serve_fast,
    included_route,
    is_observed,
    is_usual_handler,
    requested_route,
    sender,
    type_adapter,
)
from .._problems.finite import check_written, may_hold_numbers
from .._problems.problems import Problems
from .fast_route import FastRoute
from .fast_route_plan import plan_fast_route

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class Route(APIRoute):
    """A route with middleware of its own, inside that of its router and of the application.

    An endpoint of usual parameters is served without FastAPI's dependency solving, with the same answers: see the page
    on use cases over HTTP. A class that overrides `get_route_handler` or whose `app` is replaced keeps FastAPI's way.
    """

    around: ASGIApp | None = None
    pipelines: tuple[MiddlewarePipeline, ...] = ()  # of its router and of its own, for the OpenAPI document
    vega_fast: FastRoute | None = None

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        self._made = self.app

    def get_route_handler(self) -> Handler:
        """Return FastAPI's handler; called for the route, and once more for each router that includes it."""
        served = self._served(included_route())
        if served.response_field is not None:
            _refuse_not_finite(served.response_field)
        handler = super().get_route_handler()
        if type(self).get_route_handler is Route.get_route_handler:
            served.vega_fast = _fast_route(served, handler)
        return _guarded(handler)

    # A frame less than an async function of its own, once a request; checkers differ on what an async function gives.
    def handle(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, scope: Scope, receive: Receive, send: Send
    ) -> Coroutine[Any, Any, None]:
        """Serve a request that was found to be meant for this route."""
        serve: Any = self._serve if self.around is None or scope["type"] != "http" else self.around
        return serve(scope, receive, send)  # type: ignore[no-any-return]  # each is an async function

    def _serve(self, scope: Scope, receive: Receive, send: Send) -> Coroutine[Any, Any, None]:
        served = self._served(requested_route(scope))
        fast = getattr(served, "vega_fast", None)
        if fast is None or is_observed(scope) or scope["method"] not in served.methods:
            return super().handle(scope, receive, send)
        if served is self and self.app is not self._made:
            return super().handle(scope, receive, send)
        return fast(scope, receive, send)  # type: ignore[no-any-return]  # a FastRoute

    def _served(self, included: Any) -> Any:
        """Return what knows the settings: the route as it is included in a router, else the route itself."""
        return self if included is None or included.original_route is not self else included

    def limit_body(self, max_bytes: int) -> None:
        """Refuse a larger body, in bytes, whether or not the application has a limit."""
        self.around = BodyLimitMiddleware(self.around or self._serve, max_bytes=max_bytes)

    def surround(self, pipeline: MiddlewarePipeline) -> None:
        """Put middleware around the route."""
        self.pipelines = (*self.pipelines, pipeline)
        self.around = pipeline.wrap(Problems(self._serve, checks_headers=False))


def _guarded(handler: Handler) -> Handler:
    """Return FastAPI's handler of a route, for bodies that are JSON and streams that are driven by one task."""

    async def handle(request: Request) -> Response:
        try:
            response = await handler(FastRequest(request.scope, request.receive, sender(request)))
        except HTTPException as error:
            if isinstance(error.__cause__, RequestValidationError):  # FastAPI answers 400 to all that reading raises
                raise error.__cause__ from None
            raise
        return own_stream(response)  # type: ignore[no-any-return]  # the same response

    return handle


def _refuse_not_finite(field: Any) -> None:
    """Have a field of FastAPI refuse to write NaN and Infinity, for which pydantic writes null."""
    adapter = type_adapter(field)
    if adapter is None or isinstance(field.__dict__.get("serialize_json"), partial):
        return
    if may_hold_numbers(adapter.core_schema):
        field.serialize_json = partial(_serialize_finite, field.serialize_json, adapter)


def _serialize_finite(serialize: Callable[..., bytes], adapter: TypeAdapter[Any], value: Any, **options: Any) -> bytes:
    content = serialize(value, **options)
    check_written(content, lambda: adapter.dump_python(value, **options))
    return content


def _fast_route(served: Any, handler: Any) -> FastRoute | None:
    if not can_serve_fast() or not is_usual_handler(handler):
        return None
    plan = plan_fast_route(served)
    return None if plan is None else FastRoute(plan, lambda: served.app)
