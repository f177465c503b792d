"""Constructors of entities from stored values, generated once for each class."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias, cast

from vega.patterns.query import EntityFields, FieldInfo, Kind

from .mapped_class import is_mapped, maker

Path: TypeAlias = tuple[FieldInfo, ...]
Build: TypeAlias = Callable[[Sequence[Any], Sequence[Any]], Any]


def write_constructor(entity: type, columns: Iterable[Path], children: Iterable[Path]) -> Build:
    """Generate the function that builds an entity, so that no loop over fields runs for each row.

    Args:
        entity: the class.
        columns: the paths of the stored values, in order.
        children: the paths of the collections, in order.
    """
    space: dict[str, Any] = {}
    values = {path: f"v[{position}]" for position, path in enumerate(columns)}
    values |= {path: f"c[{position}]" for position, path in enumerate(children)}
    text = _construction(EntityFields.of(entity), (), values, space)
    exec(compile(f"def build(v, c):\n    return {text}\n", "<entity>", "exec"), space)  # noqa: S102 - declared identifiers only
    build: Callable[[Sequence[Any], Sequence[Any]], Any] = space["build"]
    return build


def _construction(
    fields: EntityFields,
    before: tuple[FieldInfo, ...],
    values: Mapping[tuple[FieldInfo, ...], str],
    space: dict[str, Any],
) -> str:
    maker = f"make{len(space)}"
    space[maker] = _maker(fields.entity)
    arguments: list[str] = []
    presence = ""
    for info in fields.values():
        path = (*before, info)
        if info.kind is Kind.OBJECT and info.inside is not None:
            arguments.append(f"{info.name}={_construction(info.inside, path, values, space)}")
            continue
        arguments.append(f"{info.name}={values[path]}")
        if not info.nullable and info.kind is not Kind.LIST and not presence:
            presence = values[path]
    made = f"{maker}({', '.join(arguments)})"
    return f"({made} if {presence} is not None else None)" if before and before[-1].nullable else made


def _maker(entity: type) -> Callable[..., Any]:
    """Return a factory of instances from stored values, which were checked before the write."""
    if is_mapped(entity):
        return maker(entity)
    construct: Callable[..., Any] | None = getattr(entity, "model_construct", None)
    if construct is not None:
        return construct
    if dataclasses.is_dataclass(entity) and any(not field.init for field in dataclasses.fields(entity)):
        return _maker_with_late_fields(entity)
    return cast("Callable[..., Any]", entity)  # undoes the narrowing to a dataclass above


def _maker_with_late_fields(entity: type) -> Callable[..., Any]:
    late = frozenset(field.name for field in dataclasses.fields(entity) if not field.init)

    def make(**values: Any) -> Any:
        made = entity(**{name: value for name, value in values.items() if name not in late})
        for name in late:
            object.__setattr__(made, name, values[name])
        return made

    return make
