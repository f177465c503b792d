"""The policies of an entity in every store: identity, version, audit stamps, soft delete, tenant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from vega.patterns import EntityNotFoundError, get_clock, new_id
from vega.patterns.query import FieldInfo, Kind, QueryPlan
from vega.patterns.query.nodes import Compare, Comparison, Field, IsNull, Node
from vega.patterns.query.values import LARGEST_INT

from .._errors import DataError, MappingError, StaleEntityError, TenantError
from .columns import Column, read
from .context import current_actor, current_tenant
from .entity_layout import EntityLayout
from .entity_mapping import EntityMapping, UniqueKey
from .mapped_class import with_counted_version
from .mapping_checks import check_mapping

_MADE_KINDS: Final = (Kind.INT, Kind.TEXT, Kind.UUID)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """The policies of an entity, with the layout and the mapping.

    Args:
        layout: the columns and collections.
        mapping: the mapping declared by the repository.
        identity: the column of the identifier.
        stored_identity: the field of the identifier, as never missing.
    """

    layout: EntityLayout
    mapping: EntityMapping
    identity: Column
    stored_identity: FieldInfo

    @classmethod
    def of(cls, entity: type, mapping: EntityMapping) -> Policies:
        """Return the policies of a class.

        Raises:
            MappingError: the mapping names a missing field, or a field of an unsuitable type.
        """
        layout = EntityLayout.of(entity)
        mapping = with_counted_version(entity, mapping)
        check_mapping(layout, mapping)
        identity = layout.by_path[mapping.identity]
        stored = replace(identity.info, nullable=False)
        return cls(layout=layout, mapping=mapping, identity=identity, stored_identity=stored)

    def with_columns(self, columns: tuple[Column, ...]) -> Policies:
        """Return a copy of the policies with other columns in the layout, in the same order."""
        layout = self.layout.with_columns(columns)
        return replace(self, layout=layout, identity=layout.by_path[self.mapping.identity])

    @property
    def name(self) -> str:
        """The entity's name, for errors."""
        return self.layout.entity.__name__

    @property
    def identity_field(self) -> FieldInfo:
        """The field that identifies the entity, never missing in stored entities."""
        return self.stored_identity

    def identity_of(self, entity: object) -> Any:
        """Return the identifier of an entity; None before generation."""
        try:
            return self.identity.read(entity)
        except AttributeError:
            return read(entity, self.identity.path)  # raises the error with the cause

    def version_of(self, entity: object) -> int:
        """Return the version of an entity; 0 for a new entity."""
        return read(entity, self.layout.by_path[self.mapping.version].path) or 0

    def on_insert(self, entity: object) -> dict[str, Any]:
        """Return the fields to set when an entity is added, by dotted path.

        A missing int identifier is not included: the database generates the value.
        """
        mapping = self.mapping
        changes = self._tenancy(entity)
        if self.identity_of(entity) is None and self.identity_field.kind is not Kind.INT:
            changes[mapping.identity] = self._new_identity()
        if mapping.version:
            changes[mapping.version] = 1
        if mapping.created_at or mapping.updated_at:
            changes |= dict.fromkeys(filter(None, (mapping.created_at, mapping.updated_at)), self.now())
        if mapping.created_by or mapping.updated_by:
            changes |= dict.fromkeys(filter(None, (mapping.created_by, mapping.updated_by)), current_actor())
        return changes

    def on_insert_many(self, entities: Sequence[object]) -> list[dict[str, Any]]:
        """Return the result of `on_insert` for each entity."""
        mapping = self.mapping
        stamps = mapping.created_at or mapping.updated_at or mapping.created_by or mapping.updated_by
        if mapping.version or mapping.tenant or stamps or self.identity_field.kind is not Kind.INT:
            return [self.on_insert(entity) for entity in entities]
        return [{} for _ in entities]

    def on_update(self, entity: object) -> dict[str, Any]:
        """Return the fields to set when an entity is changed, by dotted path."""
        changes = self._tenancy(entity) | self.on_bulk_update()
        if self.mapping.version:
            changes[self.mapping.version] = self.version_of(entity) + 1
        return changes

    def on_bulk_update(self) -> dict[str, Any]:
        """Return the fields to set when entities are changed by a bulk statement, without the version."""
        changes: dict[str, Any] = {}
        if self.mapping.updated_at:
            changes[self.mapping.updated_at] = self.now()
        if self.mapping.updated_by:
            changes[self.mapping.updated_by] = current_actor()
        return changes

    def visible(self, lifted: frozenset[str] = frozenset()) -> tuple[Node, ...]:
        """Return the conditions under which an entity is visible.

        Raises:
            TenantError: the entity belongs to a tenant, and none is set.
        """
        nodes: list[Node] = []
        if self.mapping.soft_delete and "soft_delete" not in lifted:
            nodes.append(IsNull(self.field(self.mapping.soft_delete)))
        if self.mapping.tenant:
            tenant = current_tenant(self.name)
            if tenant is not None:
                nodes.append(Compare(Comparison.EQ, self.field(self.mapping.tenant), tenant))
        return tuple(nodes)

    def seen(self, plan: QueryPlan) -> tuple[Node, ...]:
        """Return the conditions of a plan and of the policies.

        Raises:
            MappingError: the plan lifts an unknown policy, or a policy that cannot be lifted.
        """
        unknown = plan.lifted - ({"soft_delete"} if self.mapping.soft_delete else set())
        if unknown:
            raise MappingError(
                f"{self.name} has no policy {', '.join(sorted(unknown))} that a query can lift",
                "without(...)",
                "lift soft_delete; to see every tenant, write: with unsafe_all_tenants()",
            )
        return (*plan.nodes, *self.visible(plan.lifted))

    def holds_for(self, key: UniqueKey, entity: object) -> bool:
        """Return whether a unique key covers an entity: the fields are present, and the condition is met."""
        by_path = self.layout.by_path
        if any(read(entity, by_path[name].path) is None for name in key.names):
            return False
        return all(read(entity, by_path[name].path) == value for name, value in key.condition.items())

    def key_of(self, fields: Sequence[str]) -> UniqueKey:
        """Return the declared unique key of some fields; without a declaration, a key that covers all entities."""
        declared = (key for key in self.mapping.unique_keys() if set(key.names) == set(fields))
        return next(declared, UniqueKey(tuple(fields), {}))

    def deletion_mark(self) -> str:
        """Return the field set by a soft delete.

        Raises:
            MappingError: the mapping has no soft delete.
        """
        if not self.mapping.soft_delete:
            raise MappingError(
                f"{self.name} has no soft delete", "restore", 'declare the field: EntityMapping(soft_delete="deleted")'
            )
        return self.mapping.soft_delete

    def is_deleted(self, entity: object) -> bool:
        """Return whether an entity bears the mark of a soft delete."""
        name = self.mapping.soft_delete
        return bool(name) and read(entity, self.layout.by_path[name].path) is not None

    def field(self, path: str) -> Field:
        """Return a field by dotted path."""
        return Field(self.layout.by_path[path].path)

    def not_found(self, identity: object) -> EntityNotFoundError:
        """Return the error for an identifier without a visible entity."""
        return EntityNotFoundError(
            f"there is no {self.name} with this identifier", f"{self.mapping.identity} {identity!r}", "add it first"
        )

    def stale(self, entity: object) -> StaleEntityError:
        """Return the error for an entity that was changed after loading."""
        return StaleEntityError.of(self.name, self.identity_of(entity))

    def refuse_foreign(self, stored: object) -> None:
        """Refuse to overwrite an entity of another tenant.

        Raises:
            TenantError: the stored entity belongs to another tenant.
        """
        name = self.mapping.tenant
        if not name or stored is None:
            return
        tenant = current_tenant(self.name)
        if tenant is not None and read(stored, self.layout.by_path[name].path) != tenant:
            raise self.foreign()

    def foreign(self) -> TenantError:
        """Return the error for an entity whose identifier or keys another tenant has taken."""
        return TenantError(f"this {self.name} belongs to another tenant", self.name, "choose another id")

    def used_up(self) -> DataError:
        """Return the error for a new entity when no int identifier is left."""
        return DataError(
            f"no identifier is left for {self.name}: the largest one is {LARGEST_INT}",
            f"{self.name}.{self.mapping.identity}",
            "give it an identifier that is free, or change the largest one",
        )

    @staticmethod
    def now() -> datetime:
        """Return the moment, for stamps."""
        return get_clock().now()

    def _tenancy(self, entity: object) -> dict[str, Any]:
        name = self.mapping.tenant
        if not name:
            return {}
        tenant = current_tenant(self.name)
        own = read(entity, self.layout.by_path[name].path)
        if tenant is None or own == tenant:
            return {}
        if own not in {None, ""}:
            raise TenantError(f"this {self.name} belongs to another tenant", self.name, "store it as its own tenant")
        return {name: tenant}

    def _new_identity(self) -> Any:
        kind = self.identity_field.kind
        if kind not in _MADE_KINDS:
            raise MappingError(f"no {kind} identifier can be made", self.name, "give the entity one before it is added")
        made = new_id()
        return made if kind is Kind.UUID else str(made)
