"""Alembic's operations extended for SQLite and PostgreSQL: lossless rebuilds, conversion of values.

Alembic finds these classes by the name of the dialect; handwritten migrations use the classes too. The
methods below are Alembic's documented extension points for a dialect, except `prep_table_for_batch`,
`cast_for_batch_migrate` and `_exec`, which tests call on the oldest and the newest version.
"""

from __future__ import annotations

import re
from functools import partial
from itertools import count
from typing import Any, Final

import sqlalchemy as sa
from alembic.ddl.postgresql import PostgresqlImpl
from alembic.ddl.sqlite import SQLiteImpl
from sqlalchemy import Column, Connection, Dialect, Index, Table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

from .._errors import MigrationError
from ._conversions import Rule, convert, kind_of, no_rule, rule
from ._portable_types import portable
from ._sqlite_tables import KeptParts, collations, is_autoincrement

_NAMES: Final = count(1)
_TEMPORARY: Final = "_alembic_tmp_"  # prefix of the table that replaces another table
_COLLATIONS: Final = "vega_collations"
_LITERAL: Final = re.compile(r"('(?:[^']|'')*+')::.*", re.DOTALL)


class VegaSQLite(SQLiteImpl):
    """SQLite: a rebuilt table keeps collations, AUTOINCREMENT, triggers and indexes of expressions."""

    __dialect__ = "sqlite"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._kept: dict[str, KeptParts] = {}
        self._directed: dict[str, str] = {}
        self._unconvertible: list[MigrationError] = []
        self.new_constraint_names: dict[str, str] = {}  # by former name, for the next rebuilt table

    def autogen_column_reflect(self, inspector: Any, table: Table, column_info: Any) -> None:
        """Set the collation of a reflected column, and AUTOINCREMENT of the table."""
        super().autogen_column_reflect(inspector, table, column_info)
        if _COLLATIONS not in table.info:
            table.info[_COLLATIONS] = collations(inspector.bind, table.name)
            if is_autoincrement(inspector.bind, table.name):
                table.dialect_kwargs["sqlite_autoincrement"] = True
        collation = table.info[_COLLATIONS].get(column_info["name"])
        if collation is not None and isinstance(column_info["type"], sa.String):
            column_info["type"].collation = collation

    def cast_for_batch_migrate(self, existing: Column[Any], existing_transfer: Any, new_type: TypeEngine[Any]) -> None:
        """Convert the values of a column whose type changes, by a function of Python."""
        owner: Any = getattr(existing_transfer["expr"], "table", None)
        place = f"{getattr(owner, 'name', '')}.{existing.name}".lstrip(".")
        before = portable(existing.type, self.dialect)
        convert_value = conversion(before, new_type, self.dialect, place)
        if convert_value is None:
            return
        read, write = _processor(before, self.dialect, "result"), _processor(new_type, self.dialect, "bind")
        name = f"vega_convert_{next(_NAMES)}"

        def converted(value: Any) -> Any:
            try:
                return write(convert(read(value), convert_value, kind_of(before), kind_of(new_type), place))
            except MigrationError as error:  # SQLite reports only that a function failed
                self._unconvertible.append(error)
                raise

        _connection(self).connection.dbapi_connection.create_function(name, 1, converted)  # type: ignore[union-attr] # of aiosqlite's adapter
        existing_transfer["expr"] = sa.type_coerce(
            getattr(sa.func, name)(existing_transfer["expr"]), sa.types.NullType()
        )

    def _exec(self, construct: Any, *args: Any, **options: Any) -> Any:
        try:
            parent: Any = super()
            return parent._exec(construct, *args, **options)
        except DBAPIError as error:
            if self._unconvertible:
                raise self._unconvertible.pop(0) from error
            raise

    def prep_table_for_batch(self, batch_impl: Any, table: Table) -> None:
        """Record the parts of a table that reflection omits, before a rebuild."""
        super().prep_table_for_batch(batch_impl, table)
        parts = self._kept[table.name] = KeptParts.of(_connection(self), table.name)
        if parts.autoincrement:
            batch_impl.new_table.dialect_options["sqlite"]["autoincrement"] = True
        names, self.new_constraint_names = self.new_constraint_names, {}
        for constraint in batch_impl.new_table.constraints:
            constraint.name = names.get(constraint.name, constraint.name)

    def rename_table(self, old_table_name: str, new_table_name: Any, schema: Any = None) -> None:
        """Rename a table; after a rebuild, recreate the dropped parts of the old table."""
        parts = self._kept.pop(str(new_table_name), None) if old_table_name.startswith(_TEMPORARY) else None
        if parts is None:
            super().rename_table(old_table_name, new_table_name, schema=schema)
            return
        # SQLite must not resolve views and triggers with the table's name during the rename.
        _connection(self).exec_driver_sql("PRAGMA legacy_alter_table = ON")
        super().rename_table(old_table_name, new_table_name, schema=schema)
        _connection(self).exec_driver_sql("PRAGMA legacy_alter_table = OFF")
        parts.restore_last(_connection(self), str(new_table_name))
        for statement in parts.statements.values():
            _connection(self).exec_driver_sql(statement)
        self._directed = parts.directed

    def create_index(self, index: Index, **options: Any) -> None:
        """Create an index; an index of a rebuilt table keeps the directions."""
        statement = self._directed.pop(str(index.name), None)
        if statement is None:
            super().create_index(index, **options)
        else:
            _connection(self).exec_driver_sql(statement)


