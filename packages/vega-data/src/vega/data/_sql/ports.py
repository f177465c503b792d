"""Protocols of the objects above this layer that SQL needs: repository classes that declare tables."""

from __future__ import annotations

from typing import Protocol

from .tables import EntityTable


class DeclaringRepository(Protocol):
    """A repository class that knows the tables of its entity."""

    @classmethod
    def declared_table(cls) -> EntityTable | None:
        """Return the tables of the entity of the class; None when the class leaves its entity open."""
        ...
