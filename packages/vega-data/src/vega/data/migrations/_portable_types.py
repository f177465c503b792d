"""Types of stored columns as migration source: the same on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal

import sqlalchemy as sa
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Dialect
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator, TypeEngine

from .. import types
from ..types import DECIMAL_COLLATION

_UUID_LENGTH: Final = 32  # hexadecimal digits of a UUID, which SQLAlchemy stores on databases without a UUID type


def portable(stored: TypeEngine[Any], dialect: Dialect) -> TypeEngine[Any]:
    """Return the declared type of a reflected column, as far as the database reports the type."""
    known = _text(stored, dialect) if isinstance(stored, sa.String) else _other(stored, dialect)
    return stored if known is None else known


def render_type(kind: str, item: Any, context: AutogenContext) -> str | Literal[False]:
    """Return a type as migration source; False to leave the type to Alembic."""
    if kind != "type":
        return False
    is_reflected = type(item).__name__.isupper()  # declared types are SQLAlchemy's general types, or ours
    return written_type(portable(item, context.dialect) if is_reflected else item)


def written_type(kind: Any) -> str | Literal[False]:
    """Return the source of a type of Vega or SQLAlchemy without arguments; False for other types."""
    named: type[Any] = kind.__class__
    if issubclass(named, TypeDecorator) and named.__module__ == types.__name__:
        return f"types.{named.__name__}()"
    if named in _PLAIN:
        return f"sa.{named.__name__}()"
    return False


def storage(kind: TypeEngine[Any], dialect: Dialect) -> tuple[str, str]:
    """Return the type and the collation of a column, without irrelevant details."""
    text, _, collation = kind.dialect_impl(dialect).compile(dialect).partition(" COLLATE ")
    return text.upper().replace("BIGINT", "INTEGER").partition("(")[0].strip(), collation.strip('"')


def _text(stored: sa.String, dialect: Dialect) -> TypeEngine[Any] | None:
    if dialect.name == "sqlite" and stored.collation == DECIMAL_COLLATION:
        return types.ExactDecimal()
    if dialect.name == "sqlite" and isinstance(stored, sa.CHAR) and stored.length == _UUID_LENGTH:
        return sa.Uuid()
    if stored.length is not None:
        return None
    wanted = "C" if dialect.name == "postgresql" else None
    return types.CodePointText() if stored.collation == wanted and not isinstance(stored, sa.Enum) else None


def _other(stored: Any, dialect: Dialect) -> TypeEngine[Any] | None:
    if isinstance(stored, sa.Time) and stored.timezone:
        return None
    for general in _ALIKE:
        if isinstance(stored, general):
            return general()
    for kind, known in _KINDS.items():
        if isinstance(stored, kind):
            return known(stored, dialect)
    return None


def _moment(stored: Any, dialect: Dialect) -> TypeEngine[Any]:
    return types.Instant() if dialect.name == "sqlite" or stored.timezone else sa.DateTime()


def _real(_stored: Any, _dialect: Dialect) -> TypeEngine[Any]:
    return sa.Double()


def _number(stored: Any, dialect: Dialect) -> TypeEngine[Any] | None:
    exact = dialect.name == "postgresql" and stored.precision is None
    return types.ExactDecimal() if exact else None


def _json(stored: Any, dialect: Dialect) -> TypeEngine[Any]:
    return types.TypedJson() if dialect.name == "sqlite" or isinstance(stored, JSONB) else sa.JSON()


def _whole(stored: Any, dialect: Dialect) -> TypeEngine[Any]:
    wide = isinstance(stored, sa.BigInteger) or dialect.name == "sqlite"
    return types.WholeNumber() if wide else sa.SmallInteger() if isinstance(stored, sa.SmallInteger) else sa.Integer()


_PLAIN: Final[frozenset[type[Any]]] = frozenset(
    (
        sa.BigInteger,
        sa.Boolean,
        sa.Date,
        sa.DateTime,
        sa.Double,
        sa.Integer,
        sa.JSON,
        sa.LargeBinary,
        sa.SmallInteger,
        sa.Time,
        sa.Uuid,
    )
)
_ALIKE: Final[tuple[type[TypeEngine[Any]], ...]] = (sa.Boolean, sa.Date, sa.Time, sa.LargeBinary, sa.Uuid)
_KINDS: Final[dict[type[TypeEngine[Any]], Callable[[Any, Dialect], TypeEngine[Any] | None]]] = {
    sa.DateTime: _moment,
    sa.JSON: _json,
    sa.Integer: _whole,
    sa.Float: _real,
    sa.Numeric: _number,
}
