"""Entities with other values: the same object if mutable, else a copy with the recorded events."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar
from weakref import WeakKeyDictionary

from vega.patterns.query import EntityFields

T = TypeVar("T")
Copier: TypeAlias = Callable[[Any, Mapping[str, Any]], Any]
_changers: WeakKeyDictionary[type, dict[tuple[str, ...], Copier]] = WeakKeyDictionary()


def with_values(entity: T, changes: Mapping[str, Any]) -> T:
    """Set fields of an entity; return the same object if mutable, else a copy.

    Args:
        entity: the entity to change.
        changes: values by dotted path; fields of nested value objects, which no policy sets, are ignored.
    """
    if not changes:
        return entity
    changed: T = _changer(type(entity), tuple(changes))(entity, changes)
    return changed


def all_with_values(entities: Sequence[T], changes: Sequence[Mapping[str, Any]]) -> list[T]:
    """Return many entities with fields set as by `with_values`; entities of a single class share a copier."""
    kinds, names = set(map(type, entities)), tuple(changes[0])
    if len(kinds) == 1 and names and all(tuple(change) == names for change in changes):
        return list(map(_changer(kinds.pop(), names), entities, changes))
    return [with_values(entity, change) for entity, change in zip(entities, changes, strict=True)]


def _changer(kind: type[Any], names: tuple[str, ...]) -> Copier:
    known = _changers.setdefault(kind, {})
    found = known.get(names)
    if found is None:
        found = known[names] = _made_changer(kind, tuple(name for name in names if "." not in name))
    return found


def _made_changer(kind: type[Any], names: tuple[str, ...]) -> Copier:
    if not names:
        return lambda entity, changes: entity
    replaced = _copier(kind, names)
    if hasattr(kind, "pull_events"):  # an aggregate
        replaced = _with_its_events(replaced)
    if _is_frozen(kind):
        return replaced

    def change(entity: Any, changes: Mapping[str, Any]) -> Any:
        try:
            for name in names:
                setattr(entity, name, changes[name])
        except (AttributeError, TypeError, ValueError):  # frozen: dataclasses and attrs the first, pydantic the last
            return replaced(entity, changes)
        return entity

    return change


def _is_frozen(kind: type) -> bool:
    parameters = getattr(kind, "__dataclass_params__", None)
    return parameters is not None and bool(parameters.frozen)


def _with_its_events(replaced: Copier) -> Copier:
    def copy(entity: Any, changes: Mapping[str, Any]) -> Any:
        recorded = entity.pull_events()
        copied = replaced(entity, changes)
        for event in recorded:
            copied.record(event)
        return copied

    return copy


def _copier(kind: type[Any], names: tuple[str, ...]) -> Copier:
    """Return a function that copies an entity with other values for some fields; cached by class and names."""
    if dataclasses.is_dataclass(kind):
        late = {field.name for field in dataclasses.fields(kind) if not field.init}
        if late:
            return lambda entity, changes: _replaced_dataclass(entity, {name: changes[name] for name in names}, late)
        return _written(kind, [field.name for field in dataclasses.fields(kind)], names)
    if hasattr(kind, "model_copy"):
        return lambda entity, changes: entity.model_copy(update={name: changes[name] for name in names})
    return _written(kind, EntityFields.of(kind), names)


def _written(kind: type[Any], fields: Iterable[str], names: tuple[str, ...]) -> Copier:
    values = ", ".join(f"{name}={f'c[{name!r}]' if name in names else f'e.{name}'}" for name in fields)
    space: dict[str, Any] = {"kind": kind}
    exec(compile(f"def copy(e, c):\n    return kind({values})\n", "<entity>", "exec"), space)  # noqa: S102 - declared identifiers only
    copier: Copier = space["copy"]
    return copier


def _replaced_dataclass(entity: Any, changes: Mapping[str, Any], late: set[str]) -> Any:
    copied = dataclasses.replace(entity, **{name: value for name, value in changes.items() if name not in late})
    for name in late:  # fields that the constructor does not accept
        object.__setattr__(copied, name, changes[name] if name in changes else getattr(entity, name))
    return copied
