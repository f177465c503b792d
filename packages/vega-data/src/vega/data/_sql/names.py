"""Names of tables, columns and constraints, at most 63 bytes each: the same on every database.

PostgreSQL truncates longer names, so that a schema that works on SQLite would fail there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import Constraint, ForeignKeyConstraint, Index, Table

from vega.core.extend import Name
from vega.core.introspection import snake_case

_LONGEST: Final = 63  # bytes, PostgreSQL's NAMEDATALEN - 1
_DIGEST: Final = 8  # bytes for an underscore and the digest of a shortened name


def table_name(entity: type) -> str:
    """Return the default table name of an entity: the plural, as written by the generators.

    >>> [table_name(type(name, (), {})) for name in ("OrderItem", "HTTPServer", "_Order", "Order_")]
    ['order_items', 'http_servers', 'orders', 'orders']
    >>> [table_name(type(name, (), {})) for name in ("Person", "Child", "Category")]
    ['people', 'children', 'categories']
    """
    return fitted(_words(entity).plural.snake)


def owner_name(entity: type, table: str, column: str) -> str:
    """Return the column with the owner's identifier in the rows of a collection.

    Args:
        entity: the class of the owner.
        table: the owner's mapped table; empty for the default.
        column: the column of the owner's identifier.
    """
    return fitted(f"{_singular(table) if table else _words(entity).snake}_{column}")


def fitted(name: str) -> str:
    """Return a name, shortened with a digest of the whole name if longer than 63 bytes.

    >>> fitted("orders"), len(fitted("é" * 60).encode())
    ('orders', 62)
    """
    encoded = name.encode()
    if len(encoded) <= _LONGEST:
        return name
    digest = hashlib.sha256(encoded).hexdigest()[: _DIGEST - 1]
    return f"{encoded[: _LONGEST - _DIGEST].decode(errors='ignore')}_{digest}"


def place(entity: type) -> str:
    """Return where a class is, for errors."""
    return f"{entity.__module__}.{entity.__qualname__}"


def _words(entity: type) -> Name:
    words = tuple(filter(None, snake_case(entity.__name__).split("_")))
    return Name(words or (entity.__name__,))


def _singular(name: str) -> str:
    return f"{name[:-3]}y" if name.endswith("ies") else name.removesuffix("s")


def _named(prefix: str) -> Callable[[Any, Table], str]:
    def name(constraint: Constraint | Index, table: Table) -> str:
        return fitted("_".join([prefix, table.name, *_parts(constraint)]))

    return name


def _key_name(_key: Constraint, table: Table) -> str:
    return fitted(f"pk_{table.name}")


def _parts(constraint: Any) -> list[str]:
    if isinstance(constraint, ForeignKeyConstraint):
        return [element.parent.name for element in constraint.elements]
    return [column.name for column in constraint.columns]


NAMING: Final[Mapping[str, Any]] = {
    "pk": "%(fitted_pk)s",
    "uq": "%(fitted_uq)s",
    "ix": "%(fitted_ix)s",
    "fk": "%(fitted_fk)s",
    "fitted_pk": _key_name,
    "fitted_uq": _named("uq"),
    "fitted_ix": _named("ix"),
    "fitted_fk": _named("fk"),
}
