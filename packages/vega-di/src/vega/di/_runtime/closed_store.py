"""Runtime helpers for generated code: registering resources, refusing closed scopes."""

from __future__ import annotations

import sys
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

from .._errors import MissingProviderError, ScopeClosedError
from .._keys.labels import label
from .._registration.call_site import user_line
from .closing import afinish, finish

if TYPE_CHECKING:
    from .._graph.node import Node

_PLACES = ("_s", "scope", "self")  # what plans, and those who call them, call a scope


class Owner:
    """Owns what is built for it: a scope, or the build of one singleton."""

    __slots__ = ("_resources", "_store")

    if TYPE_CHECKING:
        _store: Any
        _resources: Any


class Closed(dict[int, Any]):
    """The store of a closed scope: each of its methods raises."""

    def _refuse(self) -> NoReturn:
        raise _used_late()

    def get(self, *_: Any) -> NoReturn:
        """Refuse."""
        self._refuse()

    def setdefault(self, *_: Any) -> NoReturn:
        """Refuse."""
        self._refuse()


CLOSED = Closed()


def keep(owner: Any, resource: Any) -> None:
    """Let the owner close a resource; one that is closed already closes it at once.

    Raises:
        ScopeClosedError: the scope ended while the resource was opened.
    """
    if owner._store is CLOSED:
        finish([resource], None)
        CLOSED.get()
    if owner._resources is None:
        owner._resources = [resource]
    else:
        owner._resources.append(resource)


async def late(resource: Any) -> None:
    """Close what was opened while its scope ended.

    Raises:
        ScopeClosedError: always.
    """
    await afinish([resource], None)
    CLOSED.get()


def no_value(node: Node) -> NoReturn:
    """Say that a scope was opened without an expected value.

    Raises:
        MissingProviderError: always.
    """
    raise MissingProviderError(
        f"this scope was given no {label(node.address)}",
        f"expected at {node.registration.site_text()}",
        f"container.scope({{{label(node.address)}: ...}})",
    )


def _used_late() -> ScopeClosedError:
    """Make the error of the use that is being refused; reads the stack, so it costs nothing before."""
    frame: FrameType | None = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]  # the documented way to one's callers
    scope: Owner | None = None
    while frame is not None and scope is None:
        scope = _closed_in(frame)
        frame = frame.f_back
    return ScopeClosedError(
        "the scope is closed",
        f"{came_from(scope)}; used at {user_line()}",
        "resolve inside the block, or open a scope of its own in the task",
    )


def came_from(scope: object) -> str:
    """Return the origin of a scope in words."""
    origin = getattr(scope, "origin", None)
    return "a scope that was kept after its `with` block" if origin is None else f"the scope of {origin()}"


def _closed_in(frame: FrameType) -> Owner | None:
    for name in _PLACES:
        value = frame.f_locals.get(name)
        if isinstance(value, Owner) and value._store is CLOSED:  # pyright: ignore[reportPrivateUsage]  # read by Vega only
            return value
    return None
