"""Prometheus metrics of requests and connections."""

from __future__ import annotations

import time
from typing import Any, Final, final

from fastapi.routing import iter_route_contexts
from starlette.responses import Response
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vega.core.telemetry import Counter, Gauge, Histogram, metrics_page

from ..._paths import route_path

REQUESTS: Final = Counter("vega_http_requests_total", "Requests answered.", labels=["method", "route", "status"])
SECONDS: Final = Histogram("vega_http_request_seconds", "From request to last byte.", labels=["method", "route"])
ACTIVE: Final = Gauge("vega_http_connections_active", "Requests and WebSockets in progress.", labels=["type"])
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@final
class MetricsMiddleware:
    """Middleware that exports number and duration of requests to Prometheus; needs the extra `metrics`.

    Labels are the method, the declared path of the route (`/users/{id}`; `unmatched` without a route) and the status,
    so clients cannot create new label values.

    Args:
        app: the next application.
        path: the path of the metrics page, such as `/metrics`; no page when None.
    """

    def __init__(self, app: ASGIApp, *, path: str | None = None) -> None:
        self._app, self._path = app, path
        self._templates: dict[int, list[tuple[Any, str]]] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
        elif scope["type"] == "http" and self._path is not None and route_path(scope) == self._path:
            page, media_type = metrics_page()
            await Response(page, headers={"content-type": media_type})(scope, receive, send)
        else:
            ACTIVE.add(1, type=scope["type"])
            try:
                await (self._measure if scope["type"] == "http" else self._app)(scope, receive, send)
            finally:
                ACTIVE.add(-1, type=scope["type"])

    async def _measure(self, scope: Scope, receive: Receive, send: Send) -> None:
        status, start = 500, time.perf_counter()

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "other"
            route = self._route(scope)
            REQUESTS.add(method=method, route=route, status=str(status))
            SECONDS.observe(time.perf_counter() - start, method=method, route=route)

    def _route(self, scope: Scope) -> str:
        """Return the declared path of the matched route, including prefixes."""
        if self._templates is None:
            self._templates = {}
            for context in iter_route_contexts(scope["app"].routes):
                if context.path is not None:
                    rows = self._templates.setdefault(id(context.original_route), [])
                    rows.append((compile_path(context.path)[0], context.path))
        rows = self._templates.get(id(scope.get("route")), [])
        path = route_path(scope)
        return next((template for regex, template in rows if len(rows) == 1 or regex.match(path)), "unmatched")
