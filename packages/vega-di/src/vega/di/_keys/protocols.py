"""Protocols as keys: the methods that one asks for, and the methods that a class lacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, get_origin

from .labels import label


def is_protocol(cls: type) -> bool:
    """Say whether a class is itself a Protocol."""
    return bool(cls.__dict__.get("_is_protocol", False))


def protocol_methods(cls: type) -> frozenset[str]:
    """Give the methods a Protocol asks for."""
    found: set[str] = set()
    for base in cls.__mro__:
        if is_protocol(base) and base is not Protocol:
            found.update(name for name, member in vars(base).items() if _asked(name, member))
    return frozenset(found)


def _asked(name: str, member: object) -> bool:
    if name.startswith("_abc_") or name in {"__init__", "__new__", "__subclasshook__", "__class_getitem__"}:
        return False
    return isinstance(member, (Callable, property, classmethod, staticmethod)) and not isinstance(member, type)  # type: ignore[arg-type]  # the abstract class is fine for isinstance


def lacks(cls: type, implementation: Any) -> str | None:
    """Say in words how a class fails to fit another, or None when it fits."""
    found = get_origin(implementation) or implementation
    if not isinstance(found, type):
        return None
    if is_protocol(cls):
        absent = sorted(name for name in protocol_methods(cls) if not hasattr(found, name))
        return f"{label(found)} lacks {', '.join(absent)}" if absent else None
    try:
        fits = issubclass(found, cls)
    except TypeError:
        return None
    return None if fits else f"{label(found)} is not a subclass of {label(cls)}"
