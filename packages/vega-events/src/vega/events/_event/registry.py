"""Event classes by the names that stored data calls them; holds no class alive."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from .._names import name_of
from .class_checks import is_remade

if TYPE_CHECKING:  # _event imports this module
    from .event import Event

_lock = threading.Lock()
_classes: dict[str, WeakValueDictionary[str, type[Event]]] = {}


def remember(cls: type[Event]) -> None:
    """Enter a class under its names; one that is defined anew takes its own earlier place."""
    with _lock:
        for name in (cls.event_name, *cls.former_names):
            known = _classes.setdefault(name, WeakValueDictionary())
            place = next((key for key, first in known.items() if is_remade(first, cls)), name_of(cls))
            known[place] = cls


def known_names() -> list[str]:
    """Return the names of the living classes."""
    with _lock:
        return [name for name, classes in _classes.items() if len(classes)]


def classes_named(name: str) -> list[type[Event]]:
    """Return the living classes that go by a name, in the order of their full names."""
    with _lock:
        return [cls for _, cls in sorted(_classes[name].items() if name in _classes else ())]
