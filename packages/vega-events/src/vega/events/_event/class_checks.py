"""Checks of event classes at their definition, and the `__class__` cell of classes with slots."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Mapping
from types import CellType, FunctionType
from typing import Any, cast

from .._errors import EventDefinitionError
from .._names import name_of

_FIELDS = ("event_id", "timestamp", "metadata")
_SETTINGS = ("event_name", "event_version", "former_names")


def check_event_class(cls: type, root: type) -> None:
    """Check a subclass of Event, and let `super()` work under `slots=True`.

    Args:
        cls: the class.
        root: Event.

    Raises:
        EventDefinitionError: a reserved name is a field, or `__post_init__` could not work.
    """
    _refuse_reserved_fields(cls)
    _rebind_class_cell(cls)
    _refuse_repeated_post_init(cls, root)


def _refuse_reserved_fields(cls: type) -> None:
    for name, annotation in _own_annotations(cls).items():
        if name in _FIELDS or (name in _SETTINGS and "ClassVar" not in str(annotation)):
            raise EventDefinitionError(
                f"{name} is a reserved name of every event",
                name_of(cls),
                f"rename the field, or write {name} = ... without an annotation"
                if name in _SETTINGS
                else "rename the field",
            )


def _own_annotations(cls: type) -> Mapping[str, Any]:
    if sys.version_info >= (3, 14):
        import annotationlib

        return annotationlib.get_annotations(cls, format=annotationlib.Format.FORWARDREF)
    return inspect.get_annotations(cls)


def is_remade(first: object, cls: type) -> bool:
    """Return whether `dataclass(slots=True)` made a class from a first one; both share the same fields."""
    fields = vars(cls).get("__dataclass_fields__")
    return isinstance(first, type) and fields is not None and vars(first).get("__dataclass_fields__") is fields


def _rebind_class_cell(cls: type) -> None:
    """Point `__class__` of the methods at the class made by `slots=True`."""
    for cell in _class_cells(cls):
        try:
            first = cell.cell_contents
        except ValueError:  # still empty: filled after the first making of the class
            continue
        if first is not cls and is_remade(first, cls):
            cell.cell_contents = cls


def _class_cells(cls: type) -> Iterator[CellType]:
    for value in vars(cls).values():
        function = _function(value)
        if function is not None and function.__closure__:
            for name, cell in zip(function.__code__.co_freevars, function.__closure__, strict=True):
                if name == "__class__":
                    yield cell


def _function(value: object) -> FunctionType | None:
    if isinstance(value, property):
        value = value.fget
    if isinstance(value, staticmethod | classmethod):
        value = cast("staticmethod[..., object]", value).__func__
    return value if isinstance(value, FunctionType) else None


def _refuse_repeated_post_init(cls: type, root: type) -> None:
    """Refuse a `__post_init__` whose `super().__init__()` would reach a generated `__init__`."""
    hook = vars(cls).get("__post_init__")
    if not isinstance(hook, FunctionType) or not {"super", "__init__"} <= set(hook.__code__.co_names):
        return
    above = next(base for base in cls.__mro__[1:] if "__init__" in vars(base))
    if above is not root:
        raise EventDefinitionError(
            f"super().__init__() in __post_init__ calls the __init__ of {above.__name__}, which would start over",
            name_of(cls),
            "remove __post_init__: events need none; write checks of your own without super().__init__()",
        )
