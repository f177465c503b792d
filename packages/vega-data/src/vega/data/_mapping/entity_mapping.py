"""The mapping of an entity beside its fields: identity, version, keys, columns, policies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Group: TypeAlias = str | Iterable[str]
OnDelete: TypeAlias = Literal["no action", "restrict", "cascade", "set null", "set default"]


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference from a field to a column of another table.

    Args:
        target: the table and the column, such as `users.id`; where an entity is stored there, its field.
        on_delete: the action of the database on this row when the other one is deleted.
    """

    target: str
    on_delete: OnDelete = "no action"


@dataclass(frozen=True, slots=True)
class UniqueKey:
    """Fields that no two entities share.

    Args:
        fields: a field, or several of them, by their dotted paths.
        where: the entities that the key holds for: those with these values, by field, None for a missing one; all
            of them when empty. None stands for those that are not deleted, in a mapping with `soft_delete`.

    >>> UniqueKey(("user_id", "label"), where={"is_default": True}).names
    ('user_id', 'label')
    """

    fields: Group
    where: Mapping[str, Any] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The fields."""
        return _group(self.fields)

    @property
    def condition(self) -> Mapping[str, Any]:
        """The values that an entity has when the key holds for it; none for all entities."""
        return self.where or {}


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityMapping:
    """How an entity is stored; every field is named by its dotted path.

    Args:
        table: the table; the plural of the class's name in snake case when empty, such as `order_items`.
        identity: the field that identifies an entity. Missing values (None) are made when it is added: by
            the database for an int, else as a UUIDv7 or its text. In a given table the primary key or a unique
            column.
        version: an int field, checked in the WHERE of every change; a new entity has 0. The `version_id_col` of a
            mapped class when empty.
        columns: for a field, its column, such as `{"name": "full_name"}`; the path with underscores for the
            others. A field of a collection's members is named `lines.sku`.
        unique: fields, groups of fields or `UniqueKey`s that no two entities share. With a soft delete they hold
            for the entities that are not deleted.
        indexes: fields, or groups of fields, with an index; `-` before a field has it descend, such as
            `("customer", "-created_at")` for the latest orders of a customer.
        references: for a field, the column that it refers to, such as `{"user_id": "users.id"}`, or a `Reference`.
        server_defaults: for a field, the value that the database stores when another program leaves it out;
            Vega itself always writes every field. Rows that are there when a column is added get it too.
        checks: by name, conditions in SQL that the database holds every row to, such as
            `{"price_is_positive": "price > 0"}`. Memory does not know them: what an entity demands of itself
            belongs into its class.
        soft_delete: a field of type `datetime | None`; `delete` sets it, and such entities are not seen until
            `restore`.
        created_at: a datetime field, set when the entity is added.
        updated_at: a datetime field, set at every change.
        created_by: a field set to the actor of `use_actor` when the entity is added.
        updated_by: a field set to the actor at every change.
        tenant: the field that says whose entity it is; without `use_tenant` nothing is seen or stored.
    """

    table: str = ""
    identity: str = "id"
    version: str = ""
    columns: Mapping[str, str] = field(default_factory=dict[str, str])
    unique: Iterable[Group | UniqueKey] = ()
    indexes: Iterable[Group] = ()
    references: Mapping[str, str | Reference] = field(default_factory=dict[str, str | Reference])
    server_defaults: Mapping[str, Any] = field(default_factory=dict[str, Any])
    checks: Mapping[str, str] = field(default_factory=dict[str, str])
    soft_delete: str = ""
    created_at: str = ""
    updated_at: str = ""
    created_by: str = ""
    updated_by: str = ""
    tenant: str = ""

    def unique_keys(self) -> tuple[UniqueKey, ...]:
        """Return the unique keys, each with its condition."""
        alive: Mapping[str, Any] = {self.soft_delete: None} if self.soft_delete else {}
        keys = (key if isinstance(key, UniqueKey) else UniqueKey(key) for key in self.unique)
        return tuple(UniqueKey(key.names, alive if key.where is None else key.where) for key in keys)

    def index_keys(self) -> tuple[tuple[str, ...], ...]:
        """Return the groups of indexed fields, with `-` before those that descend."""
        return tuple(_group(key) for key in self.indexes)

    def reference(self, path: str) -> Reference | None:
        """Return the reference of a field, if it has one."""
        target = self.references.get(path)
        return Reference(target) if isinstance(target, str) else target


def _group(key: Group) -> tuple[str, ...]:
    return (key,) if isinstance(key, str) else tuple(key)
