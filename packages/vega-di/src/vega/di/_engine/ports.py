"""The members of epochs for an engine, and of an engine for singletons."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from .._codegen.ports import PlanEngine
from .._graph.node import Node
from .._registration.registry import Registry
from .._runtime.active_scope import ActiveScope
from .._runtime.context import Layer


class EngineEpochs(Protocol):
    """The epochs of a container."""

    registry: Registry
    lock: AbstractContextManager[bool]
    scope_class: type[ActiveScope]
    specialised: list[Any]

    @property
    def container(self) -> Any:
        """The container: the resolver of services without scope."""

    def refuse_closed(self) -> None:
        """Raise ContainerClosedError where the container is closed."""

    def opened_in(self, layers: tuple[Layer, ...]) -> list[Any]:
        """Return the resources of the innermost active override, or of the container."""
        ...


class SingletonEngine(PlanEngine, Protocol):
    """The engine of singletons."""

    store: dict[int, Any]

    @property
    def root(self) -> Mapping[Any, Callable[[], Any]]:
        """The plans of services without scope, by address."""
        ...

    @property
    def aroot(self) -> Mapping[Any, Callable[[], Any]]:
        """The async plans of the same services."""
        ...

    def find(self, address: Any) -> Node:
        """Return the node at an address."""
        ...

    def take_over(self, opened: list[Any]) -> None:
        """Let the container close the resources of a singleton."""
