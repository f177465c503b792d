"""What middleware shares that adds headers to answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .._problems.problems import Problems

Header: TypeAlias = tuple[bytes, bytes]


async def send_with(
    headers: Sequence[Header], app: ASGIApp, scope: Scope, receive: Receive, send: Send, *, replace: bool = True
) -> None:
    """Run an application and add headers to its answer.

    Args:
        headers: lower-case names, and values.
        app: the application.
        scope: of an HTTP request.
        receive: as it comes.
        send: as it comes.
        replace: whether they take the place of the answer's own; else they give way.
    """
    names = frozenset(name for name, _ in headers)

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = message.get("headers", ())
            if replace:
                merged = [*(each for each in own if each[0].lower() not in names), *headers]
            else:
                present = {name.lower() for name, _ in own}
                merged = [*own, *(each for each in headers if each[0] not in present)]
            message = {**message, "headers": merged}
        await send(message)

    await app(scope, receive, sending)


def answering(app: ASGIApp) -> Problems:
    """Return an application that answers its own errors, so that what stands around it adds headers to them too."""
    return app if isinstance(app, Problems) else Problems(app, checks_headers=False)


def header(scope: Scope, name: bytes) -> str | None:
    """Return the first header of a name, which is given in lower case; None when there is none."""
    for key, value in scope["headers"]:
        if key == name:
            return str(value, "latin-1")
    return None
