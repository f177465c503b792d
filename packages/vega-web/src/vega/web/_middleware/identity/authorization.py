"""Authorization of requests by path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, final

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from ..._paths import PathPatterns
from ..._pipeline.documented import Operation
from ..._problems.denial import deny
from ..._problems.problems import CHALLENGE
from ..._security.principal import Policy, authenticated, principal_of


@final
class AuthorizationMiddleware:
    """Middleware that admits requests and WebSockets by policy; responds 401 to anonymous senders, else 403.

    Paths without a rule require `policy`, so new routes are closed by default. Add the middleware inside of
    `AuthenticationMiddleware`.

    Args:
        app: the next application.
        policy: for paths without a rule.
        rules: policies by path, the first match decides; `*` matches any characters.
        public: paths open to all.
    """

    reads_principal: ClassVar[bool] = True  # a pipeline refuses this class outside of authentication

    def __init__(
        self,
        app: ASGIApp,
        *,
        policy: Policy = authenticated,
        rules: Mapping[str, Policy] | None = None,
        public: Sequence[str] = ("/health/*",),
    ) -> None:
        self._app, self._policy = app, policy
        self._rules = tuple((PathPatterns([pattern]), rule) for pattern, rule in (rules or {}).items())
        self._public = PathPatterns(public)

    def document(self, operation: Operation) -> None:
        """Apply the policy of the operation's path to its document."""
        template = {"path": operation.path}
        if not self._public.match(template):
            operation.ask(self._policy_of(template))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"} or self._public.match(scope):
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        principal = principal_of(connection)
        if await self._policy_of(scope).allows(principal, connection):
            await self._app(scope, receive, send)
        elif principal is None:
            headers = {"www-authenticate": scope.get(CHALLENGE) or "Bearer"}
            await deny(scope, receive, send, 401, detail="authentication is required", headers=headers)
        else:
            await deny(scope, receive, send, 403, detail="this is not allowed")

    def _policy_of(self, scope: Mapping[str, Any]) -> Policy:
        return next((policy for pattern, policy in self._rules if pattern.match(scope)), self._policy)
