"""Security headers for browsers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from starlette.types import ASGIApp, Receive, Scope, Send

from ..asgi_headers import answering, send_with

DEFAULTS: Mapping[str, str] = {
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


@final
class SecurityHeadersMiddleware:
    """Middleware that adds security headers to every response; headers of the response itself take precedence.

    The defaults suit an API. Pages need a `content-security-policy` of their own.

    Args:
        app: the next application.
        hsts: seconds for which browsers must use HTTPS; sent only with HTTPS responses; None omits the header.
        headers: further headers, or other values; an empty value omits a default.

    Source: OWASP, "HTTP Security Response Headers Cheat Sheet"; RFC 6797 for HSTS.
    """

    def __init__(
        self, app: ASGIApp, *, hsts: int | None = 31_536_000, headers: Mapping[str, str] | None = None
    ) -> None:
        self._app = answering(app)
        merged = {**DEFAULTS, **{name.lower(): value for name, value in (headers or {}).items()}}
        self._plain = tuple((name.encode("ascii"), value.encode("latin-1")) for name, value in merged.items() if value)
        strict = (b"strict-transport-security", f"max-age={hsts}; includeSubDomains".encode("ascii"))
        self._secure = (*self._plain, strict) if hsts is not None else self._plain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = self._secure if scope.get("scheme") == "https" else self._plain
        await send_with(headers, self._app, scope, receive, send, replace=False)
