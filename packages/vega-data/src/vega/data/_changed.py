"""An entity with other values: itself where it can be changed, else a copy that keeps what it recorded."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias, TypeVar, cast
from weakref import WeakKeyDictionary

from vega.patterns.query import EntityFields

T = TypeVar("T")
Copier: TypeAlias = Callable[[Any, Mapping[str, Any]], Any]
_copiers: WeakKeyDictionary[type, dict[tuple[str, ...], Copier]] = WeakKeyDictionary()


def with_values(entity: T, changes: Mapping[str, Any]) -> T:
    """Return the entity with some fields set: the same object when it can be changed, else a copy."""
    if not changes:
        return entity
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
    known = _copiers.setdefault(type(entity), {})
    names = tuple(changes)
    copier = known.get(names)
    if copier is None:
        copier = known[names] = _copier(type(entity), names)
    copied: T = copier(entity, changes)
    for event in recorded:
        cast("Any", copied).record(event)  # what recorded events is an aggregate
    return copied


def _copier(kind: type[Any], names: tuple[str, ...]) -> Copier:
    """Return what copies an entity with other values for some fields; found once, not for each entity."""
    if dataclasses.is_dataclass(kind):
        late = {one.name for one in dataclasses.fields(kind) if not one.init}
        if late:
            return lambda entity, changes: _replaced_dataclass(entity, changes, late)
        return _written(kind, [one.name for one in dataclasses.fields(kind)], names)
    if hasattr(kind, "model_copy"):
        return lambda entity, changes: entity.model_copy(update=dict(changes))
    return _written(kind, EntityFields.of(kind), names)


def _written(kind: type[Any], fields: Iterable[str], names: tuple[str, ...]) -> Copier:
    values = ", ".join(f"{name}={f'c[{name!r}]' if name in names else f'e.{name}'}" for name in fields)
    space: dict[str, Any] = {"kind": kind}
    exec(compile(f"def copy(e, c):\n    return kind({values})\n", "<entity>", "exec"), space)  # noqa: S102 - declared identifiers only
    copier: Copier = space["copy"]
    return copier


def _replaced_dataclass(entity: Any, changes: Mapping[str, Any], late: set[str]) -> Any:
    copied = dataclasses.replace(entity, **{name: value for name, value in changes.items() if name not in late})
    for name in late:  # what the constructor does not take is as it was stored
        object.__setattr__(copied, name, changes[name] if name in changes else getattr(entity, name))
    return copied
