"""The declared fields of an entity class: dataclass, pydantic model, attrs, mapped or plain class."""

from __future__ import annotations

import dataclasses
import inspect
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final, Union, get_args, get_origin
from weakref import WeakKeyDictionary

from .._errors import UnknownFieldError
from .kinds import Kind, kind_of


@dataclass(frozen=True, slots=True)
class Private:
    """Marks a field as unreachable for requests and for field names in strings: `Annotated[str, Private()]`."""


@dataclass(frozen=True, slots=True)
class Naive:
    """Marks a datetime without a time zone: `Annotated[datetime, Naive()]`; unmarked datetimes must be aware."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldInfo:
    """A declared field.

    Args:
        name: the attribute.
        type: the annotation without None, `Annotated` and mapping wrappers.
        kind: the kind of the values.
        nullable: whether None is allowed.
        private: whether only lambdas may use the field.
        inside: the fields of a nested value object, or of the members of a collection.
        default: whether the class declares a default.
    """

    name: str
    type: Any
    kind: Kind
    nullable: bool = False
    private: bool = False
    inside: EntityFields | None = None
    default: bool = False


@dataclass(frozen=True, slots=True)
class EntityFields(Mapping[str, FieldInfo]):
    """The fields of an entity, by name, in declaration order.

    Args:
        entity: the class.
        by_name: the fields.
    """

    entity: type
    by_name: dict[str, FieldInfo]

    _known: ClassVar[WeakKeyDictionary[type, EntityFields]] = WeakKeyDictionary()

    @classmethod
    def of(cls, entity: type) -> EntityFields:
        """Return the fields of a class, read at the first call.

        Fields with annotations that cannot be resolved have the type `Any`.
        """
        fields = cls._known.get(entity)
        if fields is None:
            fields = cls(entity, {})
            cls._known[entity] = fields  # stored before reading: a field may refer to the entity itself
            fields.by_name.update(_read(entity))
        return fields

    def __getitem__(self, name: str) -> FieldInfo:
        return self.by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.by_name)

    def __len__(self) -> int:
        return len(self.by_name)

    def __hash__(self) -> int:
        return hash(self.entity)

    def find(self, name: object, *, private: bool = False) -> FieldInfo:
        """Return the field of a name.

        Args:
            name: the name, from code or from outside.
            private: whether private fields may be found.

        Raises:
            UnknownFieldError: the field does not exist, or is private.
        """
        info = self.by_name.get(name) if isinstance(name, str) else None
        if info is None or (info.private and not private):
            visible = (other.name for other in self.by_name.values() if private or not other.private)
            raise UnknownFieldError.of(name, self.entity.__name__, visible)
        return info

    def resolve(self, path: object, *, private: bool = False) -> tuple[FieldInfo, ...]:
        """Return the fields along a dotted path, such as `address.city`.

        Raises:
            UnknownFieldError: a part is unknown, private, or inside a field without fields.
        """
        if not isinstance(path, str):
            raise UnknownFieldError.of(path, self.entity.__name__, ())
        if len(path) > _LONGEST_PATH:
            raise UnknownFieldError.of(path, self.entity.__name__, ())
        path_fields: list[FieldInfo] = []
        fields: EntityFields | None = self
        for part in path.split("."):
            if fields is None or (path_fields and path_fields[-1].kind is not Kind.OBJECT):
                raise UnknownFieldError.of(path, self.entity.__name__, ())
            path_fields.append(fields.find(part, private=private))
            fields = path_fields[-1].inside
        return tuple(path_fields)


_LONGEST_PATH: Final = 500
_NONE: Final = type(None)


def _read(entity: type) -> Iterator[tuple[str, FieldInfo]]:
    hints, columns = _hints(entity), _mapped_columns(entity)
    for name, has_default in _declared(entity, hints):
        if columns is None or name in columns:
            info = _info(name, hints.get(name, Any), has_default=has_default)
            is_naive = columns is not None and info.kind is Kind.DATETIME and _is_naive(columns[name])
            yield name, dataclasses.replace(info, kind=Kind.NAIVE_DATETIME) if is_naive else info


def _mapped_columns(entity: Any) -> dict[str, Any] | None:
    """Return the columns of a mapped class by attribute, without expressions; None for other classes."""
    if not hasattr(entity, "__mapper__"):
        return None
    attributes = entity.__mapper__.column_attrs
    return {one.key: one.columns[0] for one in attributes if hasattr(one.columns[0], "nullable")}


def _is_naive(column: Any) -> bool:
    """Return whether a column of datetimes has no time zone; a type that converts values follows the annotation."""
    kind: object = column.type
    return vars(kind).get("timezone") is False


def _hints(entity: type) -> dict[str, Any]:
    try:
        return typing.get_type_hints(entity, include_extras=True)
    except (NameError, TypeError, AttributeError):
        return _hints_one_by_one(entity)


def _hints_one_by_one(entity: type) -> dict[str, Any]:
    hints: dict[str, Any] = {}
    for kind in reversed(entity.__mro__):
        for name, annotation in inspect.get_annotations(kind).items():
            probe = type("_Probe", (), {"__annotations__": {name: annotation}, "__module__": kind.__module__})
            try:
                hints[name] = typing.get_type_hints(probe, include_extras=True)[name]
            except (NameError, TypeError, AttributeError):
                hints[name] = Any
    return hints


def _declared(entity: type, hints: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    declared: Any = entity  # duck typing, to avoid importing the libraries
    if dataclasses.is_dataclass(declared):
        missing = dataclasses.MISSING
        for field in dataclasses.fields(declared):
            yield field.name, (field.default, field.default_factory) != (missing, missing)
    elif hasattr(declared, "model_fields"):
        for name, model_field in declared.model_fields.items():
            yield name, not model_field.is_required()
    elif hasattr(declared, "__mapper__"):
        yield from ((attribute.key, False) for attribute in declared.__mapper__.column_attrs)
    elif hasattr(declared, "__attrs_attrs__"):
        for attribute in declared.__attrs_attrs__:
            yield attribute.name, repr(attribute.default) != "NOTHING"  # the marker of attrs for a missing default
    else:
        plain = (name for name, hint in hints.items() if get_origin(hint) is not ClassVar)
        own: dict[str, Any] = dict(vars(entity))
        yield from ((name, name in own) for name in plain if not name.startswith("_"))


def _info(name: str, hint: Any, *, has_default: bool) -> FieldInfo:
    marks: list[Any] = []
    bare, nullable = _unwrap(hint, marks)
    kind, inside = _classify(bare)
    if kind is Kind.DATETIME and any(isinstance(mark, Naive) for mark in marks):
        kind = Kind.NAIVE_DATETIME
    private = name.startswith("_") or any(isinstance(mark, Private) for mark in marks)
    return FieldInfo(
        name=name, type=bare, kind=kind, nullable=nullable, private=private, inside=inside, default=has_default
    )


def _unwrap(hint: Any, marks: list[Any]) -> tuple[Any, bool]:
    nullable = False
    while True:
        origin = get_origin(hint)
        if origin is typing.Annotated:
            hint, *more = get_args(hint)
            marks += more
        elif getattr(origin, "__name__", "") in {"Mapped", "Required", "NotRequired", "Final"}:
            (hint,) = get_args(hint)
        elif origin in {Union, types.UnionType}:
            rest = tuple(part for part in get_args(hint) if part is not _NONE)
            nullable = nullable or len(rest) < len(get_args(hint))
            if len(rest) != 1:
                return Any, nullable
            (hint,) = rest
        elif hasattr(hint, "__supertype__"):
            hint = hint.__supertype__
        else:
            return (hint, nullable) if hint is not Any else (Any, True)


def _classify(hint: Any) -> tuple[Kind, EntityFields | None]:
    origin = get_origin(hint)
    if origin in {list, tuple, set, frozenset}:
        return _classify_collection(get_args(hint))
    if origin is dict or hint in {list, tuple, set, frozenset, dict}:
        return Kind.JSON, None
    if origin is typing.Literal:
        return kind_of(type(get_args(hint)[0])), None
    if not isinstance(hint, type) or hint is datetime:
        return kind_of(hint), None
    kind = kind_of(hint)
    if kind is Kind.ANY and _has_fields(hint):
        return Kind.OBJECT, EntityFields.of(hint)
    return kind, None


def _classify_collection(arguments: tuple[Any, ...]) -> tuple[Kind, EntityFields | None]:
    members = [argument for argument in arguments if argument is not Ellipsis]
    if len(members) == 1 and isinstance(members[0], type) and _has_fields(members[0]):
        return Kind.LIST, EntityFields.of(members[0])
    return Kind.JSON, None


def _has_fields(hint: type) -> bool:
    return any(hasattr(hint, name) for name in ("__dataclass_fields__", "model_fields", "__attrs_attrs__"))
