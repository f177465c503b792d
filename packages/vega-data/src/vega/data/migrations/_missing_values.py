"""Columns that become required in a table with rows: each row gets a value, or the migration is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any, Final

from alembic.autogenerate import renderers
from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import AddColumnOp, AlterColumnOp, MigrateOperation, ModifyTableOps
from sqlalchemy import JSON, Column, ColumnElement, DefaultClause, Enum, Interval, LargeBinary, MetaData, literal
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.types import TypeEngine

from vega.patterns.query.values import stored_text

from .._errors import MigrationError
from .._sql.constraints import FIELD_DEFAULT
from ..types import Duration, EnumText, TypedJson
from ._conversions import kind_of, rule
from ._portable_types import written_type
from ._source import bound, quoted

Value = str | ColumnElement[Any]


def with_values(
    operations: Iterable[MigrateOperation], metadata: MetaData, defaults: Mapping[str, str]
) -> list[MigrateOperation]:
    """Return operations after which every row has a value.

    A new column gets the default of the field as server default; rows without a value get the default before the
    column becomes required.

    Args:
        operations: the operations on tables; new columns are given a server default.
        metadata: the tables after the migration.
        defaults: values as text, by `table.column`, in place of the declared defaults.

    Raises:
        MigrationError: a column has no default, and none is given.
    """
    found: list[MigrateOperation] = []
    lacking: list[str] = []
    unused = set(defaults)
    for operation in operations:
        if isinstance(operation, ModifyTableOps):
            stricter: list[MigrateOperation] = []
            for change in operation.ops:
                place, column = _required(change, metadata)
                if column is None:
                    continue
                value = _value(place, column, defaults)
                unused.discard(place)
                if value is None:
                    lacking.append(place)
                elif not isinstance(change, AddColumnOp):
                    found.append(FillOp(column, value))
                elif isinstance(value, str) or not isinstance(value.type, LargeBinary):
                    column.server_default = DefaultClause(value)
                else:  # no text is a default on both databases
                    column.nullable = True
                    stricter += [FillOp(column, value), _required_after(operation, column)]
            found += [operation, *stricter]
        else:
            found.append(operation)
    if lacking:
        raise MigrationError(
            f"{', '.join(lacking)} must have a value, and rows that are there have none",
            "the fields without a default",
            f"give the field a default, or name a value for those rows: --default {lacking[0]}=VALUE",
        )
    for place in sorted(unused):
        raise MigrationError(
            f"no row lacks a value of {place}: it is not a new or newly required column",
            f"--default {place}",
            "leave it out, or correct the name",
        )
    return found


class FillOp(MigrateOperation):
    """Gives rows of a table a value where a column has none.

    Args:
        column: the column, of a table.
        value: the value, as text or as an expression.
    """

    def __init__(self, column: Column[Any], value: Value) -> None:
        self.column, self.value = column, value


def _required(change: MigrateOperation, metadata: MetaData) -> tuple[str, Column[Any] | None]:
    """Return the place and the column of a change to a required column; None for other changes."""
    if isinstance(change, AddColumnOp):
        column: Column[Any] = change.column
        needs = not column.nullable and column.server_default is None and column.computed is None
        return f"{change.table_name}.{column.name}", column if needs else None
    if isinstance(change, AlterColumnOp) and change.modify_nullable is False:
        key = f"{change.schema}.{change.table_name}" if change.schema else change.table_name
        columns = {column.name: column for column in metadata.tables[key].c}
        return f"{change.table_name}.{change.column_name}", columns[change.column_name]
    return "", None


def _required_after(operation: ModifyTableOps, column: Column[Any]) -> ModifyTableOps:
    change = AlterColumnOp(
        operation.table_name,
        column.name,
        schema=operation.schema,
        existing_type=column.type,
        existing_nullable=True,
        modify_nullable=False,
    )
    return ModifyTableOps(operation.table_name, [change], schema=operation.schema)


def _value(place: str, column: Column[Any], defaults: Mapping[str, str]) -> Value | None:
    if place in defaults:
        return _parsed(defaults[place], place, column)
    declared: Any = getattr(column.server_default, "arg", None)
    return declared if declared is not None else column.info.get(FIELD_DEFAULT)


@renderers.dispatch_for(FillOp)
def _filled(_context: AutogenContext, operation: FillOp) -> str:
    """Return a step as migration source: a text if both databases read the text alike, else an expression."""
    column, value = operation.column, operation.value
    if isinstance(value, str):
        return f"op.execute({quoted(_update(column, value))})"
    schema = f", schema={quoted(column.table.schema)}" if column.table.schema else ""
    name, written = quoted(column.name), written_type(value.type) or repr(value.type)
    table = f"sa.table({quoted(column.table.name)}, sa.column({name}, {written}){schema})"
    return f"op.execute({table}.update().where(sa.column({name}).is_(None)).values({{{name}: {bound(value)}}}))"


def _update(column: Column[Any], value: str) -> str:
    table, name = _quoted(column.table.name), _quoted(column.name)
    schema = f"{_quoted(column.table.schema)}." if column.table.schema else ""
    text = value.replace("'", "''")
    update = f"UPDATE {schema}{table} SET {name} = '{text}' WHERE {name} IS NULL"  # noqa: S608 - quoted names, a literal
    return update.replace(":", "\\:")  # Alembic reads a colon as a parameter


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def _parsed(text: str, place: str, column: Column[Any]) -> Value:
    """Return the stored value for a text: a text that SQLite and PostgreSQL read alike, where possible."""
    word, read = _reader(column.type)
    try:
        return read(text)
    except (ValueError, ArithmeticError, LookupError) as error:
        raise MigrationError(f"{text!r} is not a {word}", f"--default {place}", f"give a {word}") from error


def _reader(column_type: TypeEngine[Any]) -> tuple[str, Callable[[str], Value]]:
    if isinstance(column_type, EnumText) and column_type.members is not None:
        members = list(column_type.members)
        texts = {member.name: stored_text(member) for member in members}
        texts |= {stored_text(member): stored_text(member) for member in members}
        return f"member of {column_type.members.__name__}", texts.__getitem__
    if isinstance(column_type, Enum):
        listed = {str(name): str(name) for name in column_type.enums}
        return f"member of {column_type.name or ', '.join(listed)}", listed.__getitem__
    if isinstance(column_type, TypedJson):
        return "JSON value of the field", lambda text: json.dumps(_typed(column_type, json.loads(text)))
    if isinstance(column_type, JSON):
        return "JSON value", lambda text: json.dumps(json.loads(text))
    if isinstance(column_type, LargeBinary):
        return "sequence of hexadecimal digits", lambda text: literal(bytes.fromhex(text), LargeBinary())
    if isinstance(column_type, Duration):
        return "duration such as PT1H30M", lambda text: str(_duration(text) // _MICROSECOND)
    if isinstance(column_type, Interval):
        return "duration such as PT1H30M", lambda text: literal(_duration(text), column_type)
    kind = kind_of(column_type)
    parse, write = rule("text", kind) or str, _TEXTS.get(kind, str)
    if kind == "datetime":
        return kind, lambda text: literal(parse(text), column_type)
    return kind or "value", lambda text: write(parse(text))


def _typed(column_type: TypedJson, value: Any) -> Any:
    found = column_type.process_result_value(value, DefaultDialect())
    if found is None:
        raise ValueError(value)
    return column_type.to_json(found)


def _duration(text: str) -> timedelta:
    from pydantic import TypeAdapter  # only needed here, and slow to load

    return TypeAdapter(timedelta).validate_python(text)


def _clock(value: Any) -> str:
    if value.tzinfo is not None:
        raise ValueError(value)
    return str(value.isoformat("microseconds"))


_MICROSECOND: Final = timedelta(microseconds=1)
_TEXTS: Final[dict[str, Callable[[Any], str]]] = {
    "float": repr,
    "decimal": lambda value: format(value, "f"),
    "bool": lambda value: str(int(value)),
    "date": lambda value: str(value.isoformat()),
    "local datetime": lambda value: str(value.isoformat(" ", "microseconds")),
    "time": _clock,
    "UUID": lambda value: str(value.hex),
}
