"""Rename steps of migrations: operations for constraints and indexes, in addition to Alembic's."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Connection

from .._errors import MigrationError
from ._source import quoted

_CREATE_INDEX: Final = re.compile(r'(CREATE\s+(?:UNIQUE\s+)?INDEX\s+)(?:"(?:[^"]|"")*"|[^\s"]+)', re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A rename in a migration, as source and as an operation.

    Args:
        kind: `table`, `column`, `constraints` or `indexes`.
        table: the table, by the current name at the step.
        schema: where the table is; None for the default.
        names: new names by former name.
    """

    kind: str
    table: str
    schema: str | None
    names: Mapping[str, str]

    def back(self) -> Step:
        """Return the reverse step."""
        names = {after: before for before, after in reversed(list(self.names.items()))}
        table = self.names[self.table] if self.kind == "table" else self.table
        return Step(kind=self.kind, table=table, schema=self.schema, names=names)

    def run(self) -> None:
        """Rename, in the current migration context."""
        name, arguments, options = self._call()
        _OPERATIONS[name](*arguments, **options)

    def source(self) -> str:
        """Return the call as migration source."""
        name, arguments, options = self._call()
        words = [*map(_written, arguments), *(f"{word}={_written(value)}" for word, value in options.items())]
        return f"{name}({', '.join(words)})"

    def _call(self) -> tuple[str, tuple[str | dict[str, str], ...], dict[str, str]]:
        options: dict[str, str] = {"schema": self.schema} if self.schema else {}
        if self.kind == "table":
            return "op.rename_table", (self.table, self.names[self.table]), options
        if self.kind == "column":
            ((before, after),) = self.names.items()
            return "op.alter_column", (self.table, before), {"new_column_name": after, **options}
        return f"rename_{self.kind}", (self.table, dict(self.names)), options


def rename_constraints(table: str, names: Mapping[str, str], *, schema: str | None = None) -> None:
    """Rename constraints of a table: keys, references and checks.

    SQLite rebuilds the table once for all names, and does not report every name: an unreported constraint
    keeps the old name, without effect. PostgreSQL changes only the catalog.

    Args:
        table: the table.
        names: new names by former name.
        schema: where the table is, on PostgreSQL.
    """
    impl: Any = op.get_context().impl
    if impl.dialect.name == "sqlite":
        impl.new_constraint_names = {
            name: names[name] for name in constraint_names(op.get_bind(), table) & names.keys()
        }
        if impl.new_constraint_names:
            with op.batch_alter_table(table, recreate="always"):
                pass  # the rebuild gives the new names
        return
    quote = impl.dialect.identifier_preparer
    target = quote.format_table(sa.table(table, schema=schema))
    for before, after in names.items():
        _execute(f"ALTER TABLE {target} RENAME CONSTRAINT {quote.quote(before)} TO {quote.quote(after)}")


def constraint_names(connection: Connection, table: str, schema: str | None = None) -> set[str]:
    """Return the names of the constraints of a table, as reported by the database."""
    ask = sa.inspect(connection)
    keys: list[Any] = [
        ask.get_pk_constraint(table, schema=schema),
        *ask.get_unique_constraints(table, schema=schema),
        *ask.get_foreign_keys(table, schema=schema),
        *ask.get_check_constraints(table, schema=schema),
    ]
    return {str(key["name"]) for key in keys}


def rename_indexes(table: str, names: Mapping[str, str], *, schema: str | None = None) -> None:
    """Rename indexes of a table; SQLite recreates the indexes.

    Args:
        table: the table.
        names: new names by former name.
        schema: where the table is, on PostgreSQL.

    Raises:
        MigrationError: on SQLite, the table lacks an index.
    """
    impl: Any = op.get_context().impl
    quote = impl.dialect.identifier_preparer
    for before, after in names.items():
        if impl.dialect.name == "sqlite":
            statement = _CREATE_INDEX.sub(rf"\g<1>{quote.quote(after)}", _index_source(table, before), count=1)
            _execute(f"DROP INDEX {quote.quote(before)}")
            _execute(statement)
        else:
            place = f"{quote.quote_schema(schema)}." if schema else ""
            _execute(f"ALTER INDEX {place}{quote.quote(before)} RENAME TO {quote.quote(after)}")


def _index_source(table: str, index: str) -> str:
    query = sa.text("SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = :table AND name = :index")
    source = op.get_bind().execute(query, {"table": table, "index": index}).scalar()
    if source is None:
        raise MigrationError(f"the table {table} has no index {index}", table, "name an index that it has")
    return str(source)


def _execute(statement: str) -> None:
    op.execute(statement.replace(":", "\\:"))  # Alembic reads a colon as a parameter


def _written(value: str | dict[str, str]) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{quoted(before)}: {quoted(after)}' for before, after in value.items())}}}"
    return quoted(value)


_OPERATIONS: Final[dict[str, Callable[..., None]]] = {
    "op.rename_table": op.rename_table,
    "op.alter_column": op.alter_column,
    "rename_constraints": rename_constraints,
    "rename_indexes": rename_indexes,
}
