"""An entity with other values: itself where it can be changed, else a copy that keeps what it recorded."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from vega.patterns.query import EntityFields

T = TypeVar("T")


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
    copied: T = _copied(entity, changes)
    for event in recorded:
        cast("Any", copied).record(event)  # what recorded events is an aggregate
    return copied


def _copied(entity: Any, changes: Mapping[str, Any]) -> Any:
    kind: type[Any] = entity.__class__
    if dataclasses.is_dataclass(entity):
        return _replaced_dataclass(entity, changes)
    if hasattr(entity, "model_copy"):
        return entity.model_copy(update=dict(changes))
    return kind(**{name: getattr(entity, name) for name in EntityFields.of(kind)} | dict(changes))


def _replaced_dataclass(entity: Any, changes: Mapping[str, Any]) -> Any:
    late = {one.name for one in dataclasses.fields(entity) if not one.init}
    copied = dataclasses.replace(entity, **{name: value for name, value in changes.items() if name not in late})
    for name in late:  # what the constructor does not take is as it was stored
        object.__setattr__(copied, name, changes[name] if name in changes else getattr(entity, name))
    return copied
