"""Only the hosts that the application serves, and only the proxies that it trusts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from ..._problems.denial import deny
from ..asgi_headers import header


@final
class TrustedHostMiddleware:
    """Refuses requests and WebSockets for another host with 400, so that links and caches cannot be poisoned.

    Args:
        app: the next application.
        allowed: host names without port; `*.example.com` stands for every name below `example.com`.
    """

    def __init__(self, app: ASGIApp, *, allowed: Sequence[str]) -> None:
        self._app = app
        self._names = frozenset(name.lower() for name in allowed if not name.startswith("*"))
        self._endings = tuple(name[1:].lower() for name in allowed if name.startswith("*."))
        self._is_any = "*" in allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"} or self._is_allowed(scope):
            await self._app(scope, receive, send)
        else:
            await deny(scope, receive, send, 400, detail="the host is not served here")

    def _is_allowed(self, scope: Scope) -> bool:
        given = (header(scope, b"host") or "").lower()
        name = given[: given.find("]") + 1] if given.startswith("[") else given.partition(":")[0]
        return self._is_any or name in self._names or (bool(self._endings) and name.endswith(self._endings))


@final
class TrustedProxyMiddleware:
    """Takes the client's address and scheme from `X-Forwarded-For` and `X-Forwarded-Proto` of trusted proxies only.

    The address is the last one in the header that is no trusted proxy. From anybody else the headers are ignored.
    Run the server without a proxy handling of its own (`uvicorn --no-proxy-headers`, as `vega run` does).

    Args:
        app: the next application.
        trusted: addresses or networks of the proxies, such as `10.0.0.0/8`.
    """

    def __init__(self, app: ASGIApp, *, trusted: Sequence[str]) -> None:
        self._proxies: ASGIApp = ProxyHeadersMiddleware(app, list(trusted))  # type: ignore[arg-type,assignment]  # the same ASGI in other words

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._proxies(scope, receive, send)
