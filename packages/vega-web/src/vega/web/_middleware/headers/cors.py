"""Cross-origin requests, including error responses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware as StarletteCORS
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ..._errors import MiddlewareError
from ..._problems.problems import problem
from ..._security.origins import TO_CONNECT, WITH_COOKIES, allow
from ..asgi_headers import answering, header

_ANYBODY: Final = ("https://anybody.invalid", "null")


class CORSMiddleware(StarletteCORS):
    """The CORS middleware of Starlette, with headers on every error, and problem documents for refusals.

    Pages of the allowed origins may also open WebSockets, and with `allow_credentials` use `SessionCookies`.

    Args:
        app: the next application.
        allow_origins: such as `https://app.example`; `*` allows all, for responses without credentials.
        options: further options of `starlette.middleware.cors.CORSMiddleware`, such as `allow_credentials`.

    Raises:
        MiddlewareError: `allow_credentials` with all origins, or with `null`, which any page can send.

    Source: Fetch, section 3.3.
    """

    def __init__(self, app: ASGIApp, allow_origins: Sequence[str] = (), **options: Any) -> None:
        super().__init__(answering(app), allow_origins, **options)
        self._with_cookies = bool(options.get("allow_credentials"))
        if self._with_cookies and any(self.is_allowed_origin(origin) for origin in _ANYBODY):
            raise MiddlewareError(
                "every page of the web may use the credentials of its reader",
                "CORSMiddleware(allow_credentials=True)",
                "name the origins, such as allow_origins=['https://app.example'], or leave out allow_credentials",
            )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._with_cookies and scope["type"] in {"http", "websocket"}:
            allow(scope, WITH_COOKIES, self.is_allowed_origin)
        elif scope["type"] == "websocket" and not (self.allow_all_origins and header(scope, b"cookie") is not None):
            allow(scope, TO_CONNECT, self.is_allowed_origin)
        if scope["type"] == "http" and scope["method"] == "OPTIONS":
            headers = Headers(scope=scope)
            if "origin" in headers and "access-control-request-method" in headers:
                await self._preflight(scope, self.preflight_response(headers))(scope, receive, send)
                return
        await super().__call__(scope, receive, send)

    @staticmethod
    def _preflight(scope: Scope, response: Response) -> Response:
        if response.status_code < 400:
            return response
        headers = {name: value for name, value in response.headers.items() if not name.startswith("content-")}
        return problem(scope, 400, detail=bytes(response.body).decode(), headers=headers)
