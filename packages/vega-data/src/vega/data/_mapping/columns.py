"""Stored values of an entity: reads and checks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from vega.patterns.query import FieldInfo, InvalidValueError, Kind
from vega.patterns.query.values import constant_checker

from .._errors import InvalidEntityError
from .json_fields import json_checker


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A stored value.

    Args:
        name: the column.
        path: the fields from the entity to the value.
        limit: takes a checked value and a place for errors; returns the value, or raises InvalidValueError if the
            column of a given table would change the value.
        generated: whether the database always generates the value, so that no statement writes the column.

    Attributes:
        dotted: the path as written in queries.
        nullable: whether the value, or a value object around the value, may be missing.
        read: takes an entity and returns the value.
        check: takes a value other than None and a place for errors; returns the stored form.
    """

    name: str
    path: tuple[FieldInfo, ...]
    limit: Callable[[Any, str], Any] | None = field(default=None, compare=False)
    generated: bool = False
    dotted: str = field(init=False)
    nullable: bool = field(init=False)
    read: Callable[[object], Any] = field(init=False, compare=False)
    check: Callable[[Any, str], Any] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        dotted = ".".join(info.name for info in self.path)
        put = object.__setattr__
        put(self, "dotted", dotted)
        put(self, "nullable", any(info.nullable for info in self.path))
        put(self, "read", self._reader())
        kind, python_type = self.info.kind, self.info.type
        checked = json_checker(python_type) if kind is Kind.JSON else constant_checker(kind, python_type)
        put(self, "check", checked if self.limit is None else _both(checked, self.limit))

    @property
    def info(self) -> FieldInfo:
        """The field of the value."""
        return self.path[-1]

    def _reader(self) -> Callable[[object], Any]:
        path, get = self.path, attrgetter(self.dotted)
        if len(path) == 1:
            return get
        if any(info.nullable for info in path[:-1]):
            return lambda entity: read(entity, path)

        def read_inside(entity: object) -> Any:
            try:
                return get(entity)
            except AttributeError:  # a required value object is missing or of another type
                return read(entity, path)

        return read_inside


def _both(check: Callable[[Any, str], Any], limit: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
    return lambda value, where: limit(check(value, where), where)


def read(entity: object, path: tuple[FieldInfo, ...]) -> Any:
    """Return the value at the end of a path; None when something on the way is missing.

    Raises:
        InvalidEntityError: something on the way is of another type.
    """
    value: Any = entity
    for info in path:
        if value is None:
            return None
        try:
            value = getattr(value, info.name)
        except AttributeError as error:
            raise InvalidEntityError(
                f"{type(value).__name__} has no field {info.name}", type(entity).__name__, "store what was declared"
            ) from error
    return value


def require_instance(entity: object, kind: type) -> None:
    """Raise an error unless an entity is an instance of a class.

    Raises:
        InvalidEntityError: the entity is of another class.
    """
    if not isinstance(entity, kind):
        raise InvalidEntityError(f"{type(entity).__name__} is not of type {kind.__name__}", kind.__name__)


def check(column: Column, value: Any, entity: type) -> Any:
    """Return the stored form of a value.

    Raises:
        InvalidEntityError: the value is missing, of another type, or cannot be stored.
    """
    if value is None:
        if column.nullable:
            return None
        raise missing_value(column, entity)
    try:
        return column.check(value, column.dotted)
    except InvalidValueError as error:
        raise InvalidEntityError(error.what, f"{entity.__name__}.{column.dotted}", error.fix) from error


def missing_value(column: Column, entity: type) -> InvalidEntityError:
    """Return the error for a missing required value."""
    return InvalidEntityError(f"{column.dotted} is missing", entity.__name__, f"give {column.dotted} a value")
