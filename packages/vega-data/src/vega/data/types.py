"""Column types with equal values and comparisons on SQLite and PostgreSQL.

For handwritten tables and migrations; repositories choose the types from the fields of an entity.
"""

from __future__ import annotations

import importlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Final

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, Numeric, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator, TypeEngine

from vega.patterns.query.values import stored_text

__all__ = ["CodePointText", "Duration", "EnumText", "ExactDecimal", "Instant", "TypedJson", "WholeNumber"]

DECIMAL_COLLATION: Final = "vega_decimal"
_MICROSECOND: Final = timedelta(microseconds=1)


class CodePointText(TypeDecorator[str]):
    """Text, compared and ordered by code point on every database."""

    impl: type[TypeEngine[Any]] | TypeEngine[Any] = Text
    cache_ok: bool | None = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the collation "C" on PostgreSQL; SQLite compares bytes by default."""
        return dialect.type_descriptor(Text(collation="C") if dialect.name == "postgresql" else Text())


class WholeNumber(TypeDecorator[int]):
    """A signed 64-bit int; on SQLite a type that allows AUTOINCREMENT."""

    impl: type[TypeEngine[Any]] | TypeEngine[Any] = BigInteger
    cache_ok: bool | None = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose INTEGER on SQLite, where INTEGER has 64 bits."""
        return dialect.type_descriptor(Integer() if dialect.name == "sqlite" else BigInteger())


class ExactDecimal(TypeDecorator[Decimal]):
    """A Decimal, kept digit by digit: NUMERIC on PostgreSQL, text under a collation of numbers on SQLite.

    `vega.data.Database` registers the collation on new connections; another program that opens the SQLite
    file can read such a column but not compare or sort by the column.
    """

    impl: type[TypeEngine[Any]] | TypeEngine[Any] = Numeric
    cache_ok: bool | None = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose text with the collation on SQLite."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(Text(collation=DECIMAL_COLLATION))
        return dialect.type_descriptor(Numeric(asdecimal=True))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        """Write the digits out on SQLite."""
        return format(value, "f") if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """Read the digits on SQLite."""
        return Decimal(value) if isinstance(value, str) else value


class Instant(TypeDecorator[datetime]):
    """An aware datetime, stored in UTC with microseconds and read in UTC."""

    impl: type[TypeEngine[Any]] | TypeEngine[Any] = DateTime
    cache_ok: bool | None = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the type with a time zone on databases that have such a type."""
        return dialect.type_descriptor(DateTime(timezone=dialect.name != "sqlite"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Write the instant in UTC."""
        if value is None:
            return None
        instant = value.astimezone(UTC)
        return instant.replace(tzinfo=None) if dialect.name == "sqlite" else instant

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Read the instant in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Duration(TypeDecorator[timedelta]):
    """A timedelta, stored as whole microseconds."""

    impl: type[TypeEngine[Any]] | TypeEngine[Any] = BigInteger
    cache_ok: bool | None = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> int | None:
        """Write the microseconds."""
        return None if value is None else value // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> timedelta | None:
        """Read the microseconds."""
        return None if value is None else value * _MICROSECOND


class EnumText(TypeDecorator[Enum]):
    """An enum member, stored as text: the value when all values are texts, else the name.

    Args:
        members: the enum; not needed in migrations, which name only the column's type.
    """

    impl: type[TypeEngine[Any]] | TypeEngine[Any] = Text
    cache_ok: bool | None = True

    def __init__(self, members: type[Enum] | None = None) -> None:
        super().__init__()
        self.members = members
        self._by_text = {} if members is None else {stored_text(member): member for member in members}

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the collation "C" on PostgreSQL."""
        return dialect.type_descriptor(Text(collation="C") if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Enum | None, dialect: Dialect) -> str | None:
        """Write the member's text."""
        return None if value is None else stored_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Read the member of a text.

        Raises:
            ValueError: the enum is known and has no such member.
        """
        if value is None or self.members is None:
            return value
        member = self._by_text.get(value)
        if member is None:
            raise ValueError(f"{self.members.__name__} has no member for {value!r}")
        return member


class TypedJson(TypeDecorator[Any]):
    """A JSON value, read back as the stored type: JSONB on PostgreSQL, text on SQLite.

    Args:
        python_type: the type of values read; None returns dicts and lists.
    """

    impl: type[TypeEngine[Any]] | TypeEngine[Any] = JSON
    cache_ok: bool | None = True

    def __init__(self, python_type: Any = None) -> None:
        super().__init__(none_as_null=True)
        self.python_type_wanted = python_type
        self._adapter: Any = None

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose JSONB on PostgreSQL."""
        chosen = JSONB(none_as_null=True) if dialect.name == "postgresql" else JSON(none_as_null=True)
        return dialect.type_descriptor(chosen)

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Convert the value to plain JSON data."""
        return None if value is None else self.to_json(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Turn JSON into the type."""
        return None if value is None else self._adapted().validate_python(value, strict=False)

    def to_json(self, value: Any) -> Any:
        """Return a value as plain JSON data."""
        return self._adapted().dump_python(value, mode="json")

    def _adapted(self) -> Any:
        if self._adapter is None:
            pydantic = importlib.import_module("pydantic")
            self._adapter = pydantic.TypeAdapter(Any if self.python_type_wanted is None else self.python_type_wanted)
        return self._adapter
