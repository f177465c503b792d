"""The layout of an entity: columns and collections, without SQL or a driver."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final, TypeGuard, TypeVar, get_origin
from weakref import WeakKeyDictionary

from vega.patterns.query import EntityFields, FieldInfo, Kind
from vega.patterns.query.nodes import Field

from .._errors import InvalidEntityError, MappingError
from .columns import Column, check, read, require_instance
from .constructor import write_constructor
from .mapped_class import refuse_related, relationships, require_mappable

T = TypeVar("T")
_NO_CHANGES: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A collection that belongs to an entity: stored, loaded and deleted with the entity.

    Args:
        path: the fields from the entity to the collection.
        layout: the layout of the members.
        collection: the type of the collection: list, tuple, set or frozenset.
    """

    path: tuple[FieldInfo, ...]
    layout: EntityLayout
    collection: Callable[[list[Any]], Any]

    @property
    def name(self) -> str:
        """The path with underscores, for the name of the table."""
        return "_".join(info.name for info in self.path)

    @property
    def dotted(self) -> str:
        """The path as written in queries."""
        return ".".join(info.name for info in self.path)


@dataclass(frozen=True, slots=True)
class EntityLayout:
    """The stored columns and collections of a class.

    Args:
        entity: the class.
        fields: the declared fields.
        columns: the stored values, in order.
        children: the collections, in order.
        build: builds an entity from the column values and the collections.
        relationships: attributes of a mapped class that are not stored, and must be unchanged.
    """

    entity: type
    fields: EntityFields
    columns: tuple[Column, ...]
    children: tuple[Child, ...]
    build: Callable[[Sequence[Any], Sequence[Any]], Any]
    by_path: Mapping[str, Column] = field(default_factory=dict[str, Column])
    relationships: tuple[str, ...] = ()

    @classmethod
    def of(cls, entity: type) -> EntityLayout:
        """Return the layout of a class, made at the first call.

        Raises:
            MappingError: a field has no storable type; a collection contains the owner's class.
        """
        found = _known.get(entity)
        if found is None:
            found = _known[entity] = _layout(entity, ())
        return found

    def require(self, entity: object) -> None:
        """Raise an error unless this layout stores all of an entity.

        Raises:
            InvalidEntityError: the entity is of another class, or has a changed relationship.
        """
        require_instance(entity, self.entity)
        if self.relationships:
            refuse_related(entity, self.relationships)

    def with_columns(self, columns: tuple[Column, ...]) -> EntityLayout:
        """Return a copy of this layout with other columns, in the same order."""
        return replace(self, columns=columns, by_path={column.dotted: column for column in columns})

    def values(self, entity: object) -> list[Any]:
        """Return the column values of an entity, unchecked."""
        return [column.read(entity) for column in self.columns]

    def checked_copy(self, entity: T, changes: Mapping[str, Any] = _NO_CHANGES) -> T:
        """Return a copy of an entity with every value in stored form, which shares no mutable object with the original.

        Args:
            entity: the entity.
            changes: replacement values, by dotted path.

        Raises:
            InvalidEntityError: a value is missing, of another type, or cannot be stored.
        """
        self.require(entity)
        values: list[Any] = []
        for column in self.columns:
            value = changes[column.dotted] if column.dotted in changes else column.read(entity)
            values.append(_copied(check(column, value, self.entity)))
        children = [
            child.collection([child.layout.checked_copy(member) for member in members_of(entity, child)])
            for child in self.children
        ]
        copied: T = self.build(values, children)
        return copied

    def column(self, path: Field | str) -> Column:
        """Return the column of a field."""
        return self.by_path[str(path)]

    def copy(self, entity: T) -> T:
        """Return an equal entity that shares no mutable object with the original."""
        values = [_copied(value) for value in self.values(entity)]
        children = [
            child.collection([child.layout.copy(member) for member in members_of(entity, child)])
            for child in self.children
        ]
        copied: T = self.build(values, children)
        return copied


_known: WeakKeyDictionary[type, EntityLayout] = WeakKeyDictionary()
_COLLECTIONS: Final[dict[Any, Callable[[list[Any]], Any]]] = {
    list: list,
    tuple: tuple,
    set: set,
    frozenset: frozenset,
}


def members_of(entity: object, child: Child) -> Sequence[Any]:
    """Return the members of a child collection; an empty sequence for None.

    Raises:
        InvalidEntityError: the value is not a collection, or has a member of another class.
    """
    value = read(entity, child.path)
    if value is None:
        return ()
    if not _is_collection(value):
        raise InvalidEntityError(
            f"{child.dotted} is not a collection", type(entity).__name__, "give it a list or a tuple"
        )
    members = list(value)
    for member in members:
        require_instance(member, child.layout.entity)
    return members


def _layout(entity: type, outer: tuple[type, ...]) -> EntityLayout:
    require_mappable(entity)
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
    build = write_constructor(entity, *paths)
    by_path = {column.dotted: column for column in columns}
    return EntityLayout(entity, fields, columns, children, build, by_path, relationships(entity))


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
    if (
        info.nullable
        and inside is not None
        and all(field.nullable or field.kind is Kind.LIST for field in inside.values())
    ):
        raise MappingError(
            f"{info.name} may be missing, and so may everything in it: the two cannot be distinguished",
            entity.__name__,
            f"give {inside.entity.__name__} a field that is always there",
        )


def _children(before: tuple[FieldInfo, ...], fields: EntityFields, outer: tuple[type, ...]) -> Iterator[Child]:
    for info in fields.values():
        path = (*before, info)
        if info.kind is Kind.LIST and info.inside is not None:
            collection = _COLLECTIONS[get_origin(info.type)]
            yield Child(path=path, layout=_layout(info.inside.entity, outer), collection=collection)
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
    if _is_list(value):
        return [_copied(item) for item in value]
    if _is_dict(value):
        return {key: _copied(item) for key, item in value.items()}
    return set(value) if _is_set(value) else value


def _is_collection(value: object) -> TypeGuard[Collection[Any]]:
    return isinstance(value, Collection)


def _is_list(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def _is_set(value: object) -> TypeGuard[set[Any]]:
    return isinstance(value, set)


def _is_dict(value: object) -> TypeGuard[dict[Any, Any]]:
    return isinstance(value, dict)
