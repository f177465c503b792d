"""The members of engines and containers that calls of bound functions need."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Protocol

from .._codegen.ports import PlanEngine
from .._graph.linker import Linker
from .._graph.node import Node
from .._runtime.active_scope import ActiveScope


class WiringContainer(Protocol):
    """The container whose registrations calls are wired from."""

    @property
    def lock(self) -> AbstractContextManager[bool]:
        """The lock of the container, held while its graph grows."""
        ...


class WiringEngine(Protocol):
    """The engine that the parameters of a call are wired in."""

    @property
    def container(self) -> WiringContainer:
        """The container of the engine."""
        ...

    @property
    def linker(self) -> Linker:
        """The linker that chooses providers for parameters."""
        ...

    def grow(self) -> None:
        """Wire, prove and number the nodes that a call has demanded."""

    def forget(self, node: Node) -> None:
        """Drop the node of a call."""


class CallContainer(WiringContainer, Protocol):
    """The container that calls take their scopes from."""

    @property
    def scope_class(self) -> type[ActiveScope]:
        """The class of the scopes of the container."""
        ...

    @property
    def specialised(self) -> list[Any]:
        """The functions whose wrappers are written for an engine of the container."""
        ...

    def ambient(self) -> ActiveScope | None:
        """Return the innermost ambient scope of the container."""

    def scope(self) -> ActiveScope:
        """Open a scope."""
        ...


class CallEngine(WiringEngine, PlanEngine, Protocol):
    """The engine that calls run in."""

    @property
    def container(self) -> CallContainer:
        """The container of the engine."""
        ...

    @property
    def layers(self) -> tuple[Any, ...]:
        """The overrides that the engine is valid in."""
        ...

    @property
    def calls(self) -> dict[Any, Any]:
        """The calls that have been wired, by function and names of the given arguments."""
        ...

    def build(self, node: Node) -> None:
        """Build the singletons of a node."""

    async def abuild(self, node: Node) -> None:
        """Build the singletons of a node, and await what is async."""
