"""Distinguish fully constructed use cases, so that only those warn when never awaited.

The constructor of `UseCase` sets `input`, and the one that `dataclass` writes sets all fields. Other constructors are
wrapped, and note that they have ended.
"""

from __future__ import annotations

import functools
from dataclasses import fields, is_dataclass
from typing import Any

from .await_method import set_attribute

_NOTES = "__vega_notes__"


def note_construction(cls: type) -> None:
    """Make the last function of the construction of an object note that it has ended.

    Those of `dataclass` do not have their `__init__` yet when they are defined.
    """
    for name in ("__init__", "__post_init__"):
        own: dict[str, Any] = dict(vars(cls))
        if name in own and not (name == "__init__" and "__dataclass_fields__" in own):
            setattr(cls, name, _noting(name, own[name]))


def _noting(name: str, function: Any) -> Any:
    @functools.wraps(function)
    def noting(self: Any, /, *args: Any, **values: Any) -> None:
        function(self, *args, **values)
        if getattr(self.__class__, name) is noting:  # else a subclass goes on making it
            set_attribute(self, "_awaited", False)

    setattr(noting, _NOTES, True)
    return noting


def is_constructed(use_case: Any, *, has_input: bool) -> bool:
    """Return whether an object without such a note is fully constructed, by the attributes that construction sets.

    Args:
        use_case: the object.
        has_input: whether the constructor is the one of `UseCase`, which sets `input`.
    """
    kind: Any = use_case.__class__
    names: list[str]
    if has_input:
        names = ["input"]
    elif hasattr(kind.__init__, _NOTES) or hasattr(kind, "__post_init__"):
        names = []  # it would have been noted
    elif is_dataclass(kind):
        names = [field.name for field in fields(kind)]
    else:
        names = [attribute.name for attribute in getattr(kind, "__attrs_attrs__", ())]
    return bool(names) and all(hasattr(use_case, name) for name in names)
