"""Principals and policies, common to HTTP, WebSockets and GraphQL."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any, Final, TypeAlias, final

from starlette.requests import HTTPConnection

from .._errors import ForbiddenError, UnauthenticatedError


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """An authenticated identity.

    Attributes:
        subject: a stable identifier.
        roles: such as `admin`.
        scopes: the granted scopes, such as `orders:read`.
        claims: further claims of the credentials.
        scheme: the authentication scheme, such as `bearer`.
    """

    subject: str
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    claims: Mapping[str, Any] = field(default_factory=dict[str, Any])
    scheme: str = ""


REAUTHENTICATE: Final = "vega.reauthenticate"  # keys of the connection scope of a WebSocket
RECHECK: Final = "vega.recheck"  # set during a recheck, which does not count as a request

current: ContextVar[Principal | None] = ContextVar("vega_principal", default=None)


def current_principal() -> Principal | None:
    """Return the principal of the current request, message or operation; None if anonymous."""
    return current.get()


Check: TypeAlias = Callable[[Principal | None, Any], bool | Awaitable[bool]]


@final
class Policy:
    """A predicate of principal and resource; policies combine with `&`, `|` and `~`.

    Args:
        check: called with the principal (None if anonymous) and the resource (None without a resource); returns, or
            resolves to, whether access is allowed.
        name: for messages.

    >>> import asyncio
    >>> admin = Principal(subject="ada", roles=frozenset({"admin"}))
    >>> asyncio.run((has_role("admin") & ~has_role("guest")).allows(admin))
    True
    """

    def __init__(self, check: Check, name: str = "") -> None:
        self._check = check
        self.name: str = name or getattr(check, "__name__", "policy")

    async def allows(self, principal: Principal | None, resource: Any = None) -> bool:
        """Return whether a principal may access a resource; any result of the check but True denies access."""
        answer: Any = self._check(principal, resource)
        if isawaitable(answer):
            answer = await answer
        return answer is True

    def __and__(self, other: Policy) -> Policy:
        async def both(principal: Principal | None, resource: Any) -> bool:
            return await self.allows(principal, resource) and await other.allows(principal, resource)

        return Policy(both, f"({self.name} and {other.name})")

    def __or__(self, other: Policy) -> Policy:
        async def either(principal: Principal | None, resource: Any) -> bool:
            return await self.allows(principal, resource) or await other.allows(principal, resource)

        return Policy(either, f"({self.name} or {other.name})")

    def __invert__(self) -> Policy:
        async def neither(principal: Principal | None, resource: Any) -> bool:
            return not await self.allows(principal, resource)

        return Policy(neither, f"not {self.name}")

    def __repr__(self) -> str:
        return f"<policy {self.name}>"


anybody: Policy = Policy(lambda _, __: True, "anybody")
authenticated: Policy = Policy(lambda principal, _: principal is not None, "authenticated")
nobody: Policy = Policy(lambda _, __: False, "nobody")


def has_role(*roles: str) -> Policy:
    """Return a policy that requires any of the roles."""
    required = frozenset(roles)
    return Policy(
        lambda principal, _: principal is not None and bool(required & principal.roles), f"role {' or '.join(roles)}"
    )


def has_scope(*scopes: str) -> Policy:
    """Return a policy that requires all of the scopes."""
    required = frozenset(scopes)
    return Policy(
        lambda principal, _: principal is not None and required <= principal.scopes, f"scope {' and '.join(scopes)}"
    )


async def authorize(policy: Policy, principal: Principal | None, resource: Any = None) -> None:
    """Raise unless a policy allows access; for any edge: a route, a message, a resolver, a room.

    Raises:
        UnauthenticatedError: access is denied to an anonymous sender.
        ForbiddenError: access is denied.
    """
    if await policy.allows(principal, resource):
        return
    if principal is None:
        raise UnauthenticatedError("authentication is required", policy.name, "send credentials")
    raise ForbiddenError("this is not allowed", policy.name, "send credentials that have access")


def principal_of(connection: HTTPConnection) -> Principal | None:
    """Return the principal of a request or WebSocket; None if anonymous."""
    user = connection.scope.get("user")
    return user if isinstance(user, Principal) else None


def requires(policy: Policy) -> Any:
    """Return a FastAPI dependency that enforces a policy.

    For routes, routers and WebSocket routes: `dependencies=[requires(has_role("admin"))]`.
    """
    from fastapi import Depends

    async def check(connection: HTTPConnection) -> None:
        await authorize(policy, principal_of(connection), connection)

    check.__annotations__["connection"] = HTTPConnection
    check.__dict__["__vega_policy__"] = policy  # for the OpenAPI document
    return Depends(check)
