"""Owners of built objects: a scope, or the build of one singleton; and the store of a closed scope."""

from __future__ import annotations

import sys
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

from .._errors import MissingProviderError, ScopeClosedError
from .._keys.key import label
from .._registration.registration import user_line

if TYPE_CHECKING:
    from .._graph.node import Node

_PLACES = ("_s", "scope", "self")  # the names of a scope in plans and in their callers


class Owner:
    """The owner of objects and resources: a scope, or the build of one singleton."""

    __slots__ = ("_resources", "_store")

    if TYPE_CHECKING:
        _store: Any
        _resources: Any


def no_value(node: Node) -> NoReturn:
    """Refuse to build from a scope that was opened without an expected value.

    Raises:
        MissingProviderError: always.
    """
    raise MissingProviderError(
        f"this scope was given no {label(node.address)}",
        f"expected at {node.registration.site_text()}",
        f"container.scope({{{label(node.address)}: ...}})",
    )


class Closed(dict[int, Any]):
    """The store of a closed scope: each of its methods raises."""

    def get(self, *_: Any) -> NoReturn:
        """Refuse."""
        raise _used_late()

    def setdefault(self, *_: Any) -> NoReturn:
        """Refuse."""
        raise _used_late()


CLOSED = Closed()


def _used_late() -> ScopeClosedError:
    """Return the error of a use of a closed scope; the scope and the line are read from the stack."""
    frame: FrameType | None = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]  # the documented way to the callers
    scope: Owner | None = None
    while frame is not None and scope is None:
        scope = _closed_in(frame)
        frame = frame.f_back
    origin = getattr(scope, "origin", None)
    place = "a scope that was kept after its `with` block" if origin is None else f"the scope of {origin()}"
    return ScopeClosedError(
        "the scope is closed",
        f"{place}; used at {user_line()}",
        "resolve inside the block, or open a scope of its own in the task",
    )


def _closed_in(frame: FrameType) -> Owner | None:
    for name in _PLACES:
        value = frame.f_locals.get(name)
        if isinstance(value, Owner) and value._store is CLOSED:  # pyright: ignore[reportPrivateUsage]  # read by Vega only
            return value
    return None
