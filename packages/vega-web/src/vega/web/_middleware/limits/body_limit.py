"""Limits for the size of request bodies."""

from __future__ import annotations

from typing import final

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..._pipeline.route_options import MAX_BODY
from ..._problems.problems import problem
from ..asgi_headers import header


class _TooLargeError(HTTPException):
    """A body larger than announced or allowed: a client error, so not logged as a failure."""


@final
class BodyLimitMiddleware:
    """Middleware that responds 413 to large bodies: at once if the length is announced, else at the limit.

    The route option `max_body` overrides the limit: `router.post("/photos", max_body=10 * 1024 * 1024)`.

    Args:
        app: the next application.
        max_bytes: the maximum size of a body, in bytes.
    """

    def __init__(self, app: ASGIApp, *, max_bytes: int = 1024 * 1024) -> None:
        self._app, self._max = app, max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        largest: int = scope.get(MAX_BODY, self._max)
        announced = header(scope, b"content-length")
        if announced is not None and (not announced.isascii() or not announced.isdigit()):
            await problem(scope, 400, detail="the content-length is not a number")(scope, receive, send)
        elif announced is not None and int(announced[:20]) > largest:
            await self._refuse(largest, scope, receive, send)
        else:
            await self._count(largest, scope, receive, send)

    async def _refuse(self, largest: int, scope: Scope, receive: Receive, send: Send) -> None:
        detail = f"the body is larger than {largest} bytes"
        is_first = scope.get("http_version", "1.1").startswith("1")  # HTTP/2 and later have no such header
        headers = {"connection": "close"} if is_first else {}
        await problem(scope, 413, detail=detail, headers=headers)(scope, receive, send)

    async def _count(self, largest: int, scope: Scope, receive: Receive, send: Send) -> None:
        received, is_too_large, has_started = 0, False, False

        async def counting() -> Message:
            nonlocal received, is_too_large
            message = await receive()
            received += len(message.get("body", b""))
            if received > largest:
                is_too_large = True
                raise _TooLargeError(413)
            return message

        async def sending(message: Message) -> None:  # the application may turn the error into its own response
            nonlocal has_started
            if is_too_large and not has_started:
                return
            has_started = True
            await send(message)

        try:
            await self._app(scope, counting, sending)
        except Exception:
            if not is_too_large or has_started:
                raise
        if is_too_large and not has_started:
            await self._refuse(largest, scope, receive, send)
