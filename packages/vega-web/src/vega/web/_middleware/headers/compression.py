"""Smaller answers: zstandard, brotli or gzip, as the client likes."""

from __future__ import annotations

from typing import final

from starlette.types import ASGIApp, Receive, Scope, Send


@final
class CompressionMiddleware:
    """Compresses answers of compressible types with what the client accepts; needs the extra `compress`.

    Server-sent events and answers that are encoded already pass untouched.

    Args:
        app: the next application.
        minimum: bytes from which on an answer of known length is compressed.
    """

    def __init__(self, app: ASGIApp, *, minimum: int = 500) -> None:
        from starlette_compress import CompressMiddleware

        self._app: ASGIApp = CompressMiddleware(app, minimum_size=minimum)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)
