"""Routes with middleware, served without FastAPI's dependency resolution where possible."""

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
    """A route with middleware, inside of the middleware of its router and of the application.

    An endpoint with usual parameters is served without FastAPI's dependency resolution, with the same responses: see
    the page on use cases over HTTP. A class that overrides `get_route_handler`, or a replaced `app`, uses FastAPI's
    handler.
    """

    around: ASGIApp | None = None
    pipelines: tuple[MiddlewarePipeline, ...] = ()  # of the router and of the route, for the OpenAPI document
    vega_fast: FastRoute | None = None

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        self._made = self.app

    def get_route_handler(self) -> Handler:
        """Return FastAPI's handler; called for the route, and again for each router that includes the route."""
        served = self._served(included_route())
        if served.response_field is not None:
            _refuse_not_finite(served.response_field)
        handler = super().get_route_handler()
        if type(self).get_route_handler is Route.get_route_handler:
            served.vega_fast = _fast_route(served, handler)
        return _guarded(handler)

    # Not async, which saves a frame per request; type checkers disagree on the result of an async function.
    def handle(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, scope: Scope, receive: Receive, send: Send
    ) -> Coroutine[Any, Any, None]:
        """Serve a request that matches this route."""
        serve: Any = self._serve if self.around is None or scope["type"] != "http" else self.around
        return serve(scope, receive, send)  # type: ignore[no-any-return]  # an async function

    def _serve(self, scope: Scope, receive: Receive, send: Send) -> Coroutine[Any, Any, None]:
        served = self._served(requested_route(scope))
        fast = getattr(served, "vega_fast", None)
        if fast is None or is_observed(scope) or scope["method"] not in served.methods:
            return super().handle(scope, receive, send)
        if served is self and self.app is not self._made:
            return super().handle(scope, receive, send)
        return fast(scope, receive, send)  # type: ignore[no-any-return]  # a FastRoute

    def _served(self, included: Any) -> Any:
        """Return the object with the effective settings: the route as included in a router, else the route itself."""
        return self if included is None or included.original_route is not self else included

    def limit_body(self, max_bytes: int) -> None:
        """Limit the size of bodies, in bytes, with or without a limit of the application."""
        self.around = BodyLimitMiddleware(self.around or self._serve, max_bytes=max_bytes)

    def surround(self, pipeline: MiddlewarePipeline) -> None:
        """Wrap the route in middleware."""
        self.pipelines = (*self.pipelines, pipeline)
        self.around = pipeline.wrap(Problems(self._serve, checks_headers=False))


def _guarded(handler: Handler) -> Handler:
    """Wrap FastAPI's handler: report errors in JSON bodies precisely, and drive streams by one task."""

    async def handle(request: Request) -> Response:
        try:
            response = await handler(FastRequest(request.scope, request.receive, sender(request)))
        except HTTPException as error:
            if isinstance(error.__cause__, RequestValidationError):  # FastAPI responds 400 to any error of parsing
                raise error.__cause__ from None
            raise
        return own_stream(response)  # type: ignore[no-any-return]  # the same response

    return handle


def _refuse_not_finite(field: Any) -> None:
    """Make a field of FastAPI refuse NaN and Infinity, which pydantic would write as null."""
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
