"""HEAD, answered where GET is: routed as GET, and sent without the body (RFC 9110, section 9.3.2)."""

from __future__ import annotations

from typing import Any, final

from starlette.routing import BaseRoute, Match, Mount, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send


@final
class HeadRouting:
    """ASGI middleware (ASGI 3.0), the innermost one, that routes HEAD as GET where no route declares HEAD itself.

    Args:
        app: the next application.
        router: whose routes are asked.
    """

    def __init__(self, app: ASGIApp, router: Router) -> None:
        self._app, self._router = app, router

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD" or not _is_get(scope, self._router.routes):
            await self._app(scope, receive, send)
            return
        scope["method"] = "GET"  # in place: the middleware outside reads what routing adds
        try:
            await self._app(scope, receive, send)
        finally:
            scope["method"] = "HEAD"


def _is_get(scope: Scope, routes: list[BaseRoute]) -> bool:
    """Return whether a route for GET answers a HEAD; a mounted application decides for itself."""
    get: dict[str, Any] = {**scope, "method": "GET"}
    if any(_takes(route, scope) for route in routes if not isinstance(route, Mount)):
        return False
    first = next((route for route in routes if _takes(route, get)), None)
    return first is not None and not isinstance(first, Mount)


def _takes(route: BaseRoute, scope: Scope) -> bool:
    return route.matches(dict(scope))[0] is Match.FULL


@final
class HeadAnswers:
    """ASGI middleware (ASGI 3.0), outside of all that reads bodies, that ends an answer to HEAD after its headers.

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
