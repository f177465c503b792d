"""Who sends a request, and what they may do: the same for HTTP, WebSockets and GraphQL."""

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
    """Somebody whose identity was proved.

    Attributes:
        subject: who, by an id that does not change.
        roles: what they are, such as `admin`.
        scopes: what they let the sender do, such as `orders:read`.
        claims: whatever else the proof says.
        scheme: how it was proved, such as `bearer`.
    """

    subject: str
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    claims: Mapping[str, Any] = field(default_factory=dict[str, Any])
    scheme: str = ""


REAUTHENTICATE: Final = "vega.reauthenticate"  # keys of the connection scope of a WebSocket
RECHECK: Final = "vega.recheck"  # set while it is asked, which does not count as a request

current: ContextVar[Principal | None] = ContextVar("vega_principal", default=None)


def current_principal() -> Principal | None:
    """Return who sends the request, message or operation that this task serves; None for nobody known."""
    return current.get()


Check: TypeAlias = Callable[[Principal | None, Any], bool | Awaitable[bool]]


@final
class Policy:
    """A question about who asks, and what for; `&`, `|` and `~` join questions.

    Args:
        check: gets the principal (None for nobody known) and the resource that is asked for (None where there is
            none); returns, or resolves to, whether it may be had.
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
        """Tell whether somebody may have something; anything but True is no."""
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
    """Return the policy of those who have any of some roles."""
    wanted = frozenset(roles)
    return Policy(lambda who, _: who is not None and bool(wanted & who.roles), f"role {' or '.join(roles)}")


def has_scope(*scopes: str) -> Policy:
    """Return the policy of those who have all of some scopes."""
    wanted = frozenset(scopes)
    return Policy(lambda who, _: who is not None and wanted <= who.scopes, f"scope {' and '.join(scopes)}")


async def authorize(policy: Policy, principal: Principal | None, resource: Any = None) -> None:
    """Pass where a policy allows it; for whatever edge: a route, a message, a resolver, a room.

    Raises:
        UnauthenticatedError: it does not, and nobody is known.
        ForbiddenError: it does not.
    """
    if await policy.allows(principal, resource):
        return
    if principal is None:
        raise UnauthenticatedError("nobody is known here", policy.name, "send credentials")
    raise ForbiddenError("this is not allowed", policy.name, "ask as somebody who may")


def principal_of(connection: HTTPConnection) -> Principal | None:
    """Return who sends a request or opened a WebSocket; None for nobody known."""
    found = connection.scope.get("user")
    return found if isinstance(found, Principal) else None


def requires(policy: Policy) -> Any:
    """Return a FastAPI dependency that lets only those pass whom a policy allows.

    For routes, routers and WebSocket routes: `dependencies=[requires(has_role("admin"))]`.
    """
    from fastapi import Depends

    async def check(connection: HTTPConnection) -> None:
        await authorize(policy, principal_of(connection), connection)

    check.__annotations__["connection"] = HTTPConnection
    check.__dict__["__vega_policy__"] = policy  # for the OpenAPI document
    return Depends(check)
