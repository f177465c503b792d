"""Marked functions by defining module, for later buses.

An entry has no behaviour. Functions made by the same code, such as in a loop, stand side by side; a function of the
same name made by different code (the module was reloaded) takes the place. Local functions are not kept alive.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from .._names import name_of
from .subscription import Mark

_ATTRIBUTE = "__vega_subscriptions__"
_lock = threading.Lock()
_entries: dict[str, list[Callable[[], Any]]] = {}


def add_mark(function: Any, mark: Mark) -> bool:
    """Put a mark on a function; return False for a function without attributes, such as a bound method or builtin."""
    try:
        setattr(function, _ATTRIBUTE, (*marks_of(function), mark))
    except (AttributeError, TypeError):
        return False
    return True


def marks_of(function: Any) -> tuple[Mark, ...]:
    """Return the marks of a function, of the innermost decorator first."""
    marks: tuple[Mark, ...] = getattr(function, _ATTRIBUTE, ())
    return marks


def record(function: Any) -> None:
    """Enter a marked function under `module:qualname`."""
    with _lock:
        entry = _entries.setdefault(name_of(function), [])
        living = [known for ref in entry if (known := ref()) is not None]
        if any(known is function for known in living):
            return
        code = getattr(function, "__code__", None)
        twins = [known for known in living if getattr(known, "__code__", None) is code]
        entry[:] = [_reference(each) for each in (*twins, function)]


def _reference(function: Any) -> Callable[[], Any]:
    return weakref.ref(function) if "<locals>" in name_of(function) else lambda: function


def recorded(modules: Iterable[str]) -> Iterator[Callable[..., object]]:
    """Yield the living functions of some modules, in the order of their first recording."""
    wanted = frozenset(modules)
    with _lock:
        found = [ref() for name, entry in _entries.items() if name.partition(":")[0] in wanted for ref in entry]
    yield from (function for function in found if function is not None)
