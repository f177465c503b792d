"""Checks of the Host header, and headers of trusted proxies."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, final

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from ..._paths import PathPatterns
from ..._problems.denial import deny
from ..._security.origins import TO_CONNECT, allow, host_of

_HOST: Final = re.compile(r"([a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?\Z")


@final
class TrustedHostMiddleware:
    """Middleware that refuses unknown hosts with 400, against poisoned links and caches; also for WebSockets.

    Exactly one `Host` is required: a host with an optional port. Pages of the allowed hosts may open WebSockets.

    Args:
        app: the next application.
        allowed: host names without port; `*.example.com` matches every name below `example.com`, `*` any name.
        skip: paths that accept any host, such as the probes of a platform; `*` matches any characters.

    Source: RFC 9110, section 7.2, and RFC 3986, section 3.2.
    """

    def __init__(self, app: ASGIApp, *, allowed: Sequence[str], skip: Sequence[str] = ("/health/*",)) -> None:
        self._app, self._skip = app, PathPatterns(skip)
        self._names = frozenset(name.lower() for name in allowed if not name.startswith("*"))
        self._endings = tuple(name[1:].lower() for name in allowed if name.startswith("*."))
        self._is_any = "*" in allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"} or self._is_allowed(scope) or self._skip.match(scope):
            if scope["type"] == "websocket" and not self._is_any:
                allow(scope, TO_CONNECT, lambda origin: self._is_name(host_of(origin)))
            await self._app(scope, receive, send)
        else:
            await deny(scope, receive, send, 400, detail="the host is not served here")

    def _is_allowed(self, scope: Scope) -> bool:
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        match = _HOST.match(hosts[0].decode("latin-1").lower()) if len(hosts) == 1 else None
        return match is not None and (self._is_any or self._is_name(match[1]))

    def _is_name(self, name: str) -> bool:
        return name in self._names or (bool(self._endings) and name.endswith(self._endings))


@final
class TrustedProxyMiddleware:
    """Middleware that accepts `X-Forwarded-For` and `X-Forwarded-Proto` from trusted proxies only.

    The client is the last address in the header that does not belong to a trusted proxy. Headers of other senders are
    ignored. Disable the server's own proxy handling (`uvicorn --no-proxy-headers`, as `vega run` does).

    Args:
        app: the next application.
        trusted: addresses or networks of the proxies, such as `10.0.0.0/8`.
    """

    def __init__(self, app: ASGIApp, *, trusted: Sequence[str]) -> None:
        self._proxies: ASGIApp = ProxyHeadersMiddleware(app, list(trusted))  # type: ignore[arg-type,assignment]  # Uvicorn has its own ASGI types

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._proxies(scope, receive, send)
