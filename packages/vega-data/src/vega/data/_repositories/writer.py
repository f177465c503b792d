"""Changes to stored entities: a statement for each change, with identity, version and policies in WHERE."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Update, bindparam, delete, update

from vega.patterns.query.values import check_constant

from .._connection.session import Session
from .._connection.unit_entities import all_with_generated, with_generated
from .._errors import DuplicateEntityError
from .._mapping.bulk_changes import checked_changes, checked_keys
from .._sql.compiler import Compiler
from .._sql.statement_cache import Clauses, StatementCache
from .._sql.tables import EntityTable
from .bulk_insert import BulkInsert
from .children import insert_children, replace_children
from .numbering import Generated, Numbering
from .row_order import parents_first, self_references
from .row_values import RowValues
from .upsert import Upsert

if TYPE_CHECKING:  # for annotations, which are not evaluated at run time
    from .._connection.database import Database

T = TypeVar("T")
_KEY = "vega_key"
_VERSION = "vega_version"


class Writer(Generic[T]):
    """The writer of an entity's changes.

    Args:
        database: the database of the statements.
        tables: the tables of the entity.
    """

    def __init__(self, database: Database, tables: EntityTable) -> None:
        self._database, self._tables, self._policies = database, tables, tables.policies
        self._compiler = Compiler(tables, database.dialect)
        self._names = {
            one.dotted: column.key for one, column in zip(tables.policies.layout.columns, tables.columns, strict=True)
        }
        mapping = tables.policies.mapping
        self._created = tuple(name for name in (mapping.created_at, mapping.created_by) if name)
        self._by_key = tables.identity == bindparam(_KEY, type_=tables.identity.type)
        self._numbering = Numbering(tables, database.dialect)
        self._generated = Generated(tables)
        self._inserted = self._generated.statement()
        self._inserted_as_given = self._generated.statement_as_given(self._numbering.moved)
        self._bulk: BulkInsert | None = None
        self._statements = StatementCache(self._compiler)
        self._upsert = Upsert(tables, self._compiler, self._names, self._numbering.moved, self._generated.paths)
        self._self_references = [] if self._generated.numbers_all else self_references(tables)
        self._is_flat = not tables.children
        values = RowValues[T](self._policies, self._names)
        self._row, self._columns = values.row, values.columns  # bound once: called for each write

    async def insert(self, entity: T) -> T:
        """Store a new entity."""
        changes = self._policies.on_insert(entity)
        row = self._row(entity, changes)
        identity = row[self._names[self._policies.mapping.identity]]
        self._generated.refuse_given([identity])
        async with self._database.writing(single=self._is_flat) as session:
            if identity is None:
                del row[self._names[self._policies.mapping.identity]]
                changes |= self._generated.numbered(await session.execute(self._inserted, row, tables=self._tables))
                identity = changes[self._policies.mapping.identity]
            else:
                done = await session.execute(self._inserted_as_given, row, tables=self._tables)
                if self._generated.paths:
                    changes |= self._generated.changed(done) or {}
            await insert_children(session, self._tables, [(identity, entity)])
        return with_generated(entity, changes, self._database)

    async def insert_absent(self, entity: T) -> T | None:
        """Store a new entity, or return None if the identifier or a unique value is taken."""
        changes = self._policies.on_insert(entity)
        row = self._row(entity, changes)
        key = self._names[self._policies.mapping.identity]
        self._generated.refuse_given([row[key]])
        given = row[key] if row[key] is not None else row.pop(key)
        statement = self._upsert.absent(is_numbered=given is None)
        async with self._database.writing(single=self._is_flat) as session:
            stored = (await session.execute(statement, row, tables=self._tables)).first()
            if stored is None:
                return None
            changes |= self._generated.read(stored, with_identity=given is None)
            await insert_children(session, self._tables, [(stored[0], entity)])
        return with_generated(entity, changes, self._database)

    async def insert_many(self, entities: Sequence[T]) -> list[T]:
        """Store new entities, all or none."""
        if not entities:
            return []
        changes = self._policies.on_insert_many(entities)
        columns = self._columns(entities, changes)
        identities = columns[self._names[self._policies.mapping.identity]]
        self._generated.refuse_given(identities)
        async with self._database.writing() as session:
            session.loaded_rows.forget()
            if not self._generated.numbers_all:
                await self._number(session, identities, changes)
            await self._insert_columns(session, columns, changes)
            key = self._policies.mapping.identity
            owners = [
                (change.get(key, self._policies.identity_of(one)), one)
                for one, change in zip(entities, changes, strict=True)
            ]
            await insert_children(session, self._tables, owners)
        return all_with_generated(entities, changes, self._database)

    async def save(self, entity: T) -> T:
        """Create or update an entity."""
        if self._policies.mapping.version:
            if self._policies.version_of(entity) == 0:
                return await self._insert_versioned(entity)
            return await self.update(entity)
        if self._policies.identity_of(entity) is None:
            return await self.insert(entity)
        if self._generated.numbers_all:
            return await self.update(entity)
        changes = self._policies.on_insert(entity)
        row = self._row(entity, changes)
        async with self._database.writing(single=self._is_flat) as session:
            session.loaded_rows.forget()
            (kept,) = await self._upsert.send(session, [row], (self._policies.mapping.identity,))
            await replace_children(session, self._tables, [(self._policies.identity_of(entity), entity)])
        return with_generated(entity, changes | kept, self._database)

    async def update(self, entity: T) -> T:
        """Store the values of a stored entity."""
        changes = self._policies.on_update(entity)
        row = self._row(entity, changes)
        identity = self._policies.identity_of(entity)
        key = row.pop(self._names[self._policies.mapping.identity])
        if key is None:
            raise self._policies.not_found(identity)
        for name in self._created:
            row.pop(self._names[name])
        async with self._database.writing(single=self._is_flat) as session:
            written = session.loaded_rows.changed(self._tables, key, row)
            statement, parameters = self._statements.of(
                self._policies.visible(), ("update", *written), self._update(written)
            )
            parameters |= {f"v_{name}": value for name, value in written.items()} | {_KEY: key}
            if self._policies.mapping.version:
                parameters[_VERSION] = self._policies.version_of(entity)
            done = await session.execute(statement, parameters, tables=self._tables)
            made = self._generated.changed(done)
            if made is None:
                raise (
                    self._policies.stale(entity)
                    if self._policies.mapping.version
                    else self._policies.not_found(identity)
                )
            await replace_children(session, self._tables, [(identity, entity)])
        return with_generated(entity, changes | made, self._database)

    async def delete(self, id: Any) -> Sequence[object] | None:
        """Delete an entity; return the entities that the open unit had read from the row, or None without a row."""
        if id is None:
            return None
        info = self._policies.identity_field
        key = check_constant(info.kind, info.type, id, f"the identifier of {self._policies.name}")
        where = [self._by_key, *self._visible()]
        async with self._database.writing(single=True) as session:
            session.loaded_rows.forget()
            done = await session.execute(self._removal(where), {_KEY: key}, tables=self._tables)
            return session.loaded_aggregates.of(self._tables.table.key, key) if done.rowcount else None

    async def restore(self, id: Any) -> bool:
        """Remove the soft delete mark of an entity; return whether the row was marked."""
        mark = self._policies.deletion_mark()
        info = self._policies.identity_field
        key = check_constant(info.kind, info.type, id, f"the identifier of {self._policies.name}")
        visible = self._policies.visible(frozenset({"soft_delete"}))
        where = [self._by_key, self._tables.column(mark).is_not(None), *map(self._compiler.clause, visible)]
        changes = self._policies.on_bulk_update() | {mark: None}
        values = self._bumped({self._names[name]: value for name, value in changes.items()})
        statement = update(self._tables.table).where(*where).values(values)
        async with self._database.writing(single=True) as session:
            session.loaded_rows.forget()
            done = await session.execute(statement, {_KEY: key}, tables=self._tables)
        return bool(done.rowcount)

    async def update_where(self, clauses: Sequence[ColumnElement[bool]], changes: Mapping[str, Any]) -> int:
        """Set fields of the selected entities, and increment the versions."""
        checked = checked_changes(self._policies, changes) | self._policies.on_bulk_update()
        values: dict[str, Any] = {self._names[name]: value for name, value in checked.items()}
        statement = update(self._tables.table).where(*clauses).values(self._bumped(values))
        async with self._database.writing(single=True) as session:
            session.loaded_rows.forget()
            done = await session.execute(statement, tables=self._tables)
        return int(done.rowcount)

    async def delete_where(self, clauses: Sequence[ColumnElement[bool]]) -> int:
        """Delete the selected entities."""
        async with self._database.writing(single=True) as session:
            session.loaded_rows.forget()
            done = await session.execute(self._removal(clauses), tables=self._tables)
        return int(done.rowcount)

    async def upsert_many(self, entities: Sequence[T], on: Sequence[str]) -> list[T]:
        """Insert or update entities; a single statement when all keys are distinct."""
        keys = checked_keys(self._policies, on)
        if not entities:
            return []
        key = self._names[self._policies.mapping.identity]
        self._generated.refuse_keys(keys)
        changes = [self._policies.on_insert(entity) for entity in entities]
        rows = [self._row(entity, change) for entity, change in zip(entities, changes, strict=True)]
        async with self._database.writing() as session:
            session.loaded_rows.forget()
            identities = [row.pop(key) for row in rows]
            self._generated.refuse_given(identities)
            if not self._generated.numbers_all:
                for row, identity in zip(rows, await self._number(session, identities, changes), strict=True):
                    row[key] = identity
            for places in self._upsert.rounds(rows, keys, self._order(rows)):
                kept = await self._upsert.send(session, [rows[place] for place in places], keys)
                for place, values in zip(places, kept, strict=True):
                    changes[place] |= values
            identity = self._policies.mapping.identity
            owners = {change[identity]: entity for entity, change in zip(entities, changes, strict=True)}
            await replace_children(session, self._tables, list(owners.items()))
        return all_with_generated(entities, changes, self._database)

    def _update(self, names: Iterable[str]) -> Callable[[Clauses], Update]:
        def make(clauses: Clauses) -> Update:
            where = [self._by_key, *clauses]
            if self._policies.mapping.version:
                where.append(self._version_column == bindparam(_VERSION, type_=self._version_column.type))
            changed = update(self._tables.table).where(*where)
            changed = changed.values({name: bindparam(f"v_{name}") for name in names})
            return changed.returning(*columns) if (columns := self._generated.columns) else changed

        return make

    async def _insert_versioned(self, entity: T) -> T:
        try:
            return await self.insert(entity)
        except DuplicateEntityError as error:
            if error.fields == (self._policies.mapping.identity,):
                raise self._policies.stale(entity) from error
            raise

    async def _number(self, session: Session, identities: list[Any], changes: list[dict[str, Any]]) -> list[Any]:
        """Generate the missing identifiers; only an int can be missing here."""
        path = self._policies.mapping.identity
        for place in await self._numbering.fill(session, identities):
            changes[place][path] = identities[place]
        return identities

    async def _insert_columns(
        self, session: Session, columns: Mapping[str, list[Any]], changes: Sequence[dict[str, Any]]
    ) -> None:
        if self._self_references:
            order = parents_first(columns, self._self_references)
            columns = {name: [values[place] for place in order] for name, values in columns.items()}
            changes = [changes[place] for place in order]
        if self._generated.paths or self._generated.numbers_all:
            for change, made in zip(changes, await self._generated.insert_many(session, columns), strict=True):
                change.update(made)
            return
        if self._bulk is None:
            self._bulk = BulkInsert(self._tables.table, list(columns), self._database.engine.dialect)
        await self._bulk.send(session, columns, self._tables)

    def _order(self, rows: Sequence[Mapping[str, Any]]) -> Iterable[int]:
        if not self._self_references:
            return range(len(rows))
        return parents_first({name: [row[name] for row in rows] for name in rows[0]}, self._self_references)

    def _visible(self) -> list[ColumnElement[bool]]:
        return [self._compiler.clause(node) for node in self._policies.visible()]

    def _removal(self, where: Sequence[ColumnElement[bool]]) -> Any:
        if not self._policies.mapping.soft_delete:
            return delete(self._tables.table).where(*where)
        changes = self._policies.on_bulk_update() | {self._policies.mapping.soft_delete: self._policies.now()}
        values = {self._names[name]: value for name, value in changes.items()}
        return update(self._tables.table).where(*where).values(self._bumped(values))

    def _bumped(self, values: dict[str, Any]) -> dict[str, Any]:
        if self._policies.mapping.version:
            return values | {self._names[self._policies.mapping.version]: self._version_column + 1}
        return values

    @property
    def _version_column(self) -> ColumnElement[Any]:
        return self._tables.column(self._policies.mapping.version)
