"""Who sends a request."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import ClassVar, final

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from ..._errors import UnauthenticatedError
from ..._pipeline.documented import Operation
from ..._pipeline.route_options import WITHOUT
from ..._problems.denial import deny
from ..._problems.problems import CHALLENGE
from ..._security.counting import COUNTERS, RequestCounter
from ..._security.principal import REAUTHENTICATE, RECHECK, Principal, current
from ..._security.schemes import AuthenticationScheme, security_schemes


@final
class AuthenticationMiddleware:
    """Finds out who sends each request and opens each WebSocket; wrong credentials are answered with 401.

    Whom it found is `request.user`, and `current_principal()` in whatever the request runs. A request without
    credentials passes with nobody known: `AuthorizationMiddleware`, inside, decides what that may have. Rate limits of
    the same pipeline count each request before its credentials are looked at, and for its user from then on.

    Args:
        app: the next application.
        schemes: asked in order; the first that knows the credentials counts.
    """

    sets_principal: ClassVar[bool] = True  # a pipeline refuses it inside of what reads the principal

    def __init__(self, app: ASGIApp, *, schemes: Sequence[AuthenticationScheme] = ()) -> None:
        self._app, self._schemes = app, tuple(schemes)
        self._challenge = ", ".join(scheme.challenge for scheme in self._schemes if scheme.challenge)
        self._inner: tuple[tuple[str, RequestCounter], ...] = ()

    def document(self, operation: Operation) -> None:
        """Add the schemes to an operation, and the answer to wrong credentials."""
        operation.authenticate(security_schemes(self._schemes))

    def count_by(self, inner: Sequence[tuple[str, RequestCounter]]) -> None:
        """Take the rate limits that stand inside, by name; the pipeline calls it when it is built."""
        self._inner = tuple(inner)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        inner = [counter for name, counter in self._inner if name not in scope.get(WITHOUT, ())]
        if inner:
            scope.setdefault("user", None)  # which the predicates of branches may read
            if not await _admitted(inner, scope, receive, send):
                return
        try:
            principal = await self._find(HTTPConnection(scope))
        except UnauthenticatedError as error:
            headers = {"www-authenticate": self._challenge} if self._challenge else {}
            await deny(scope, receive, send, 401, detail=error.what, headers=headers)
            return
        scope["user"], scope[CHALLENGE] = principal, self._challenge
        counters = [*scope.get(COUNTERS, ()), *inner]
        if principal is not None and counters and not await _admitted(counters, scope, receive, send):
            return
        if scope["type"] == "websocket":  # which may stay open for longer than its credentials are good
            scope[REAUTHENTICATE] = partial(self._find, HTTPConnection({**scope, RECHECK: True}))
        token = current.set(principal)
        try:
            await self._app(scope, receive, send)
        finally:
            current.reset(token)

    async def _find(self, connection: HTTPConnection) -> Principal | None:
        for scheme in self._schemes:
            principal = await scheme.authenticate(connection)
            if principal is not None:
                return principal
        return None


async def _admitted(counters: Sequence[RequestCounter], scope: Scope, receive: Receive, send: Send) -> bool:
    """Return whether all rate limits let a request pass; where one does not, it has answered."""
    for counter in counters:
        if not await counter.admit(scope, receive, send):
            return False
    return True
