"""The access log: a structured record for each request."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Any, final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..._paths import PathPatterns
from ..._problems.problems import REQUEST_ID
from .request_id import TRACE


@final
class RequestLoggingMiddleware:
    """Middleware that logs requests after their last byte: INFO, WARNING if slow, ERROR from status 500 on.

    Besides the message, the record has the attributes `http_method`, `http_path` (without the query, which may contain
    secrets), `http_status`, `duration_ms`, `response_bytes`, `client_ip`, `request_id` and `trace_id`. A request with
    an incomplete response, because the client left or a stream failed, is logged with `is_whole` False; without any
    response the status is 499. The access log of Uvicorn is disabled.

    Args:
        app: the next application.
        logger: the name of the logger.
        skip: paths that are not logged; `*` matches any characters.
        slow: seconds from which on a request counts as slow.
    """

    def __init__(
        self, app: ASGIApp, *, logger: str = "vega.web.access", skip: Sequence[str] = ("/health/*",), slow: float = 5.0
    ) -> None:
        self._app, self._log = app, logging.getLogger(logger)
        self._skip, self._slow = PathPatterns(skip), slow
        logging.getLogger("uvicorn.access").disabled = True  # one line per request

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._skip.match(scope):
            await self._app(scope, receive, send)
            return
        status, sent, is_whole = 499, 0, False
        start = time.perf_counter()

        async def noting(message: Message) -> None:
            nonlocal status, sent, is_whole
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body":
                sent += len(message.get("body", b""))
                is_whole = not message.get("more_body", False)
            await send(message)
            if message["type"] == "http.response.pathsend":
                is_whole = True

        try:
            await self._app(scope, receive, noting)
        except Exception:
            status = 500 if status == 499 else status
            raise
        finally:
            self._write(scope, status, sent, time.perf_counter() - start, is_whole=is_whole)

    def _write(self, scope: Scope, status: int, sent: int, seconds: float, *, is_whole: bool) -> None:
        level = logging.ERROR if status >= 500 else logging.WARNING if seconds >= self._slow else logging.INFO
        trace, client = scope.get(TRACE), scope.get("client")
        fields: dict[str, Any] = {
            "http_method": scope["method"],
            "http_path": scope["path"],
            "http_status": status,
            "duration_ms": round(seconds * 1000, 3),
            "response_bytes": sent,
            "is_whole": is_whole,
            "client_ip": client[0] if client else "",
            "request_id": scope.get(REQUEST_ID, ""),
            "trace_id": trace.trace_id if trace is not None else "",
        }
        self._log.log(level, "%s %s %d in %.1f ms", scope["method"], scope["path"], status, seconds * 1e3, extra=fields)
