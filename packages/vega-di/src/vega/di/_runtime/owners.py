"""Owners of built objects: a scope, or the build of one singleton."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from .._errors import MissingProviderError
from .._keys.labels import label

if TYPE_CHECKING:
    from .._graph.node import Node


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
