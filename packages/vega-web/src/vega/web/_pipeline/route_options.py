"""Route options that middleware needs before routing: names to skip, and the maximum size of bodies."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple, final

from fastapi.routing import iter_route_contexts
from starlette.routing import compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from .._paths import route_path
from .inline import CallNext, InlineFunction

WITHOUT: Final = "vega.without"  # keys of the connection scope and attributes of endpoints
MAX_BODY: Final = "vega.max_body"
_WITHOUT: Final = "__vega_without__"
_MAX_BODY: Final = "__vega_max_body__"


class _Row(NamedTuple):
    path: re.Pattern[str]
    methods: frozenset[str] | None
    names: frozenset[str]
    max_body: int | None

    @property
    def has_options(self) -> bool:
        return bool(self.names) or self.max_body is not None


@final
class RouteOptions:
    """ASGI application (ASGI 3.0) that records the options of the matching route in the scope.

    The table contains the routes of the application at start, and is searched before routing; its first match is the
    route that routing selects.

    Args:
        app: the next application.
        rows: path, methods (None for a WebSocket) and options of each route, in the order of routing.
    """

    def __init__(self, app: ASGIApp, rows: Sequence[_Row]) -> None:
        self._app, self._rows = app, tuple(rows)
        self._some = tuple(row for row in rows if row.has_options)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in {"http", "websocket"}:
            row = self._row(scope)
            scope[WITHOUT] = row.names if row is not None else frozenset()
            if row is not None and row.max_body is not None:
                scope[MAX_BODY] = row.max_body
        await self._app(scope, receive, send)

    def _row(self, scope: Scope) -> _Row | None:
        path = route_path(scope)
        if not any(row.path.match(path) for row in self._some):
            return None
        method = scope.get("method")
        for candidate in (method, "GET") if method == "HEAD" else (method,):  # HEAD may be routed as GET
            for row in self._rows:
                if row.path.match(path) and (
                    candidate in row.methods if row.methods is not None else candidate is None
                ):
                    return row
        return None


def mark_options(endpoint: Any, names: Sequence[str], max_body: int | None) -> None:
    """Store the options of a route on its endpoint, which must not be shared."""
    setattr(endpoint, _WITHOUT, tuple(names))
    setattr(endpoint, _MAX_BODY, max_body)


def skipped_names(endpoint: Any) -> frozenset[str]:
    """Return the names of middleware skipped by the route of an endpoint."""
    return frozenset(getattr(endpoint, _WITHOUT, ()))


def table_of(routes: Any) -> list[_Row]:
    """Return the options of an application's routes, in the order of routing."""
    return [row for context in iter_route_contexts(routes) for row in _row(context)]


def _row(context: Any) -> Iterator[_Row]:
    path = context.path
    if path is not None:
        methods = frozenset(context.methods) if context.methods else None
        largest = getattr(context.endpoint, _MAX_BODY, None)
        yield _Row(compile_path(path)[0], methods, skipped_names(context.endpoint), largest)


@final
class Skippable:
    """ASGI application (ASGI 3.0) that skips a middleware if the route opts out."""

    def __init__(self, app: ASGIApp, name: str, way: ASGIApp) -> None:
        self._app, self._name, self._way = app, name, way

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self._app if self._name in scope.get(WITHOUT, ()) else self._way)(scope, receive, send)


def skippable(name: str, function: InlineFunction) -> InlineFunction:
    """Return an inline function that is skipped if the route opts out."""

    async def call(request: Any, call_next: CallNext) -> Any:
        return await (call_next(request) if name in request.scope.get(WITHOUT, ()) else function(request, call_next))

    return call
