"""Defaults of fields, as declared in classes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from enum import Enum
from typing import Any, Final

from .columns import Column


class _Missing(Enum):
    DEFAULT = "no default"


MISSING: Final = _Missing.DEFAULT
_EMPTY: Final[tuple[Any, ...]] = (list, dict, tuple, set, frozenset)


def default_value(entity: type, column: Column) -> Any:
    """Return the default of a stored field, or of the value object around the field; MISSING without a default.

    Args:
        entity: the class.
        column: a column of the class.
    """
    owner: Any = entity
    for depth, info in enumerate(column.path):
        value = _declared(owner, info.name)
        if value is not MISSING:
            for inner in column.path[depth + 1 :]:
                value = getattr(value, inner.name, None)
            return value
        owner = info.type
    return MISSING


def _declared(owner: Any, name: str) -> Any:
    made: Any = owner  # the APIs of the libraries are read below without importing the libraries
    if dataclasses.is_dataclass(made):
        field = next(one for one in dataclasses.fields(made) if one.name == name)
        factory = None if field.default_factory is dataclasses.MISSING else field.default_factory
        return _value(MISSING if field.default is dataclasses.MISSING else field.default, factory)
    if hasattr(owner, "model_fields"):
        field = owner.model_fields[name]
        return _value(MISSING if field.is_required() or field.default_factory else field.default, field.default_factory)
    if hasattr(owner, "__attrs_attrs__"):
        default = next(one.default for one in owner.__attrs_attrs__ if one.name == name)
        factory = getattr(default, "factory", None)
        return _value(MISSING if factory or repr(default) == "NOTHING" else default, factory)
    return MISSING if hasattr(owner, "__mapper__") else getattr(owner, name, MISSING)


def _value(value: Any, factory: Callable[..., Any] | None) -> Any:
    """Return a default; a factory's value only if equal for all entities: an empty collection."""
    return factory() if factory in _EMPTY and factory is not None else value
