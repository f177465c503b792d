"""The current actor and tenant: values of the calling context, read by the policies of repositories."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from .._errors import TenantError

_UNSET: Final = object()
_ALL: Final = object()
_tenant: ContextVar[Any] = ContextVar("vega_tenant", default=_UNSET)
_actor: ContextVar[Any] = ContextVar("vega_actor", default=None)


@contextmanager
def use_tenant(tenant: Any) -> Generator[None]:
    """Make a tenant current inside a `with` block: repositories with a tenant see only the tenant's entities.

    Args:
        tenant: the value of the tenant field, not None.

    Raises:
        TenantError: the tenant is None.
    """
    if tenant is None:
        raise TenantError("the tenant is None", "use_tenant", "give the value of the tenant field")
    token = _tenant.set(tenant)
    try:
        yield
    finally:
        _tenant.reset(token)


@contextmanager
def unsafe_all_tenants() -> Generator[None]:
    """Let repositories see the entities of every tenant for the length of a `with` block.

    For administration and migrations; never around the handling of a user's request.
    """
    token = _tenant.set(_ALL)
    try:
        yield
    finally:
        _tenant.reset(token)


def current_tenant(entity: str) -> Any:
    """Return the current tenant, or None when all tenants are seen.

    Raises:
        TenantError: none is set; nothing is sent then.
    """
    tenant = _tenant.get()
    if tenant is _UNSET:
        raise TenantError(f"no tenant is set, and {entity} belongs to one", entity, "wrap it: with use_tenant(...)")
    return None if tenant is _ALL else tenant


@contextmanager
def use_actor(actor: Any) -> Generator[None]:
    """Make an actor current inside a `with` block: fills `created_by` and `updated_by` of entities."""
    token = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(token)


def current_actor() -> Any:
    """Return the current actor, or None."""
    return _actor.get()
