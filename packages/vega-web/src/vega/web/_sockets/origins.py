"""Origin checks of WebSockets: browsers send cookies with the handshake, without CORS checks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, final

from starlette.routing import compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from .._paths import route_path
from .._problems.denial import deny
from .._security.origins import TO_CONNECT, WITH_COOKIES, is_allowed, is_own

ANY: Final = "*"


@final
class HandlerOrigins:
    """The origins allowed by handlers, by path."""

    def __init__(self) -> None:
        self._rows: list[tuple[re.Pattern[str], frozenset[str]]] = []

    def add(self, path: str, origins: Sequence[str]) -> None:
        """Register the origins allowed by the handler of a path."""
        self._rows.append((compile_path(path)[0], frozenset(origins)))

    def allow(self, scope: Scope, origin: str) -> bool:
        """Return whether the first handler with a matching path allows an origin."""
        path = route_path(scope)
        allowed = next((origins for pattern, origins in self._rows if pattern.match(path)), frozenset[str]())
        return origin in allowed or ANY in allowed


@final
class OriginCheck:
    """ASGI middleware (ASGI 3.0) that denies WebSocket handshakes from pages of other origins, with 403.

    A handshake without `Origin` does not come from a browser and passes. Allowed are the host of the handshake, the
    hosts of `TrustedHostMiddleware`, the origins of `CORSMiddleware`, and `origins` of the handler.

    Args:
        app: the next application.
        handlers: the origins allowed by handlers.

    Source: RFC 6455, section 10.2.
    """

    def __init__(self, app: ASGIApp, handlers: HandlerOrigins) -> None:
        self._app, self._handlers = app, handlers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = _origin(scope) if scope["type"] == "websocket" else None
        if (
            origin is None
            or is_own(scope, origin)
            or is_allowed(scope, TO_CONNECT, origin)
            or is_allowed(scope, WITH_COOKIES, origin)
            or self._handlers.allow(scope, origin)
        ):
            await self._app(scope, receive, send)
        else:
            await deny(scope, receive, send, 403, detail="pages of this origin may not open the WebSocket")


def _origin(scope: Scope) -> str | None:
    return next((str(value, "latin-1") for name, value in scope["headers"] if name == b"origin"), None)
