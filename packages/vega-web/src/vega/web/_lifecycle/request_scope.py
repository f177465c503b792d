"""Scopes: one per request, from before routing to the last byte; one per WebSocket of a router."""

from __future__ import annotations

import logging
from functools import partial
from typing import Final, final

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from vega.core import Application
from vega.core.introspection import line_of

_APPLICATION: Final = "vega.web.application"  # a key of a WebSocket's scope, until a ConnectionScope is entered
_log = logging.getLogger("vega.web")


class RequestScope:
    """ASGI middleware (ASGI 3.0) that enters the application's unit of work around each HTTP request.

    Args:
        app: the next application.
        application: `activate` of this application is entered; the scope provides the request.
    """

    def __init__(self, app: ASGIApp, application: Application) -> None:
        self._app, self._application = app, application
        self._is_checked = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            scope[_APPLICATION] = self._application
            await self._app(scope, receive, send)
            return
        if not self._is_checked:
            self._is_checked = True
            _check_started(self._application, scope)
        values = {Request: Request(scope, receive)}
        async with self._application.activate(values, origin=partial(origin_of, scope)):
            await self._app(scope, receive, send)


@final
class ConnectionScope:
    """ASGI application (ASGI 3.0) that enters the unit of work of a RequestScope around a WebSocket connection.

    Args:
        app: the next application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        application: Application | None = scope.pop(_APPLICATION, None)
        if application is None:
            await self._app(scope, receive, send)
            return
        values = {WebSocket: WebSocket(scope, receive, send)}
        async with application.activate(values, origin=partial(origin_of, scope)):
            await self._app(scope, receive, send)


def _check_started(application: Application, scope: Scope) -> None:
    """Log an error, once, if an application serves requests without having been started."""
    if application.state == "new":
        _log.error(
            "%s serves %s, but was not started: run the lifespan of a mounted application in that of the outer one, "
            "or start the server with its lifespan on",
            application.project.package,
            scope["path"],
        )


def origin_of(scope: Scope) -> str:
    """Return a description of a request and the location of its endpoint."""
    request = f"{scope.get('method', 'WebSocket')} {scope['path']}"
    endpoint = scope.get("endpoint")
    line = line_of(getattr(getattr(endpoint, "__vega_use_case__", None), "call", endpoint))
    return f"{request} ({line})" if line else request
