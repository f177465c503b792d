"""The mapping of an entity beside its fields: identity, version, uniqueness, policies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

UniqueKeys = Iterable[str | Iterable[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityMapping:
    """How an entity is stored; every field is named by its dotted path.

    Args:
        table: the table; the plural of the class's name in snake case when empty, such as `order_items`.
        identity: the field that identifies an entity. Missing values (None) are made when it is added: by
            the database for an int, else as a UUIDv7 or its text.
        version: an int field, checked in the WHERE of every change; a new entity has 0.
        unique: fields, or groups of fields, that no two entities share.
        indexes: fields, or groups of fields, with an index.
        references: for a field, the column that it refers to, such as `{"user_id": "users.id"}`.
        soft_delete: a field of type `datetime | None`; `delete` sets it, and such entities are not seen.
        created_at: a datetime field, set when the entity is added.
        updated_at: a datetime field, set at every change.
        created_by: a field set to the actor of `use_actor` when the entity is added.
        updated_by: a field set to the actor at every change.
        tenant: the field that says whose entity it is; without `use_tenant` nothing is seen or stored.
    """

    table: str = ""
    identity: str = "id"
    version: str = ""
    unique: UniqueKeys = ()
    indexes: UniqueKeys = ()
    references: Mapping[str, str] = field(default_factory=dict[str, str])
    soft_delete: str = ""
    created_at: str = ""
    updated_at: str = ""
    created_by: str = ""
    updated_by: str = ""
    tenant: str = ""

    def unique_keys(self) -> tuple[tuple[str, ...], ...]:
        """Return the groups of unique fields."""
        return tuple(_group(key) for key in self.unique)

    def index_keys(self) -> tuple[tuple[str, ...], ...]:
        """Return the groups of indexed fields."""
        return tuple(_group(key) for key in self.indexes)


def _group(key: str | Iterable[str]) -> tuple[str, ...]:
    return (key,) if isinstance(key, str) else tuple(key)
