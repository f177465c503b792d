"""Authentication of requests."""

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
    """Middleware that authenticates requests and WebSockets; responds 401 to invalid credentials.

    The principal is `request.user`, and `current_principal()` anywhere within the request. A request without
    credentials passes as anonymous; `AuthorizationMiddleware`, further in, decides about access. Rate limits of the
    same pipeline count each request before its credentials are checked, and afterwards for its user.

    Args:
        app: the next application.
        schemes: tried in order; the first scheme that recognises the credentials decides.
    """

    sets_principal: ClassVar[bool] = True  # a pipeline refuses this class inside of readers of the principal

    def __init__(self, app: ASGIApp, *, schemes: Sequence[AuthenticationScheme] = ()) -> None:
        self._app, self._schemes = app, tuple(schemes)
        self._challenge = ", ".join(scheme.challenge for scheme in self._schemes if scheme.challenge)
        self._inner: tuple[tuple[str, RequestCounter], ...] = ()

    def document(self, operation: Operation) -> None:
        """Add the schemes and the response to invalid credentials to an operation."""
        operation.authenticate(security_schemes(self._schemes))

    def count_by(self, inner: Sequence[tuple[str, RequestCounter]]) -> None:
        """Set the rate limits inside of authentication, by name; called by the pipeline when built."""
        self._inner = tuple(inner)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        inner = [counter for name, counter in self._inner if name not in scope.get(WITHOUT, ())]
        if inner:
            scope.setdefault("user", None)  # predicates of branches may read the key
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
        if scope["type"] == "websocket":  # may outlive its credentials
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
    """Return whether all rate limits admit a request; a refusing limit has already responded."""
    for counter in counters:
        if not await counter.admit(scope, receive, send):
            return False
    return True
