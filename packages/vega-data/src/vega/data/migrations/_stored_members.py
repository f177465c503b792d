"""Enum members in the database's constraints or rows that are missing in the class."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, Connection, MetaData
from sqlalchemy.dialects import postgresql

from vega.patterns.query.values import stored_text

from ..types import EnumText


def member_differences(connection: Connection, metadata: MetaData) -> list[str]:
    """Return the enums whose members differ from stored members, one line each, after a scan of every row."""
    inspector = sa.inspect(connection)
    found: list[str] = []
    for table in metadata.tables.values():
        if not inspector.has_table(table.name, schema=table.schema):
            continue
        stored = {column["name"]: column["type"] for column in inspector.get_columns(table.name, schema=table.schema)}
        for column in table.c:
            if column.name in stored:
                found += _of_column(connection, column, stored[column.name])
    return found


def _of_column(connection: Connection, column: Column[Any], stored: Any) -> Iterator[str]:
    place = f"{column.table.name}.{column.name}"
    if isinstance(column.type, EnumText) and column.type.members is not None:
        members = [stored_text(member) for member in column.type.members]
        plain = sa.type_coerce(column, sa.Text())
        value = connection.execute(sa.select(plain).where(plain.not_in(members)).limit(1)).scalar()
        if value is not None:
            yield f"enum: {place} holds {value!r}, which is not a member of {column.type.members.__name__}"
    elif isinstance(column.type, sa.Enum) and isinstance(stored, postgresql.ENUM):
        wanted = list(column.type.enums)
        if set(wanted) != set(stored.enums):
            yield f"enum: {place} knows {', '.join(stored.enums)}; the class has {', '.join(wanted)}"
