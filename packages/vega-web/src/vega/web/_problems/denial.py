"""Refuses a request or a WebSocket before the application sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.types import Receive, Scope, Send

from .problems import problem

_CLOSE: Final[Mapping[int, int]] = {401: 4401, 403: 4403, 408: 4408, 409: 4409, 429: 4429, 503: 1013}


async def deny(
    scope: Scope,
    receive: Receive,
    send: Send,
    status: int,
    *,
    detail: str = "",
    headers: Mapping[str, str] | None = None,
) -> None:
    """Answer with a problem document; a WebSocket that is not open yet gets it as the answer to its handshake.

    Where the server cannot say that (`websocket.http.response` is missing), the WebSocket is closed with the code
    that fits, which the server turns into a 403.

    Args:
        scope: of an HTTP request or a WebSocket.
        receive: as it comes.
        send: as it comes.
        status: 400-599.
        detail: shown to the client.
        headers: of the response.
    """
    response = problem(scope, status, detail=detail, headers=headers)
    if scope["type"] == "http":
        await response(scope, receive, send)
        return
    await receive()  # websocket.connect
    if "websocket.http.response" in scope.get("extensions", {}):
        start = {"type": "websocket.http.response.start", "status": status, "headers": response.raw_headers}
        await send(start)
        await send({"type": "websocket.http.response.body", "body": response.body, "more_body": False})
    else:
        await send({"type": "websocket.close", "code": close_code(status), "reason": detail[:100]})


def close_code(status: int) -> int:
    """Return the close code of a WebSocket that says what an HTTP status says (RFC 6455, section 7.4).

    >>> close_code(403), close_code(500)
    (4403, 1011)
    """
    return _CLOSE.get(status, 1011 if status >= 500 else 1008)
