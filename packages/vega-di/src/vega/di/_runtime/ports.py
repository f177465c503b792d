"""The members of containers and engines that open scopes and their calls need."""

from __future__ import annotations

from typing import Any, Protocol

from .._graph.node import Graph


class ScopedEngine(Protocol):
    """The engine of the services that a scope has built."""

    owned: dict[int, type[Any]] | None

    @property
    def graph(self) -> Graph:
        """The graph that was proved."""
        ...


class EngineHolder(Protocol):
    """The slot of a container, which holds its valid engine."""

    @property
    def engine(self) -> Any:
        """The valid engine; None where it has to be looked up first."""


class EngineSource(Protocol):
    """A container: gives the engine that is valid for the calling context."""

    @property
    def container_slot(self) -> EngineHolder:
        """The container's own slot."""
        ...

    def effective(self) -> Any:
        """Return the valid engine, building it if need be."""
