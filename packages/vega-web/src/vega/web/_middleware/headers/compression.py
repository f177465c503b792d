"""Response compression: zstandard, brotli or gzip, negotiated with the client."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import final

from starlette.types import ASGIApp, Message, Receive, Scope, Send


@final
class CompressionMiddleware:
    """Middleware that compresses responses with an encoding accepted by the client; needs the extra `compress`.

    Compression turns a strong `ETag` into a weak one, because the bytes differ (RFC 9110, section 8.8.3.3); `Range` is
    not supported for compressed responses. A 304 has the `Vary` of the full response. Server-sent events and responses
    with a `Content-Encoding` pass unchanged.

    Args:
        app: the next application.
        minimum: the smallest content length to compress, in bytes.
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
    """Return response headers that are correct for the compressed bytes."""
    names = {name.lower() for name, _ in headers}
    if status == 304 and b"vary" not in names:
        return [*headers, (b"vary", b"Accept-Encoding")]
    if b"content-encoding" not in names:
        return headers
    return [(name, _weak(value) if name.lower() == b"etag" else value) for name, value in headers]


def _weak(tag: bytes) -> bytes:
    return tag if tag.startswith(b"W/") else b"W/" + tag
