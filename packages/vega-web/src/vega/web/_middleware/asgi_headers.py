"""Helpers for middleware that adds response headers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .._problems.problems import Problems

Header: TypeAlias = tuple[bytes, bytes]


async def send_with(
    headers: Sequence[Header], app: ASGIApp, scope: Scope, receive: Receive, send: Send, *, replace: bool = True
) -> None:
    """Run an application and add headers to its response.

    Args:
        headers: lower-case names, and values.
        app: the application.
        scope: of an HTTP request.
        receive: the ASGI callable.
        send: the ASGI callable.
        replace: whether the headers replace those of the response; otherwise the response's own headers win.
    """
    names = frozenset(name for name, _ in headers)

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = message.get("headers", ())
            if replace:
                merged = [*(pair for pair in own if pair[0].lower() not in names), *headers]
            else:
                present = {name.lower() for name, _ in own}
                merged = [*own, *(pair for pair in headers if pair[0] not in present)]
            message = {**message, "headers": merged}
        await send(message)

    await app(scope, receive, sending)


def answering(app: ASGIApp) -> Problems:
    """Return an application that handles its own errors, so that outer middleware also adds headers to errors."""
    return app if isinstance(app, Problems) else Problems(app, checks_headers=False)


def header(scope: Scope, name: bytes) -> str | None:
    """Return the first header of a lower-case name, or None."""
    for key, value in scope["headers"]:
        if key == name:
            return str(value, "latin-1")
    return None
