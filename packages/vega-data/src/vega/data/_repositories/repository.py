"""The repository on SQLAlchemy: entities free of the ORM, under a data mapper of our own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any, TypeVar

from sqlalchemy import Table

from vega.patterns import QueryableRepository, Specification
from vega.patterns.query import Query
from vega.patterns.query.values import check_constant

from .._connection.database import Database
from .._connection.unit_entities import publish_events
from .._errors import MappingError
from .._mapping.entity_mapping import EntityMapping
from .._mapping.policies import Policies
from .._sql.declared_tables import declare
from .._sql.tables import EntityTable, entity_table
from .query_executor import SQLExecutor
from .row_loader import RowLoader
from .writer import Writer

T = TypeVar("T")


class SQLAlchemyRepository(QueryableRepository[T]):
    """Stores entities in a database: plain, frozen or slotted dataclasses, pydantic models, mapped classes.

    `class SqlUserRepository(SQLAlchemyRepository[User], UserRepository)` takes the entity from the type parameter
    and the database from the container. Inside a unit of work a call joins; outside, each call is a transaction.

    Args:
        entity: the class; the type parameter of the subclass when None.
        database: the database that stores the entities.
        mapping: identity, version, unique fields and policies; the class attribute `mapping` when None.
        table: a handwritten table, whose columns are named like the fields; the class attribute `table`
            when None, and a table derived from the entity when the attribute is None too.

    Raises:
        MappingError: the entity is not known, or cannot be mapped.
    """

    mapping: EntityMapping = EntityMapping()
    table: Table | None = None
    _declared: EntityTable | None = None

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls._declared = None
        declare(cls)

    def __init__(
        self,
        entity: type[T] | None = None,
        *,
        database: Database,
        mapping: EntityMapping | None = None,
        table: Table | None = None,
    ) -> None:
        tables = self._tables_for(entity, mapping, table).on(database.dialect)
        database.use(tables)
        self._tables, self._database = tables, database
        self._loader: RowLoader[T] = RowLoader(tables)
        self._executor: SQLExecutor[T] = SQLExecutor(database, tables, self._loader)
        self._writer: Writer[T] = Writer(database, tables)

    @classmethod
    def declared_table(cls) -> EntityTable | None:
        """Return the tables of the class's entity, cached; None for a generic class without an entity."""
        if cls._declared is None:
            entity = cls.entity_type()
            if entity is not None:
                cls._declared = entity_table(Policies.of(entity, cls.mapping), cls.table)
        return cls._declared

    @property
    def tables(self) -> EntityTable:
        """The tables of the entity."""
        return self._tables

    @property
    def database(self) -> Database:
        """Where entities are stored."""
        return self._database

    def query(self) -> Query[T]:
        """Return a query of all entities."""
        return Query(self._tables.policies.layout.fields, self._executor)

    async def find_by_id(self, id: Any) -> T | None:
        """Return the entity with an identifier, or None; a single statement."""
        if id is None:
            return None
        policies = self._tables.policies
        info = policies.identity_field
        key = check_constant(info.kind, info.type, id, f"the identifier of {policies.name}")
        return await self._executor.find(key)

    async def find_all(self, limit: int = 100, offset: int = 0) -> list[T]:
        """Return entities ordered by identifier."""
        return await self.query().limit(limit).offset(offset).get()

    async def count(self, spec: Specification[T] | None = None) -> int:
        """Return how many entities there are, or how many satisfy a specification."""
        query = self.query()
        return await (query if spec is None else query.where(spec)).count()

    async def add(self, entity: T) -> T:
        """Store a new entity; a statement, and a statement for each level of collections."""
        stored = await self._writer.insert(entity)
        await publish_events((stored,), self._database)
        return stored

    async def add_many(self, entities: Iterable[T]) -> list[T]:
        """Store new entities, all or none."""
        stored = await self._writer.insert_many(list(entities))
        await publish_events(stored, self._database)
        return stored

    async def add_if_absent(self, entity: T) -> T | None:
        """Store a new entity, or return None if the identifier or a unique value is taken.

        A single statement, which does not fail for a taken value: an open unit stays usable. An entity that is not
        stored keeps the recorded events.
        """
        stored = await self._writer.insert_absent(entity)
        if stored is not None:
            await publish_events((stored,), self._database)
        return stored

    async def save(self, entity: T) -> T:
        """Create or update an entity; a statement, and the statements of the collections.

        Raises:
            StaleEntityError: the entity has a version, and another version is stored.
        """
        stored = await self._writer.save(entity)
        await publish_events((stored,), self._database)
        return stored

    async def update(self, entity: T) -> T:
        """Store the values of a stored entity; a statement, and the statements of the collections."""
        stored = await self._writer.update(entity)
        await publish_events((stored,), self._database)
        return stored

    async def delete(self, id: Any) -> bool:
        """Delete an entity, or mark the row where the mapping has a soft delete; return whether a row existed.

        Recorded events are published, also the events of an entity that the open unit has read.

        Args:
            id: the identifier, or the entity.
        """
        layout = self._tables.policies.layout
        entity = id if isinstance(id, layout.entity) else None
        deleted = await self._writer.delete(id if entity is None else self._tables.policies.identity_of(entity))
        if deleted is not None:
            await publish_events(deleted if entity is None else (*deleted, entity), self._database)
        return deleted is not None

    async def restore(self, id: Any) -> bool:
        """Undo a soft delete; a single statement.

        Raises:
            DuplicateEntityError: another entity has taken a unique value in the meantime.
            MappingError: the mapping has no soft delete.
        """
        return await self._writer.restore(id)

    async def upsert_many(self, entities: Iterable[T], *, on: Iterable[str] = ()) -> list[T]:
        """Insert entities, or update the stored rows."""
        stored = await self._writer.upsert_many(list(entities), tuple(on))
        await publish_events(stored, self._database)
        return stored

    async def update_where(self, spec: Specification[T], **changes: Any) -> int:
        """Set fields of all entities that satisfy a specification, in a single statement; return the number of rows."""
        clauses = self._executor.where(self.query().where(spec).plan)
        return await self._writer.update_where(clauses, changes)

    async def delete_where(self, spec: Specification[T]) -> int:
        """Delete every entity that satisfies a specification, in a single statement; return the number of rows."""
        clauses = self._executor.where(self.query().where(spec).plan)
        return await self._writer.delete_where(clauses)

    async def stream(self, spec: Specification[T] | None = None, *, batch: int = 1000) -> AsyncIterator[T]:
        """Iterate over entities by identifier; no connection is held between the batches."""
        query = self.query() if spec is None else self.query().where(spec)
        async for entity in query.stream(batch=batch):
            yield entity

    def _tables_for(self, entity: type[T] | None, mapping: EntityMapping | None, table: Table | None) -> EntityTable:
        kind = type(self)
        if entity is None and mapping is None and table is None:
            declared = kind.declared_table()
            if declared is not None:
                return declared
        chosen = entity or kind.entity_type()
        if chosen is None:
            raise MappingError(
                f"{kind.__name__} does not say what it stores",
                f"{kind.__module__}.{kind.__qualname__}",
                "write SQLAlchemyRepository(User, database=database), or class Users(SQLAlchemyRepository[User])",
            )
        return entity_table(Policies.of(chosen, mapping or self.mapping), table if table is not None else self.table)
