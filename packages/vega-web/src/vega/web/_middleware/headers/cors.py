"""Cross-origin requests, also where the answer is an error."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware as StarletteCORS
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ..._problems.problems import problem
from ..asgi_headers import answering


class CORSMiddleware(StarletteCORS):
    """Starlette's, with its headers on every error, and refusals that are problem documents.

    Args:
        app: the next application.
        options: those of `starlette.middleware.cors.CORSMiddleware`, such as `allow_origins`.
    """

    def __init__(self, app: ASGIApp, **options: Any) -> None:
        super().__init__(answering(app), **options)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
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
        kept = {name: value for name, value in response.headers.items() if not name.startswith("content-")}
        return problem(scope, 400, detail=bytes(response.body).decode(), headers=kept)
