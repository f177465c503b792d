"""Queries answered by a database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from sqlalchemy import BigInteger, ColumnElement, Select, bindparam, func, literal_column, select

from vega.patterns import AggregateRoot
from vega.patterns.query import Aggregation, Calculation, FieldInfo, Kind, Order, QueryPlan
from vega.patterns.query.nodes import Compare, Comparison, Field
from vega.patterns.query.values import mean

from .._connection.driver_errors import translated
from .._drivers.sqlite import SUM_FUNCTION
from .._sql.compiler import Compiler
from .._sql.statement_cache import StatementCache
from .._sql.tables import EntityTable
from .row_loader import RowLoader
from .unreadable import UNREADABLE, unreadable, unreadable_rows

if TYPE_CHECKING:  # for annotations, which are not evaluated at run time
    from .._connection.database import Database
    from .._connection.session import Session

T = TypeVar("T")
_LIMIT: Final = "most"
_OFFSET: Final = "skipped"
_DECIMAL_FUNCTIONS: Final = (Calculation.SUM, Calculation.AVG)


class SQLExecutor(Generic[T]):
    """The executor of an entity's queries.

    Args:
        database: the database of the queries.
        tables: the tables of the entity.
        loader: turns rows into entities.
    """

    def __init__(self, database: Database, tables: EntityTable, loader: RowLoader[T]) -> None:
        self._database, self._tables, self._loader = database, tables, loader
        self._compiler = Compiler(tables, database.dialect)
        self._statements = StatementCache(self._compiler)
        self._identity = Field((tables.policies.identity_field,))
        self._is_aggregate = issubclass(tables.policies.layout.entity, AggregateRoot)

    @property
    def identity(self) -> tuple[FieldInfo, ...]:
        """The field that identifies an entity."""
        return (self._tables.policies.identity_field,)

    @property
    def cursor_secret(self) -> bytes:
        """The key that signs cursors."""
        return self._database.cursor_secret

    async def fetch(self, plan: QueryPlan) -> list[T]:
        """Return the selected entities, in the total order; a statement, and a statement for each level of children."""
        statement, parameters = self._rows(plan)
        if plan.limit == 0:
            return []
        return await self._entities(statement, parameters)

    async def find(self, identity: Any) -> T | None:
        """Return the entity with an identifier, under the policies; a statement, and another for each level below."""
        policies = self._tables.policies
        wanted = Compare(Comparison.EQ, self._identity, identity)
        statement, parameters = self._statements.of(
            (wanted, *policies.visible()), ("one",), lambda clauses: self._loader.select.where(*clauses)
        )
        found = await self._entities(statement, parameters)
        return found[0] if found else None

    async def count(self, plan: QueryPlan) -> int:
        """Return how many entities are selected."""

        def counted(clauses: Sequence[ColumnElement[bool]]) -> Select[Any]:
            return select(func.count()).select_from(self._tables.table).where(*clauses)

        parameters: Mapping[str, Any] = {}
        if plan.specs:
            statement = counted(self.where(plan))
        else:
            statement, parameters = self._statements.of(self._tables.policies.seen(plan), ("count",), counted)
        async with self._database.reading() as session:
            return int((await session.execute(statement, parameters, tables=self._tables)).scalar_one())

    async def stream(self, plan: QueryPlan, batch: int) -> AsyncIterator[T]:
        """Iterate over the selected entities.

        In the order of the identifier no connection is held between batches; in another order a connection is held
        until the end.
        """
        if not plan.order and plan.limit is None and not plan.offset:
            async for entity in self._by_identity(plan, batch):
                yield entity
            return
        statement = self.statement(plan)
        async with self._database.reading(snapshot=True) as session:
            try:
                async for rows in session.stream(statement, batch):
                    for entity in await self._loader.load(session, rows):
                        yield entity
            except UNREADABLE as error:
                raise unreadable_rows(self._tables, error) from error

    async def aggregate(self, plan: QueryPlan, aggregation: Aggregation) -> list[dict[str, Any]]:
        """Return a row for each group."""
        keys = [self._compiler.column(key) for key in aggregation.keys]
        columns: list[ColumnElement[Any]] = list(keys)
        readers: list[Callable[[Sequence[Any]], Any]] = []
        for _, calculation, field in aggregation.columns:
            made, reader = self._calculation(calculation, field, len(columns))
            columns += made
            readers.append(reader)
        statement = select(*columns or [literal_column("1")]).select_from(self._tables.table).where(*self.where(plan))
        if keys:
            order = (self._compiler.order(Order(key)) for key in aggregation.keys)
            statement = statement.group_by(*keys).order_by(*order)
        async with self._database.reading() as session:
            result = await session.execute(statement, tables=self._tables)
            try:
                rows = result.all()
            except UNREADABLE as error:
                raise unreadable_rows(self._tables, error) from error
        names = [str(key) for key in aggregation.keys]
        return [
            dict(zip(names, row, strict=False))
            | {name: read(row) for (name, _, _), read in zip(aggregation.columns, readers, strict=True)}
            for row in rows
        ]

    async def explain(self, plan: QueryPlan) -> str:
        """Return how the database would answer."""
        text = self.to_sql(plan)
        prefix = "EXPLAIN QUERY PLAN" if self._database.dialect == "sqlite" else "EXPLAIN"
        async with self._database.reading() as session:
            connection = await session.connection()
            with translated(self._tables):
                rows = (await connection.exec_driver_sql(f"{prefix} {text}")).all()
        return "\n".join(str(row[-1]) for row in rows)

    def to_sql(self, plan: QueryPlan) -> str:
        """Return the statement with literal constants; for reading only."""
        compiled = self.statement(plan).compile(
            dialect=self._database.engine.dialect, compile_kwargs={"literal_binds": True}
        )
        return str(compiled)

    def statement(self, plan: QueryPlan) -> Select[Any]:
        """Return the query of a plan, with the policies of the entity."""
        order = plan.total_order(self.identity)
        statement = self._loader.select.where(*self.where(plan)).order_by(*map(self._compiler.order, order))
        if plan.limit is not None:
            statement = statement.limit(plan.limit)
        return statement.offset(plan.offset) if plan.offset else statement

    def where(self, plan: QueryPlan) -> list[ColumnElement[bool]]:
        """Return the conditions of a plan and of the policies."""
        clauses = [self._compiler.clause(node) for node in self._tables.policies.seen(plan)]
        fields = self._tables.policies.layout.fields
        return clauses + [self._compiler.specification(spec, fields) for spec in plan.specs]

    async def _entities(self, statement: Select[Any], parameters: Mapping[str, Any], *, keep: bool = True) -> list[T]:
        async with self._database.reading() as session:
            result = await session.execute(statement, parameters, tables=self._tables)
            try:
                rows = result.all()
                entities = await self._loader.load(session, rows)
            except UNREADABLE as error:
                raise await unreadable(session, self._tables, statement, parameters, error) from error
            if keep and session.remembers:
                session.loaded_rows.keep(self._tables, rows)
                if self._is_aggregate:
                    self._keep_aggregates(session, entities)
            return entities

    def _keep_aggregates(self, session: Session, entities: list[T]) -> None:
        policies, place = self._tables.policies, self._tables.table.key
        for entity in entities:
            session.loaded_aggregates.keep(place, policies.identity_of(entity), entity)

    def _rows(self, plan: QueryPlan) -> tuple[Select[Any], Mapping[str, Any]]:
        if plan.specs:
            return self.statement(plan), {}

        def ordered(clauses: Sequence[ColumnElement[bool]]) -> Select[Any]:
            order = plan.total_order(self.identity)
            statement = self._loader.select.where(*clauses).order_by(*map(self._compiler.order, order))
            if plan.limit is not None:
                statement = statement.limit(bindparam(_LIMIT, type_=BigInteger()))
            return statement.offset(bindparam(_OFFSET, type_=BigInteger())) if plan.offset else statement

        order = [(str(key.field), key.descending, key.nulls) for key in plan.order]
        key = (*order, plan.limit is None, plan.offset > 0)
        statement, parameters = self._statements.of(self._tables.policies.seen(plan), key, ordered)
        if plan.limit is not None:
            parameters[_LIMIT] = plan.limit
        if plan.offset:
            parameters[_OFFSET] = plan.offset
        return statement, parameters

    async def _by_identity(self, plan: QueryPlan, batch: int) -> AsyncIterator[T]:
        policies = self._tables.policies
        nodes = plan.nodes
        while True:
            statement, parameters = self._rows(replace(plan, nodes=nodes, limit=batch))
            found = await self._entities(statement, parameters, keep=False)
            for entity in found:
                yield entity
            if len(found) < batch:
                return
            nodes = (*plan.nodes, Compare(Comparison.GT, self._identity, policies.identity_of(found[-1])))

    def _calculation(
        self, calculation: Calculation, field: Field | None, at: int
    ) -> tuple[list[ColumnElement[Any]], Callable[[Sequence[Any]], Any]]:
        if field is None:
            return [func.count()], lambda row: row[at]
        column = self._compiler.column(field)
        if calculation is Calculation.COUNT:
            return [func.count(column)], lambda row: row[at]
        if calculation in _DECIMAL_FUNCTIONS:
            return self._sum(calculation, field, column, at)
        ordered = self._compiler.ordered(field)
        made = func.min(ordered) if calculation is Calculation.MIN else func.max(ordered)
        return [made], lambda row: row[at]

    def _sum(
        self, calculation: Calculation, field: Field, column: ColumnElement[Any], at: int
    ) -> tuple[list[ColumnElement[Any]], Callable[[Sequence[Any]], Any]]:
        number = int if field.info.kind is Kind.INT else Decimal
        total = getattr(func, SUM_FUNCTION) if self._database.dialect == "sqlite" else func.sum
        if calculation is Calculation.SUM:
            return [total(column)], lambda row: None if row[at] is None else number(row[at])
        return [
            total(column),
            func.count(column),
        ], lambda row: None if row[at] is None else mean(number(row[at]), row[at + 1])