class VegaPostgreSQL(PostgresqlImpl):
    """PostgreSQL: a column with a changed type keeps the values, by the same rules as on SQLite."""

    __dialect__ = "postgresql"

    def autogen_column_reflect(self, inspector: Any, table: Table, column_info: Any) -> None:
        """Record a table with generated identifiers, so that a migration recreates AUTOINCREMENT on SQLite."""
        if column_info.get("identity") or "nextval(" in (column_info.get("default") or ""):
            table.dialect_kwargs["sqlite_autoincrement"] = True
        parent: Any = super()
        parent.autogen_column_reflect(inspector, table, column_info)

    def alter_column(self, table_name: str, column_name: str, **options: Any) -> None:
        """Change a column, and convert the values if the type changes."""
        parent: Any = super()
        new_type = options.get("type_")
        if new_type is None or options.get("postgresql_using") is not None or self.as_sql:
            parent.alter_column(table_name, column_name, **options)
            return
        new_type = options["type_"] = sa.types.to_instance(new_type)
        schema = options.get("schema")
        inspector = sa.inspect(_connection(self))
        stored = next(
            column for column in inspector.get_columns(table_name, schema=schema) if column["name"] == column_name
        )
        before, place = portable(stored["type"], self.dialect), f"{table_name}.{column_name}"
        convert_value = conversion(before, new_type, self.dialect, place)
        if convert_value is not None:
            source = sa.table(table_name, sa.column(column_name, before), schema=schema)
            make = partial(
                convert, convert_value=convert_value, before=kind_of(before), after=kind_of(new_type), place=place
            )
            options["postgresql_using"] = _using(_connection(self), source, column_name, before, new_type, make)
        default = stored["default"]
        quote = self.dialect.identifier_preparer
        table = quote.format_table(sa.table(table_name, schema=schema))
        target = f"ALTER TABLE {table} ALTER COLUMN {quote.quote(column_name)}"
        if default is not None:
            _connection(self).exec_driver_sql(f"{target} DROP DEFAULT")
        parent.alter_column(table_name, column_name, **options)
        if default is not None and options.get("server_default", False) is False:
            bare = _LITERAL.fullmatch(default)
            _connection(self).exec_driver_sql(f"{target} SET DEFAULT {bare[1] if bare else default}")


def conversion(before: TypeEngine[Any], after: TypeEngine[Any], dialect: Dialect, place: str) -> Rule | None:
    """Return the conversion of a column's values; None when both types store equal values.

    Raises:
        MigrationError: no rule exists for the two types.
    """
    if _storage(before, dialect) == _storage(after, dialect):
        return None
    kinds = kind_of(before), kind_of(after)
    found = rule(*kinds)
    if found is None and (kinds[0] != kinds[1] or not kinds[0]) and not _is_one_family(before, after):
        raise no_rule(place, before, after)
    return found


def _is_one_family(before: TypeEngine[Any], after: TypeEngine[Any]) -> bool:
    return any(isinstance(before, family) and isinstance(after, family) for family in _FAMILIES)


def _storage(column_type: TypeEngine[Any], dialect: Dialect) -> str:
    return column_type.dialect_impl(dialect).compile(dialect)


def _processor(column_type: TypeEngine[Any], dialect: Dialect, way: str) -> Rule:
    impl = column_type.dialect_impl(dialect)
    found = impl.bind_processor(dialect) if way == "bind" else impl.result_processor(dialect, None)
    return found or _same


def _same(value: Any) -> Any:
    return value


def _connection(impl: Any) -> Connection:
    connection: Connection = impl.connection
    return connection


def _using(
    connection: Connection, table: Any, column: str, before: TypeEngine[Any], after: TypeEngine[Any], make: Rule
) -> str:
    """Return the expression that converts a column: a function over a temporary table of distinct values."""
    quoted = connection.dialect.identifier_preparer.quote(column)
    if (kind_of(before), kind_of(after)) == ("decimal", "text"):  # 1.0 and 1.00 are equal, and are different texts
        return f"{quoted}::text"
    number = next(_NAMES)
    pairs = sa.Table(
        f"vega_values_{number}",
        sa.MetaData(),
        sa.Column("before", before, primary_key=True),
        sa.Column("after", after),
        prefixes=["TEMPORARY"],
    )
    pairs.create(connection)
    distinct = sa.select(table.c[column]).where(table.c[column].is_not(None)).distinct()
    for values in connection.execute(distinct).scalars().partitions(_BATCH):
        connection.execute(pairs.insert(), [{"before": value, "after": make(value)} for value in values])
    types = [kind.compile(connection.dialect).partition(" COLLATE")[0] for kind in (before, after)]
    function = f"pg_temp.vega_convert_{number}"
    body = f"SELECT v.after FROM pg_temp.{pairs.name} AS v WHERE v.before = $1"  # noqa: S608 - our own name
    connection.exec_driver_sql(
        f"CREATE FUNCTION {function}({types[0]}) RETURNS {types[1]} LANGUAGE sql STABLE AS '{body}'"
    )
    return f"{function}({quoted})"


_BATCH: Final = 5000
_FAMILIES: Final[tuple[type[TypeEngine[Any]], ...]] = (sa.JSON, sa.LargeBinary, sa.Interval, sa.Enum, sa.ARRAY)
