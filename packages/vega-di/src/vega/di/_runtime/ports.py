"""The members of a container's epochs that calls need."""

from __future__ import annotations

from typing import Any, Protocol


class EngineSource(Protocol):
    """The epochs of a container: the source of the engine that is valid for the calling context."""

    @property
    def container(self) -> Any:
        """The container."""

    def effective(self) -> Any:
        """Return the valid engine, building it if need be."""
