"""Event classes by their names in stored data; weak references."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from .._names import name_of
from .class_checks import is_remade

if TYPE_CHECKING:  # event imports this module
    from .event import Event

_lock = threading.Lock()
_classes: dict[str, WeakValueDictionary[str, type[Event]]] = {}


def remember(cls: type[Event]) -> None:
    """Enter a class under all its names; a class that is defined again replaces its former definition."""
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
    """Return the living classes of a name, in the order of full names."""
    with _lock:
        return [cls for _, cls in sorted(_classes[name].items() if name in _classes else ())]
