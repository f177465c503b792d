"""Smaller answers: zstandard, brotli or gzip, as the client likes."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import final

from starlette.types import ASGIApp, Message, Receive, Scope, Send


@final
class CompressionMiddleware:
    """Compresses answers of compressible types with what the client accepts; needs the extra `compress`.

    A strong `ETag` becomes weak where an answer is compressed, since its bytes are others (RFC 9110, section 8.8.3.3);
    `Range` is not honoured of a compressed answer. A 304 has the `Vary` of the answer that it stands for.
    Server-sent events and answers that are encoded already pass untouched.

    Args:
        app: the next application.
        minimum: bytes from which on an answer of known length is compressed.
    """

    def __init__(self, app: ASGIApp, *, minimum: int = 500) -> None:
        from starlette_compress import CompressMiddleware

        self._app: ASGIApp = CompressMiddleware(app, minimum_size=minimum)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        def sending(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                message = {**message, "headers": _honest(message["status"], list(message.get("headers", ())))}
            return send(message)

        await self._app(scope, receive, sending)


def _honest(status: int, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return the headers of an answer that is true of its compressed bytes."""
    names = {name.lower() for name, _ in headers}
    if status == 304 and b"vary" not in names:
        return [*headers, (b"vary", b"Accept-Encoding")]
    if b"content-encoding" not in names:
        return headers
    return [(name, _weak(value) if name.lower() == b"etag" else value) for name, value in headers]


def _weak(tag: bytes) -> bytes:
    return tag if tag.startswith(b"W/") else b"W/" + tag
