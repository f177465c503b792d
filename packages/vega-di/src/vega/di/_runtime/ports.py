"""The members of containers and engines that open scopes and their calls need."""

from __future__ import annotations

from typing import Any, Protocol

from .context import ContainerSlot


class EngineSource(Protocol):
    """A container: gives the engine that is valid for the calling context."""

    @property
    def container_slot(self) -> ContainerSlot:
        """The container's own slot."""
        ...

    def effective(self) -> Any:
        """Return the valid engine, building it if need be."""
