"""The resolver of a factory: a container, or an open scope."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar, overload

T = TypeVar("T")


class Resolver(Protocol):
    """Returns services by key; a factory receives it in an unannotated sole parameter, or in one of this type."""

    __slots__ = ()

    @overload
    def resolve(self, key: type[T], *, name: str | None = None) -> T: ...
    @overload
    def resolve(self, key: Callable[..., T], *, name: str | None = None) -> T: ...
    @overload
    def resolve(self, key: object, *, name: str | None = None) -> Any: ...
    def resolve(self, key: Any, *, name: str | None = None) -> Any:
        """Return the service that is registered for `key`; scoped services live in the open scope.

        Raises:
            MissingProviderError: nothing provides `key`.
            AsyncRequiredError: the service has to be awaited; use `aresolve`.
            ScopeClosedError: the scope is closed.
            ConstructionError: a constructor or factory raised.
        """

    @overload
    async def aresolve(self, key: type[T], *, name: str | None = None) -> T: ...
    @overload
    async def aresolve(self, key: Callable[..., T], *, name: str | None = None) -> T: ...
    @overload
    async def aresolve(self, key: object, *, name: str | None = None) -> Any: ...
    async def aresolve(self, key: Any, *, name: str | None = None) -> Any:
        """Return the service that is registered for `key`, awaiting async factories; otherwise as `resolve`."""
