"""HEAD requests: routed as GET, and sent without a body (RFC 9110, section 9.3.2)."""

from __future__ import annotations

from typing import Any, Final, final

from starlette.routing import BaseRoute, Match, Mount, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_RANGES: Final = frozenset({b"range", b"if-range"})


@final
class HeadRouting:
    """ASGI middleware (ASGI 3.0), innermost, that routes HEAD as GET unless a route declares HEAD.

    Routes, with their middleware and handlers, see GET, so that a handler of several methods responds as for GET; outer
    middleware sees HEAD before and after. A `Range` header is removed, since ranges are defined for GET only (RFC 9110,
    section 14.2).

    Args:
        app: the next application.
        router: the router whose routes are matched.
    """

    def __init__(self, app: ASGIApp, router: Router) -> None:
        self._app, self._router = app, router

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        outside = {"method": "HEAD", "headers": scope["headers"]}
        headers = [header for header in scope["headers"] if header[0] not in _RANGES]
        inside = {"method": "GET" if _is_get(scope, self._router.routes) else "HEAD", "headers": headers}

        async def send_outside(message: Message) -> None:
            scope.update(outside)
            try:
                await send(message)
            finally:
                scope.update(inside)

        scope.update(inside)  # in place: outer middleware reads the keys added by routing
        try:
            await self._app(scope, receive, send_outside)
        finally:
            scope.update(outside)


def _is_get(scope: Scope, routes: list[BaseRoute]) -> bool:
    """Return whether a HEAD request is handled by a route for GET; a mounted application decides for itself."""
    head: dict[str, Any] = dict(scope)
    get, is_found = {**head, "method": "GET"}, False
    for route in routes:
        match = route.matches(head)[0]
        if match is Match.FULL and not (is_found and isinstance(route, Mount)):
            return False
        if match is Match.PARTIAL and not is_found:  # the path matches, for other methods
            is_found = route.matches(get)[0] is Match.FULL
    return is_found


@final
class HeadAnswers:
    """ASGI middleware (ASGI 3.0), outside of all readers of bodies, that ends a response to HEAD after its headers.

    Args:
        app: the next application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        is_answered = False

        async def send_headers(message: Message) -> None:
            nonlocal is_answered
            if message["type"] == "http.response.start" and not is_answered:
                is_answered = True
                await send(message)
                await send({"type": "http.response.body", "body": b"", "more_body": False})

        async def receive_or_end() -> Message:
            return {"type": "http.disconnect"} if is_answered else await receive()

        await self._app(scope, receive_or_end, send_headers)
