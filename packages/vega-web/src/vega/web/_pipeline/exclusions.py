"""Routes that opt out of named middleware."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple, final

from fastapi.routing import iter_route_contexts
from starlette.routing import compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from .._paths import route_path
from .inline import CallNext, InlineFunction

WITHOUT: Final = "vega.without"  # the key of the connection scope under which the names stand


class _Row(NamedTuple):
    path: re.Pattern[str]
    methods: frozenset[str] | None
    names: frozenset[str]


@final
class Exclusions:
    """ASGI application (ASGI 3.0) that notes which middleware the route of a request opts out of.

    The table is made of the routes that the application has when it starts; it is asked before routing, and its
    first match is the route that routing takes.

    Args:
        app: the next application.
        rows: path, methods (None: a WebSocket) and names of each route, in the order of routing.
    """

    def __init__(self, app: ASGIApp, rows: Sequence[_Row]) -> None:
        self._app, self._rows = app, tuple(rows)
        self._some = tuple(row for row in rows if row.names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in {"http", "websocket"}:
            scope[WITHOUT] = self._names(scope)
        await self._app(scope, receive, send)

    def _names(self, scope: Scope) -> frozenset[str]:
        path = route_path(scope)
        if not any(row.path.match(path) for row in self._some):
            return frozenset()
        method = scope.get("method")
        for asked in (method, "GET") if method == "HEAD" else (method,):  # HEAD is answered where GET is
            for row in self._rows:
                if row.path.match(path) and (asked in row.methods if row.methods is not None else asked is None):
                    return row.names
        return frozenset()


def table_of(routes: Any) -> list[_Row]:
    """Return the middleware that the routes of an application opt out of, in the order of routing."""
    return [row for context in iter_route_contexts(routes) for row in _row(context)]


def _row(context: Any) -> Iterator[_Row]:
    path = context.path
    if path is not None:
        methods = frozenset(context.methods) if context.methods else None
        names = frozenset(getattr(context.endpoint, "__vega_without__", ()))
        yield _Row(compile_path(path)[0], methods, names)


@final
class Skippable:
    """ASGI application (ASGI 3.0) that skips a middleware where the route opts out of it."""

    def __init__(self, app: ASGIApp, name: str, way: ASGIApp) -> None:
        self._app, self._name, self._way = app, name, way

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self._app if self._name in scope.get(WITHOUT, ()) else self._way)(scope, receive, send)


def skippable(name: str, function: InlineFunction) -> InlineFunction:
    """Return an inline function that steps aside where the route opts out of it."""

    async def call(request: Any, call_next: CallNext) -> Any:
        return await (call_next(request) if name in request.scope.get(WITHOUT, ()) else function(request, call_next))

    return call
