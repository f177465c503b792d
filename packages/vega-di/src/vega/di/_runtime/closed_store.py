"""What generated code calls when something is opened late, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from .._errors import MissingProviderError
from .._keys.key import label
from .closing import afinish, finish

if TYPE_CHECKING:
    from .._graph.node import Node


class Closed(dict[int, Any]):
    """The store of a scope that is over: whatever asks it learns so."""

    def _refuse(self) -> NoReturn:
        from .._late import used_late  # reads the stack; loaded when something went wrong

        raise used_late()

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
    if owner.v is CLOSED:
        finish([resource], None)
        CLOSED.get()
    if owner.exits is None:
        owner.exits = [resource]
    else:
        owner.exits.append(resource)


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
