"""Codecs of annotations, compiled once per class."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections import abc
from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any, Final, Literal, NewType, TypeVar, Union, cast

from .._errors import EventDataError
from .._names import name_of
from .codec import PLAIN, SCALARS, Codec, kind_of, mismatch

_SEQUENCES: dict[Any, Callable[[Any], Any]] = {
    list: list,
    tuple: tuple,
    set: set,
    frozenset: frozenset,
    abc.Sequence: list,
    abc.Iterable: list,
    abc.Collection: list,
    abc.Set: frozenset,
}
_MAPPINGS = (dict, abc.Mapping, abc.MutableMapping)
_LIST, _DICT = frozenset({"list"}), frozenset({"dict"})


def codec_for(hint: Any, path: str) -> Codec:
    """Return the codec of an annotation.

    Args:
        hint: the annotation, resolved.
        path: the field, for messages.

    Raises:
        EventDataError: values of the annotation have no plain form, or an ambiguous form.
    """
    hint = _bare(hint)
    if hint in (Any, object):
        return PLAIN
    if isinstance(hint, abc.Hashable) and hint in SCALARS:
        return SCALARS[hint]
    origin, arguments = typing.get_origin(hint) or hint, typing.get_args(hint)
    if origin in (Union, types.UnionType):
        return _union([codec_for(each, path) for each in arguments], path)
    if origin is Literal:
        return _literal(arguments)
    if origin is tuple and arguments and arguments[-1] is not Ellipsis:
        return _row([codec_for(each, path) for each in arguments])
    if origin in _SEQUENCES:
        return _sequence(origin, codec_for(arguments[0], path) if arguments else PLAIN)
    if origin in _MAPPINGS:
        key, value = arguments or (str, Any)
        return _mapping(_key(codec_for(key, path), path), codec_for(value, path))
    return _of_class(origin, path)


def _bare(hint: Any) -> Any:
    """Strip Annotated, Final, NewType, aliases and type variables."""
    while True:
        origin = typing.get_origin(hint)
        if origin in (Annotated, Final):
            hint = typing.get_args(hint)[0]
        elif isinstance(hint, NewType):
            hint = hint.__supertype__
        elif isinstance(hint, TypeVar):
            hint = hint.__bound__ or Any
        elif hasattr(hint, "__value__") and origin is None and not isinstance(hint, type):
            hint = hint.__value__
        else:
            return hint


def _of_class(cls: Any, path: str) -> Codec:
    if isinstance(cls, type) and issubclass(cls, Enum):
        return _enum(cls, path)
    if isinstance(cls, type) and callable(getattr(cls, "to_dict", None)) and callable(getattr(cls, "from_dict", None)):
        return _methods(cls, "to_dict", "from_dict")
    if isinstance(cls, type) and callable(getattr(cls, "model_validate", None)):  # pydantic, without importing it
        return _methods(cls, "model_dump", "model_validate", mode="json")
    if isinstance(cls, type) and dataclasses.is_dataclass(cls):
        return _record(cls)
    raise EventDataError(
        f"values of {cls!r} have no plain form",
        path,
        "use plain types, enums or dataclasses, or give the class to_dict() and from_dict()",
    )


def _union(members: list[Codec], path: str) -> Codec:
    by_kind: dict[str, Codec] = {}
    for member in members:
        for kind in member.kinds:
            if kind in by_kind:
                raise EventDataError(
                    f"two members of the union are both stored as {kind} and cannot be distinguished",
                    path,
                    "use one of the two, or a dataclass that says which it is",
                )
            by_kind[kind] = member

    def write(value: Any, where: str) -> Any:
        for member in members:
            try:
                return member.write(value, where)
            except EventDataError:
                continue
        raise mismatch(value, "member of the union", where)

    def read(plain: Any, where: str) -> Any:
        member = by_kind.get(kind_of(plain)) or (by_kind.get("float") if kind_of(plain) == "int" else None)
        if member is None:
            raise mismatch(plain, " or ".join(sorted(by_kind)), where)
        return member.read(plain, where)

    return Codec(kinds=frozenset(by_kind), write=write, read=read)


def _literal(values: tuple[Any, ...]) -> Codec:
    def check(value: Any, where: str) -> Any:
        for each in values:
            if each == value and type(each) is type(value):
                return each
        raise mismatch(value, f"one of {', '.join(map(repr, values))}", where)

    return Codec(kinds=frozenset(map(kind_of, values)), write=check, read=check)


def _sequence(origin: Any, item: Codec) -> Codec:
    make = _SEQUENCES[origin]
    unordered = make in (set, frozenset)

    def write(value: Any, where: str) -> list[Any]:
        if not isinstance(value, origin) or isinstance(value, str | bytes):
            raise mismatch(value, origin.__name__, where)
        plain = [item.write(each, f"{where}[{index}]") for index, each in enumerate(value)]
        return sorted(plain, key=repr) if unordered else plain

    def read(plain: Any, where: str) -> Any:
        if kind_of(plain) != "list":
            raise mismatch(plain, "list", where)
        return make(item.read(each, f"{where}[{index}]") for index, each in enumerate(plain))

    return Codec(kinds=_LIST, write=write, read=read)


def _row(items: list[Codec]) -> Codec:
    def write(value: Any, where: str) -> list[Any]:
        row = cast("tuple[object, ...]", value) if isinstance(value, tuple) else None
        if row is None or len(row) != len(items):
            raise mismatch(cast("object", value), f"tuple of {len(items)}", where)
        return [item.write(each, f"{where}[{i}]") for i, (item, each) in enumerate(zip(items, row, strict=True))]

    def read(plain: Any, where: str) -> Any:
        if kind_of(plain) != "list" or len(plain) != len(items):
            raise mismatch(plain, f"list of {len(items)}", where)
        return tuple(item.read(each, f"{where}[{i}]") for i, (item, each) in enumerate(zip(items, plain, strict=True)))

    return Codec(kinds=_LIST, write=write, read=read)


def _key(codec: Codec, path: str) -> Codec:
    """Return a codec whose plain form is text, as the keys of JSON are."""
    if codec.kinds == frozenset({"str"}):
        return codec
    if codec.kinds == frozenset({"int"}):

        def read(plain: Any, where: str) -> Any:
            if not plain.lstrip("-").isdecimal():
                raise mismatch(plain, "integer key", where)
            return codec.read(int(plain), where)

        return Codec(kinds=codec.kinds, write=lambda value, where: str(codec.write(value, where)), read=read)
    raise EventDataError("only text and integers can be keys of a stored mapping", path, "use str or int keys")


def _mapping(key: Codec, item: Codec) -> Codec:
    def write(value: Any, where: str) -> dict[str, Any]:
        if not isinstance(value, abc.Mapping):
            raise mismatch(value, "mapping", where)
        entries = cast("abc.Mapping[object, object]", value)
        return {key.write(name, where): item.write(each, f"{where}.{name}") for name, each in entries.items()}

    def read(plain: Any, where: str) -> Any:
        if kind_of(plain) != "dict" or not all(type(name) is str for name in plain):
            raise mismatch(plain, "mapping with text as keys", where)
        return {key.read(name, where): item.read(each, f"{where}.{name}") for name, each in plain.items()}

    return Codec(kinds=_DICT, write=write, read=read)


def _enum(cls: type[Enum], path: str) -> Codec:
    kinds = frozenset(kind_of(member.value) for member in cls)
    if not kinds <= {"str", "int"}:
        raise EventDataError(f"{cls.__name__} has values that are neither text nor integers", path, "give it such")

    def write(value: Any, where: str) -> Any:
        if not isinstance(value, cls):
            raise mismatch(value, cls.__name__, where)
        return value.value

    def read(plain: Any, where: str) -> Any:
        try:
            return cls(plain)
        except ValueError as error:
            raise mismatch(plain, cls.__name__, where) from error

    return Codec(kinds=kinds, write=write, read=read)


def _methods(cls: Any, writer: str, reader: str, **options: Any) -> Codec:
    def write(value: Any, where: str) -> Any:
        if not isinstance(value, cls):
            raise mismatch(value, cls.__name__, where)
        return PLAIN.write(getattr(value, writer)(**options), where)

    def read(plain: Any, where: str) -> Any:
        if kind_of(plain) != "dict":
            raise mismatch(plain, cls.__name__, where)
        try:
            return getattr(cls, reader)(plain)
        except (ValueError, TypeError) as error:
            raise mismatch(plain, cls.__name__, where) from error

    return Codec(kinds=_DICT, write=write, read=read)


def _record(cls: Any) -> Codec:
    codecs: dict[str, Codec] = {}

    def fields() -> dict[str, Codec]:
        if not codecs:  # at the first use, since records may be recursive
            codecs.update(field_codecs(cls))
        return codecs

    def write(value: Any, where: str) -> dict[str, Any]:
        if not isinstance(value, cls):
            raise mismatch(value, cls.__name__, where)
        return {name: codec.write(getattr(value, name), f"{where}.{name}") for name, codec in fields().items()}

    def read(plain: Any, where: str) -> Any:
        if kind_of(plain) != "dict":
            raise mismatch(plain, cls.__name__, where)
        return cls(**read_fields(cls, fields(), plain, where))

    return Codec(kinds=_DICT, write=write, read=read)


def field_codecs(cls: Any) -> dict[str, Codec]:
    """Return the codecs of the constructor fields of a dataclass.

    Raises:
        EventDataError: an annotation cannot be resolved, or has no plain form.
    """
    try:
        hints = typing.get_type_hints(cls, include_extras=True)
    except NameError as error:
        raise EventDataError(
            f"an annotation cannot be resolved: {error}", name_of(cls), "define the type at the top of its module"
        ) from error
    taken = [each.name for each in dataclasses.fields(cls) if each.init]
    return {name: codec_for(hints[name], f"{cls.__name__}.{name}") for name in taken}


def read_fields(cls: Any, codecs: dict[str, Codec], plain: dict[str, Any], where: str) -> dict[str, Any]:
    """Return the arguments of the constructor of a dataclass.

    Raises:
        EventDataError: a field is unknown, missing, or of another type.
    """
    unknown = [name for name in plain if name not in codecs]
    if unknown:
        raise EventDataError(
            f"{cls.__name__} has no field {', '.join(map(repr, unknown))}",
            where,
            f"its fields are {', '.join(codecs)}; write an upcaster for data of an older version",
        )
    missing = [
        each.name
        for each in dataclasses.fields(cls)
        if each.init
        and each.name not in plain
        and each.default is dataclasses.MISSING
        and each.default_factory is dataclasses.MISSING
    ]
    if missing:
        raise EventDataError(
            f"{', '.join(missing)} of {cls.__name__} is missing",
            where,
            "write an upcaster for data of an older version",
        )
    return {name: codecs[name].read(value, f"{where}.{name}") for name, value in plain.items()}
