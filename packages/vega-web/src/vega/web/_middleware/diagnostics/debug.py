"""Debug information in responses, for development."""

from __future__ import annotations

import time
from typing import final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..._problems.problems import DEBUG


@final
class DebugMiddleware:
    """Middleware that adds tracebacks to problem documents of failures, and the elapsed time as `Server-Timing`.

    For development only: `pipeline.use(DebugMiddleware, when=settings.DEBUG)`.

    Args:
        app: the next application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope[DEBUG] = True
        start = time.perf_counter()

        async def timing(message: Message) -> None:
            if message["type"] == "http.response.start":
                spent = f"app;dur={(time.perf_counter() - start) * 1000:.1f}".encode("ascii")
                message = {**message, "headers": [*message.get("headers", ()), (b"server-timing", spent)]}
            await send(message)

        await self._app(scope, receive, timing)
