"""One scope per request: opened before routing, closed after the last byte."""

from __future__ import annotations

import logging
from functools import partial

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from vega.core import Application
from vega.core.introspection import line_of

_log = logging.getLogger("vega.web")


class RequestScope:
    """ASGI middleware (ASGI 3.0) that enters the application's unit of work around each HTTP request.

    Args:
        app: the next application.
        application: whose `activate` is entered; its scope provides the request.
    """

    def __init__(self, app: ASGIApp, application: Application) -> None:
        self._app, self._application = app, application
        self._is_checked = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if not self._is_checked:
            self._is_checked = True
            _check_started(self._application, scope)
        values = {Request: Request(scope, receive)}
        async with self._application.activate(values, origin=partial(origin_of, scope)):
            await self._app(scope, receive, send)


def _check_started(application: Application, scope: Scope) -> None:
    """Report an application that serves without having been started, once."""
    if application.state == "new":
        _log.error(
            "%s serves %s, but was not started: run the lifespan of a mounted application in that of the outer one, "
            "or start the server with its lifespan on",
            application.project.package,
            scope["path"],
        )


def origin_of(scope: Scope) -> str:
    """Say in words what a request was for, and where its endpoint is."""
    request = f"{scope.get('method', 'WebSocket')} {scope['path']}"
    endpoint = scope.get("endpoint")
    line = line_of(getattr(getattr(endpoint, "__vega_use_case__", None), "call", endpoint))
    return f"{request} ({line})" if line else request
