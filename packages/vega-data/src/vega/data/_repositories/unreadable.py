"""Rows with an unreadable value: the error with entity, field, identifier and value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Select, type_coerce
from sqlalchemy.types import NullType

from .._connection.session import Session
from .._errors import UnreadableValueError
from .._sql.tables import EntityTable

# Errors of result processors, of the standard library and of pydantic (subclasses of ValueError).
UNREADABLE: Final = (ValueError, LookupError, TypeError, ArithmeticError, AttributeError)
_LONGEST: Final = 100


async def unreadable(
    session: Session, tables: EntityTable, statement: Select[Any], parameters: Mapping[str, Any], error: BaseException
) -> UnreadableValueError:
    """Return the error for unreadable rows, after a query for each column to find the value.

    Args:
        session: sends the statements.
        tables: the tables of the entity.
        statement: the query whose rows could not be read.
        parameters: the parameters of the query.
        error: the error of the result processor.
    """
    name = tables.policies.name
    for column, field in zip(tables.columns, tables.policies.layout.columns, strict=True):
        count = 0
        try:
            for _ in await session.execute(statement.with_only_columns(column), parameters, tables=tables):
                count += 1
        except UNREADABLE as cause:
            bare = statement.with_only_columns(
                type_coerce(tables.identity, NullType()), type_coerce(column, NullType())
            )
            rows = (await session.execute(bare, parameters, tables=tables)).all()
            found: Any = rows[count] if count < len(rows) else (None, None)
            identity, value = found[0], found[1]
            return UnreadableValueError(
                f"{name}.{field.dotted} cannot be read: {_shown(value)} is stored",
                f"{name} {tables.policies.mapping.identity} {_shown(identity)}: {_shown(cause, str)}",
                "change the row by a migration, or let the field take the value",
            )
    return unreadable_rows(tables, error)


def unreadable_rows(tables: EntityTable, error: BaseException) -> UnreadableValueError:
    """Return the error for unreadable rows whose value is unknown."""
    name = tables.policies.name
    return UnreadableValueError(
        f"{name} cannot be read: {_shown(error, str)}", name, "change the rows by a migration, or the fields"
    )


def _shown(value: object, show: Any = repr) -> str:
    text = str(show(value)).partition("\n")[0]
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
