"""Protocols of the objects above this layer that SQL needs: repository classes that declare tables."""

from __future__ import annotations

from typing import Protocol

from .tables import EntityTable


class DeclaringRepository(Protocol):
    """A repository class that knows the tables of the entity."""

    @classmethod
    def declared_table(cls) -> EntityTable | None:
        """Return the tables of the class's entity; None for a generic class without an entity."""
        ...
