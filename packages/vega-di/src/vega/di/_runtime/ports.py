"""The members of containers and engines that open scopes and their calls need."""

from __future__ import annotations

from typing import Any, Protocol

from .._graph.node import Graph
from .context import ContainerSlot


class ScopedEngine(Protocol):
    """The engine of the services that a scope has built."""

    owned: dict[int, type[Any]] | None

    @property
    def graph(self) -> Graph:
        """The graph that was proved."""
        ...


class EngineSource(Protocol):
    """A container: gives the engine that is valid for the calling context."""

    @property
    def container_slot(self) -> ContainerSlot:
        """The container's own slot."""
        ...

    def effective(self) -> Any:
        """Return the valid engine, building it if need be."""
