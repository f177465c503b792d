"""Checks of the results of factories: once per class, then at the cost of a set look-up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._errors import InvalidGeneratorError, InvalidInstanceError
from .._keys.key import label
from .._keys.protocols import is_protocol, lacks, protocol_methods

if TYPE_CHECKING:
    from .node import Node


class Nothing:
    """The first value of a generator without a yield."""

    __slots__ = ()


NOTHING = Nothing()


def verify(made: Any, node: Node) -> None:
    """Accept an object, and later objects of the same class.

    Raises:
        InvalidGeneratorError: the generator yielded nothing.
        InvalidInstanceError: the object is None or of the wrong type.
    """
    error = unfit(made, node.expected, label(node.address))
    place = f"{label(node.call)}, registered at {node.registration.site_text()}"
    if made is NOTHING:
        raise InvalidGeneratorError(
            f"{label(node.call)} ended without a yield", place, f"yield the {label(node.address)}, exactly once"
        )
    if error is not None:
        raise InvalidInstanceError(
            f"{label(node.call)} gave {made!r}, {error}", place, f"return an instance of {label(node.address)}"
        )
    node.seen.add(made.__class__)


def unfit(made: Any, expected: type | None, wanted: str) -> str | None:
    """Return in words why an object cannot be the service, or None."""
    if made is None:
        return f"which is not a {wanted}"
    if expected is None or expected is object:
        return None
    cls = made.__class__
    if is_protocol(expected):
        lack = lacks(expected, cls)
        fits = lack is None or all(hasattr(made, name) for name in protocol_methods(expected))
        return None if fits else f"but {lack}"
    return None if isinstance(made, expected) else f"which is not a {wanted}"
