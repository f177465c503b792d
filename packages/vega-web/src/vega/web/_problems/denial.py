"""Refusals of requests and WebSockets before the application runs."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Mapping
from typing import Final

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .problems import answer_to, problem

_log = logging.getLogger("vega.web")
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
    """Respond with a problem document, for a WebSocket as the response to its handshake.

    If the server does not support `websocket.http.response`, the WebSocket is closed with the corresponding close code,
    which the server turns into a 403.

    Args:
        scope: of an HTTP request or a WebSocket.
        receive: the ASGI callable.
        send: the ASGI callable.
        status: 400-599.
        detail: shown to the client.
        headers: of the response.
    """
    response = problem(scope, status, detail=detail, headers=headers)
    if scope["type"] == "http":
        await response(scope, receive, send)
        return
    await receive()  # websocket.connect
    await _refuse(scope, send, response, detail)


async def _refuse(scope: Scope, send: Send, response: Response, reason: str) -> None:
    status = response.status_code
    if "websocket.http.response" in scope.get("extensions", {}):
        start = {"type": "websocket.http.response.start", "status": status, "headers": response.raw_headers}
        await send(start)
        await send({"type": "websocket.http.response.body", "body": response.body, "more_body": False})
    else:
        await send({"type": "websocket.close", "code": close_code(status), "reason": reason[:100]})


async def refuse_handshake(error: Exception, scope: Scope, send: Send) -> None:
    """Refuse the handshake of a WebSocket, after `websocket.connect`, with the response HTTP would give for the error.

    A refusal logs a single line; only an internal error logs a traceback.
    """
    response = answer_to(error, scope)
    if response.status_code != 500:
        _log.info("WebSocket %s refused: %d %s", scope["path"], response.status_code, type(error).__name__)
    await _refuse(scope, send, response, "")


class HandshakeProblems:
    """ASGI middleware (ASGI 3.0) that handles errors of other middleware before a WebSocket is open.

    An error after the handshake is re-raised.

    Args:
        app: the next application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return
        is_asked = is_answered = False

        def noting_receive() -> Awaitable[Message]:
            nonlocal is_asked
            is_asked = True
            return receive()

        def noting_send(message: Message) -> Awaitable[None]:
            nonlocal is_answered
            is_answered = True
            return send(message)

        try:
            await self._app(scope, noting_receive, noting_send)
        except Exception as error:
            if is_answered:
                raise
            if not is_asked:
                await receive()  # websocket.connect
            await refuse_handshake(error, scope, send)


def close_code(status: int) -> int:
    """Return the close code of a WebSocket that corresponds to an HTTP status (RFC 6455, section 7.4).

    >>> close_code(403), close_code(500)
    (4403, 1011)
    """
    return _CLOSE.get(status, 1011 if status >= 500 else 1008)
