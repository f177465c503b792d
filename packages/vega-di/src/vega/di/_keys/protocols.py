"""Protocols as keys: required methods, and the methods that a class lacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, get_origin

from .key import label

_NOT_REQUIRED = {"__init__", "__new__", "__subclasshook__", "__class_getitem__"}


def is_protocol(cls: type) -> bool:
    """Return whether a class is a Protocol itself, not only an implementation."""
    return bool(cls.__dict__.get("_is_protocol", False))


def protocol_methods(cls: type) -> frozenset[str]:
    """Return the names of the methods that a Protocol requires."""
    bases = [base for base in cls.__mro__ if is_protocol(base) and base is not Protocol]
    return frozenset(name for base in bases for name, member in vars(base).items() if _is_required(name, member))


def _is_required(name: str, member: object) -> bool:
    if name.startswith("_abc_") or name in _NOT_REQUIRED:
        return False
    return isinstance(member, (Callable, property, classmethod, staticmethod)) and not isinstance(member, type)  # type: ignore[arg-type]  # the abstract class is fine for isinstance


def lacks(cls: type, implementation: Any) -> str | None:
    """Return in words how a class fails to fit another class, or None where it fits."""
    candidate = get_origin(implementation) or implementation
    if not isinstance(candidate, type):
        return None
    if is_protocol(cls):
        absent = sorted(name for name in protocol_methods(cls) if not hasattr(candidate, name))
        return f"{label(candidate)} lacks {', '.join(absent)}" if absent else None
    try:
        fits = issubclass(candidate, cls)
    except TypeError:
        return None
    return None if fits else f"{label(candidate)} is not a subclass of {label(cls)}"
