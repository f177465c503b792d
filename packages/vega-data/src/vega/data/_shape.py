"""How an entity falls apart into columns and children, and is put together again: no SQL, no driver."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Final, TypeVar, get_origin
from weakref import WeakKeyDictionary

from vega.patterns.query import EntityFields, Field, FieldInfo, InvalidValueError, Kind
from vega.patterns.query.values import constant_checker

from ._assembly import assembly
from ._errors import InvalidEntityError, MappingError

T = TypeVar("T")
_POSITION: Final = "position"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One stored value.

    Args:
        name: the column.
        path: the fields from the entity to the value.

    Attributes:
        dotted: the path as it stands in queries.
        nullable: whether the value, or a value object around it, may be missing.
        read: takes an entity and returns the value.
        check: takes a value that is not None, and where it stands; returns it as it is stored.
    """

    name: str
    path: tuple[FieldInfo, ...]
    dotted: str = field(init=False)
    nullable: bool = field(init=False)
    read: Callable[[object], Any] = field(init=False, compare=False)
    check: Callable[[Any, str], Any] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        dotted = ".".join(info.name for info in self.path)
        put = object.__setattr__
        put(self, "dotted", dotted)
        put(self, "nullable", any(info.nullable for info in self.path))
        put(self, "read", attrgetter(dotted) if not self._has_gaps else lambda entity: read(entity, self.path))
        put(self, "check", constant_checker(self.info.kind, self.info.type))

    @property
    def info(self) -> FieldInfo:
        """The field that holds the value."""
        return self.path[-1]

    @property
    def _has_gaps(self) -> bool:
        """Whether something on the way to the value may be missing."""
        return any(info.nullable for info in self.path[:-1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A collection that belongs to its entity: stored with it, loaded with it, deleted with it.

    Args:
        path: the fields from the entity to the collection.
        shape: how its members fall apart.
        collection: the type of the collection: list, tuple, set or frozenset.
    """

    path: tuple[FieldInfo, ...]
    shape: Shape
    collection: Callable[[list[Any]], Any]

    @property
    def name(self) -> str:
        """The path with underscores, for the name of the table."""
        return "_".join(info.name for info in self.path)

    @property
    def dotted(self) -> str:
        """The path as it stands in queries."""
        return ".".join(info.name for info in self.path)


@dataclass(frozen=True, slots=True)
class Shape:
    """How one class falls apart.

    Args:
        entity: the class.
        fields: its declared fields.
        columns: its stored values, in order.
        children: its collections, in order.
        build: puts one together from its column values and the collections of its children.
    """

    entity: type
    fields: EntityFields
    columns: tuple[Column, ...]
    children: tuple[Child, ...]
    build: Callable[[Sequence[Any], Sequence[Any]], Any]
    by_path: Mapping[str, Column] = field(default_factory=dict)

    @classmethod
    def of(cls, entity: type) -> Shape:
        """Return the shape of a class, made at the first call.

        Raises:
            MappingError: a field has no type that can be stored; a collection holds its own owner.
        """
        found = _known.get(entity)
        if found is None:
            found = _known[entity] = _shape(entity, ())
        return found

    def values(self, entity: object) -> list[Any]:
        """Return the column values of an entity, unchecked."""
        return [column.read(entity) for column in self.columns]

    def checked_values(self, entity: object) -> list[Any]:
        """Return the column values of an entity.

        Raises:
            InvalidEntityError: a value is missing, of another type, or cannot be stored.
        """
        if type(entity) is not self.entity and not isinstance(entity, self.entity):
            raise InvalidEntityError(f"{type(entity).__name__} is no {self.entity.__name__}", self.entity.__name__)
        return [check(column, column.read(entity), self.entity) for column in self.columns]

    def column(self, path: Field | str) -> Column:
        """Return the column of a field."""
        return self.by_path[str(path)]

    def copy(self, entity: T) -> T:
        """Return an equal entity that shares nothing that could be changed with this one."""
        values = [_copied(value) for value in self.values(entity)]
        children = [
            child.collection([child.shape.copy(member) for member in members_of(entity, child)])
            for child in self.children
        ]
        copied: T = self.build(values, children)
        return copied


_known: WeakKeyDictionary[type, Shape] = WeakKeyDictionary()
_COLLECTIONS: Final[dict[Any, Callable[[list[Any]], Any]]] = {
    list: list,
    tuple: tuple,
    set: set,
    frozenset: frozenset,
}


def read(entity: object, path: tuple[FieldInfo, ...]) -> Any:
    """Return the value at the end of a path; None when something on the way is missing."""
    value: Any = entity
    for info in path:
        if value is None:
            return None
        value = getattr(value, info.name)
    return value


def members_of(entity: object, child: Child) -> Sequence[Any]:
    """Return the members of a child collection; none when there is no collection."""
    found = read(entity, child.path)
    return () if found is None else list(found)


def check(column: Column, value: Any, entity: type) -> Any:
    """Return a value as it is stored.

    Raises:
        InvalidEntityError: it is missing, of another type, or cannot be stored.
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
    """Return the error for a value that must be there."""
    return InvalidEntityError(f"{column.dotted} is missing", entity.__name__, f"give {column.dotted} a value")


def with_values(entity: T, changes: Mapping[str, Any]) -> T:
    """Return the entity with some fields set: the same object when it can be changed, else a copy."""
    if _is_frozen(type(entity)):
        return _replaced(entity, changes)
    try:
        for name, value in changes.items():
            setattr(entity, name, value)
    except (AttributeError, TypeError, ValueError):  # frozen: dataclasses and attrs the first, pydantic the last
        return _replaced(entity, changes)
    return entity


def _is_frozen(kind: type) -> bool:
    parameters = getattr(kind, "__dataclass_params__", None)
    return parameters is not None and bool(parameters.frozen)


def _replaced(entity: T, changes: Mapping[str, Any]) -> T:
    recorded: tuple[Any, ...] = getattr(entity, "pull_events", tuple)()
    copied: Any
    if dataclasses.is_dataclass(entity):
        copied = dataclasses.replace(entity, **changes)  # type: ignore[type-var] # it is an instance
    elif hasattr(entity, "model_copy"):
        copied = entity.model_copy(update=dict(changes))
    else:
        copied = type(entity)(**{name: getattr(entity, name) for name in EntityFields.of(type(entity))} | dict(changes))
    for event in recorded:
        copied.record(event)
    return copied  # type: ignore[no-any-return] # the three forms give the class that came in


def _shape(entity: type, outer: tuple[type, ...]) -> Shape:
    fields = EntityFields.of(entity)
    if entity in outer:
        raise MappingError(
            f"{entity.__name__} contains itself", entity.__name__, "keep the other's identifier instead of the other"
        )
    if not fields:
        raise MappingError(f"{entity.__name__} has no fields", entity.__name__, "write it as a dataclass or a model")
    columns = tuple(_columns(entity, (), fields))
    children = tuple(_children((), fields, (*outer, entity)))
    _refuse_clashes(entity, columns)
    paths = [column.path for column in columns], [child.path for child in children]
    build = assembly(entity, *paths)
    return Shape(entity, fields, columns, children, build, {column.dotted: column for column in columns})


def _columns(entity: type, before: tuple[FieldInfo, ...], fields: EntityFields) -> Iterator[Column]:
    for info in fields.values():
        path = (*before, info)
        if info.kind is Kind.OBJECT and info.inside is not None:
            if info.inside.entity in {step.inside.entity for step in before if step.inside}:
                raise MappingError(f"{info.name} contains itself", entity.__name__, "keep an identifier instead")
            _require_presence(entity, info)
            yield from _columns(entity, path, info.inside)
        elif info.kind is Kind.ANY:
            raise MappingError(
                f"the type of {entity.__name__}.{info.name} says nothing about how to store it",
                f"{entity.__module__}.{entity.__qualname__}",
                "give it a type such as str, int, Decimal, datetime, UUID, an enum, a dataclass or a list of them",
            )
        elif info.kind is not Kind.LIST:
            yield Column(name="_".join(step.name for step in path), path=path)


def _require_presence(entity: type, info: FieldInfo) -> None:
    inside = info.inside
    if info.nullable and inside is not None and all(one.nullable or one.kind is Kind.LIST for one in inside.values()):
        raise MappingError(
            f"{info.name} may be missing, and so may everything in it: the two cannot be told apart",
            entity.__name__,
            f"give {inside.entity.__name__} a field that is always there",
        )


def _children(before: tuple[FieldInfo, ...], fields: EntityFields, outer: tuple[type, ...]) -> Iterator[Child]:
    for info in fields.values():
        path = (*before, info)
        if info.kind is Kind.LIST and info.inside is not None:
            collection = _COLLECTIONS[get_origin(info.type)]
            yield Child(path=path, shape=_shape(info.inside.entity, outer), collection=collection)
        elif info.kind is Kind.OBJECT and info.inside is not None:
            yield from _children(path, info.inside, outer)


def _refuse_clashes(entity: type, columns: tuple[Column, ...]) -> None:
    seen: dict[str, Column] = {}
    for column in columns:
        if column.name in seen:
            raise MappingError(
                f"{column.dotted} and {seen[column.name].dotted} would share the column {column.name}",
                entity.__name__,
                "rename one of the fields",
            )
        seen[column.name] = column


def _copied(value: Any) -> Any:
    if isinstance(value, list):
        return [_copied(item) for item in value]
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    return value
