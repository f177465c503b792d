"""Keys, addresses and callables as text for messages."""

from __future__ import annotations

from typing import Annotated, Any, get_args, get_origin

from .key import Address


def label(subject: Any) -> str:
    """Return the text of a key, an address or a callable."""
    if isinstance(subject, Address):
        return f"{label(subject.key)} named {subject.name!r}"
    if isinstance(subject, type) and not get_args(subject):
        return subject.__qualname__.rpartition("<locals>.")[2]
    if get_origin(subject) is Annotated:
        first, *metadata = get_args(subject)
        return f"Annotated[{label(first)}, {', '.join(map(repr, metadata))}]"
    if get_args(subject):
        return f"{label(get_origin(subject))}[{', '.join(label(part) for part in get_args(subject))}]"
    name = getattr(subject, "__qualname__", None) or getattr(subject, "__name__", None)
    return name.rpartition("<locals>.")[2] if isinstance(name, str) else repr(subject)
