"""The resolver of a factory: the narrow door to a container or to an open scope."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar, overload

T = TypeVar("T")


class Resolver(Protocol):
    """Gives services; a factory that takes one unannotated parameter, or one typed so, receives it."""

    @overload
    def resolve(self, key: type[T], *, name: str | None = None) -> T: ...
    @overload
    def resolve(self, key: Callable[..., T], *, name: str | None = None) -> T: ...
    @overload
    def resolve(self, key: object, *, name: str | None = None) -> Any: ...
    def resolve(self, key: Any, *, name: str | None = None) -> Any:
        """Give the service that is registered for `key`."""

    @overload
    async def aresolve(self, key: type[T], *, name: str | None = None) -> T: ...
    @overload
    async def aresolve(self, key: Callable[..., T], *, name: str | None = None) -> T: ...
    @overload
    async def aresolve(self, key: object, *, name: str | None = None) -> Any: ...
    async def aresolve(self, key: Any, *, name: str | None = None) -> Any:
        """Give the service that is registered for `key`, building what has to be awaited."""
