"""The repository in memory, with the results of a database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any, TypeVar

from vega.patterns import AggregateRoot, QueryableRepository, Specification
from vega.patterns.query import Kind, Query, QueryPlan
from vega.patterns.query.values import LARGEST_INT, check_constant

from .._connection.unit_entities import all_with_generated, publish_events
from .._errors import DuplicateEntityError, MappingError
from .._mapping.bulk_changes import checked_changes, checked_keys
from .._mapping.columns import read
from .._mapping.copies import with_values
from .._mapping.entity_mapping import EntityMapping
from .._mapping.policies import Policies
from .executor import PolicyExecutor, visible
from .rows import Rows
from .unit_of_work import InMemoryUnitOfWork, enlist, read_in_unit, refused, require_usable

T = TypeVar("T")


class InMemoryRepository(QueryableRepository[T]):
    """Keeps entities in memory: for tests, and for starting without a database.

    Copies are stored, so that an entity changes only when saved. The checks are those of a database: types,
    missing values, unique fields, versions, policies.

    Args:
        entity: the class; the type parameter of the subclass when None.
        mapping: identity, version, unique fields and policies; the class attribute `mapping` when None.

    Raises:
        MappingError: the entity is not known, or cannot be mapped.
    """

    mapping: EntityMapping = EntityMapping()

    def __init__(self, entity: type[T] | None = None, *, mapping: EntityMapping | None = None) -> None:
        chosen = entity or type(self).entity_type()
        if chosen is None:
            raise MappingError(
                f"{type(self).__name__} does not say what it stores",
                f"{type(self).__module__}.{type(self).__qualname__}",
                "write InMemoryRepository(User), or class Users(InMemoryRepository[User])",
            )
        self._policies = Policies.of(chosen, mapping or self.mapping)
        self._rows: Rows[T] = Rows(self._policies)
        self._last_int = 0
        self._executor = PolicyExecutor[T](self._read, self._policies)

    def query(self) -> Query[T]:
        """Return a query of all entities."""
        return Query(self._policies.layout.fields, self._executor)

    async def find_by_id(self, id: Any) -> T | None:
        """Return the entity with an identifier, or None."""
        found = self._seen(id)
        return None if found is None else self._executor.given_out([found])[0]

    async def find_all(self, limit: int = 100, offset: int = 0) -> list[T]:
        """Return entities ordered by identifier."""
        return await self.query().limit(limit).offset(offset).get()

    async def count(self, spec: Specification[T] | None = None) -> int:
        """Return how many entities there are, or how many satisfy a specification."""
        query = self.query()
        return await (query if spec is None else query.where(spec)).count()

    async def add(self, entity: T) -> T:
        """Store a new entity."""
        (stored,) = await self.add_many([entity])
        return stored

    async def add_many(self, entities: Iterable[T]) -> list[T]:
        """Store new entities, all or none."""
        enlist(self)
        before, added = self.take_snapshot(), list(entities)
        try:
            self._count_given(added)
            changes = [self._insert(entity) for entity in added]
        except BaseException:
            self.restore_snapshot(before)
            raise
        return await self._stored(added, changes)

    async def add_if_absent(self, entity: T) -> T | None:
        """Store a new entity, or return None if the identifier or a unique value is taken."""
        enlist(self)
        candidate, changes = self._new(entity)
        if self._policies.identity_of(candidate) in self._rows or self._rows.taken(candidate) is not None:
            return None
        self._store(candidate)
        return (await self._stored([entity], [changes]))[0]

    async def save(self, entity: T) -> T:
        """Create or update an entity."""
        enlist(self)
        changes = self._insert(entity) if self._is_new(entity) else self._change(entity)
        return (await self._stored([entity], [changes]))[0]

    async def update(self, entity: T) -> T:
        """Store the values of a stored entity."""
        enlist(self)
        identity = self._policies.identity_of(entity)
        if self._seen(identity) is None:
            raise self._policies.not_found(identity)
        return (await self._stored([entity], [self._change(entity)]))[0]

    async def delete(self, id: Any) -> bool:
        """Delete an entity, given as such or by identifier; mark the entity where the mapping has a soft delete."""
        enlist(self)
        entity = id if isinstance(id, self._policies.layout.entity) else None
        found = self._seen(id if entity is None else self._policies.identity_of(entity))
        if found is None:
            return False
        self._remove(found)
        known = read_in_unit(self._policies.layout.entity, self._policies.identity_of(found))
        await publish_events(known if entity is None else [*known, entity], InMemoryUnitOfWork)
        return True

    async def restore(self, id: Any) -> bool:
        """Undo a soft delete; return whether the entity was deleted."""
        enlist(self)
        mark = self._policies.deletion_mark()
        found = self._find(id, self.query().without("soft_delete").plan)
        if found is None or not self._policies.is_deleted(found):
            return False
        changes = self._policies.on_bulk_update() | {mark: None}
        if self._policies.mapping.version:
            changes[self._policies.mapping.version] = self._policies.version_of(found) + 1
        self._store(with_values(self._policies.layout.copy(found), changes))
        return True

    async def upsert_many(self, entities: Iterable[T], *, on: Iterable[str] = ()) -> list[T]:
        """Insert entities, or update the stored entities."""
        enlist(self)
        keys = checked_keys(self._policies, on)
        before, merged = self.take_snapshot(), list(entities)
        try:
            self._count_given(merged)
            changes = [self._upsert(entity, keys) for entity in merged]
        except BaseException:
            self.restore_snapshot(before)
            raise
        return await self._stored(merged, changes)

    async def update_where(self, spec: Specification[T], **changes: Any) -> int:
        """Set fields of every entity that satisfies a specification; return the number of entities."""
        enlist(self)
        checked = checked_changes(self._policies, changes)
        found = self._executor.select(self.query().where(spec).plan)
        before = dict(self._rows)
        try:
            for entity in found:
                bumped = checked | self._policies.on_bulk_update()
                if self._policies.mapping.version:
                    bumped[self._policies.mapping.version] = self._policies.version_of(entity) + 1
                self._store(self._policies.layout.checked_copy(entity, bumped))
        except BaseException:
            self._rows = Rows(self._policies, before.items())
            raise
        return len(found)

    async def delete_where(self, spec: Specification[T]) -> int:
        """Delete every entity that satisfies a specification; return the number of entities."""
        enlist(self)
        found = self._executor.select(self.query().where(spec).plan)
        for entity in found:
            self._remove(entity)
        return len(found)

    async def stream(self, spec: Specification[T] | None = None, *, batch: int = 1000) -> AsyncIterator[T]:
        """Iterate over a snapshot of the entities."""
        query = self.query() if spec is None else self.query().where(spec)
        async for entity in query.stream(batch=batch):
            yield entity

    def stored(self) -> Iterable[T]:
        """Return the stored entities; callers must not change them."""
        return self._rows.values()

    def take_snapshot(self) -> Any:
        """Return the contents of the repository."""
        return dict(self._rows), self._last_int

    def restore_snapshot(self, snapshot: Any) -> None:
        """Restore the contents of a snapshot."""
        rows, self._last_int = snapshot
        self._rows = Rows(self._policies, rows.items())

    async def _stored(self, entities: list[T], changes: list[dict[str, Any]]) -> list[T]:
        if not entities:
            return []
        stored = all_with_generated(entities, changes, InMemoryUnitOfWork)
        await publish_events(stored, InMemoryUnitOfWork)
        return stored

    def _read(self) -> Iterable[T]:
        require_usable()
        return self._rows.values()

    def _seen(self, id: Any) -> T | None:
        return self._find(id, self.query().plan)

    def _find(self, id: Any, plan: QueryPlan) -> T | None:
        self._read()
        if id is None:
            return None
        found = self._rows.get(self._key(id))
        if found is None:
            self._policies.visible()
            return None
        return next(iter(visible([found], self._policies, plan)), None)

    def _key(self, id: Any) -> Any:
        info = self._policies.identity_field
        return check_constant(info.kind, info.type, id, f"the identifier of {self._policies.name}")

    def _is_new(self, entity: T) -> bool:
        if self._policies.mapping.version:
            return self._policies.version_of(entity) == 0
        identity = self._policies.identity_of(entity)
        return identity is None or self._key(identity) not in self._rows

    def _count_given(self, entities: Iterable[T]) -> None:
        """Make generated identifiers larger than all explicit identifiers, in any order of entities."""
        for identity in map(self._policies.identity_of, entities):
            if isinstance(identity, int):
                self._last_int = max(self._last_int, identity)

    def _new(self, entity: T) -> tuple[T, dict[str, Any]]:
        """Return the stored form of a new entity, and the generated values."""
        changes = self._policies.on_insert(entity)
        if self._policies.identity_of(entity) is None and self._policies.identity_field.kind is Kind.INT:
            if self._last_int >= LARGEST_INT:
                raise self._policies.used_up()
            changes[self._policies.mapping.identity] = self._last_int + 1
        return self._policies.layout.checked_copy(entity, changes), changes

    def _insert(self, entity: T) -> dict[str, Any]:
        candidate, changes = self._new(entity)
        if self._policies.identity_of(candidate) in self._rows:
            if self._policies.mapping.version:
                raise refused(self._policies.stale(candidate))
            raise refused(DuplicateEntityError.of(self._policies.name, (self._policies.mapping.identity,)))
        self._store(candidate)
        return changes

    def _change(self, entity: T) -> dict[str, Any]:
        changes = self._policies.on_update(entity)
        self._policies.layout.checked_copy(entity, changes)  # invalid values are refused before other checks
        stored = self._rows.get(self._policies.identity_of(entity))
        if self._policies.mapping.version and (
            stored is None
            or self._policies.is_deleted(stored)
            or self._policies.version_of(stored) != self._policies.version_of(entity)
        ):
            raise self._policies.stale(entity)
        return self._replace(entity, stored, changes)

    def _replace(self, entity: T, stored: T | None, changes: dict[str, Any]) -> dict[str, Any]:
        self._policies.refuse_foreign(stored)
        if stored is not None and self._policies.is_deleted(stored):  # deleted entities stay deleted until `restore`
            mark = self._policies.deletion_mark()
            changes[mark] = read(stored, self._policies.layout.by_path[mark].path)
        self._store(self._policies.layout.checked_copy(entity, changes))
        return changes

    def _upsert(self, entity: T, keys: tuple[str, ...]) -> dict[str, Any]:
        there = self._rows.same(entity, self._policies.key_of(keys))
        if there is None:
            return self._insert(entity)
        kept = {self._policies.mapping.identity: self._policies.identity_of(there)}
        if self._policies.mapping.version:
            kept[self._policies.mapping.version] = self._policies.version_of(there)
        self._policies.layout.checked_copy(entity, self._policies.on_update(entity) | kept)  # refuses before all else
        merged = with_values(self._policies.layout.copy(entity), kept)
        return kept | self._replace(merged, there, self._policies.on_update(merged))

    def _store(self, candidate: T) -> None:
        identity = self._policies.identity_of(candidate)
        if (key := self._rows.taken(candidate)) is not None:
            raise refused(DuplicateEntityError.of(self._policies.name, key.names))
        if isinstance(identity, int):
            self._last_int = max(self._last_int, identity)
        if isinstance(candidate, AggregateRoot):
            candidate.pull_events()
        self._rows[identity] = candidate

    def _remove(self, entity: T) -> None:
        identity = self._policies.identity_of(entity)
        if self._policies.mapping.soft_delete:
            changes = self._policies.on_update(entity) | {self._policies.mapping.soft_delete: self._policies.now()}
            self._rows[identity] = with_values(self._policies.layout.copy(entity), changes)
        else:
            del self._rows[identity]
