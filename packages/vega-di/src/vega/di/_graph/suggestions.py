"""Suggestions for missing providers: a likely registration."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from .._keys.key import class_of, is_builtin, label, split
from .._registration.injectable import CATALOGUE
from .._registration.registry import Registry


def suggest(registry: Registry, wanted: Any) -> str:
    """Return the remedy for a missing provider."""
    key, name = split(wanted)
    for hint in (_inactive(registry, wanted), _other_names(registry, key, name), _implementation(registry, key)):
        if hint:
            return hint
    if is_builtin(key) and name is None:
        marked = f"container.register_instance({label(key)}, ...) and Annotated[{label(key)}, Inject] on the parameter"
        return f"{marked}, or a default: builtin types are injected only where they are marked"
    keys = {label(entry.address): entry for entry in registry.entries}
    close = get_close_matches(label(wanted), list(keys), n=1, cutoff=0.75)
    meant = f"; did you mean {close[0]}?" if close else ""
    fix = (
        f"container.register({label(key)}, ...)"
        if name is None
        else f"container.register_named({label(key)}, {name!r}, ...)"
    )
    return f"{fix}, or container.expect({label(key)}) if each scope is given one{meant}"


def _inactive(registry: Registry, wanted: Any) -> str:
    for entry in registry.entries:
        if entry.address == wanted and entry.verdict is not None and not entry.verdict[0]:
            return f"{entry.describe()} is registered but inactive: {entry.verdict[1]}"
    return ""


def _other_names(registry: Registry, key: Any, name: str | None) -> str:
    names = [entry.name for entry in registry.entries if entry.key == key]
    if None in names and name is not None:
        return f"{label(key)} is registered without a name; drop the name {name!r}, or register_named it"
    known = sorted({each for each in names if each is not None})
    if not known:
        return ""
    meant = f"Annotated[{label(key)}, Named({known[0]!r})]"
    return f"{label(key)} is registered under the names {known}; did you mean {meant}?"


def _implementation(registry: Registry, key: Any) -> str:
    cls = class_of(key)
    if cls is None or is_builtin(cls):
        return ""
    known: Sequence[Any] = [entry.key for entry in registry.entries]
    for other in known:
        if isinstance(other, type) and _derives(other, cls):
            return f"container.alias({label(key)}, {label(other)}): it is registered under its own name only"
    for marked in CATALOGUE.values():
        if isinstance(marked, type) and _derives(marked, cls):
            return f"container.include([{marked.__module__!r}]): {label(marked)} is marked @injectable there"
    subclasses: list[type] = type.__subclasses__(cls)
    for sub in subclasses:
        if sub not in known and not getattr(sub, "__abstractmethods__", None):
            reason = f"{label(sub)} exists in {sub.__module__} but is not registered"
            return f"container.register({label(key)}, {label(sub)}); {reason}"
    return ""


def _derives(cls: type, base: type) -> bool:
    return cls is not base and base in cls.__mro__
