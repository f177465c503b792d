"""Says on an error which service was being built: found from the line of generated code it passed through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._errors import CircularDependencyError, InjectionError, InvalidKeyError
from ._keys import check_key, label

if TYPE_CHECKING:
    from ._node import Node


def explain(error: Exception, key: Any = None) -> None:
    """Add a note that names the service whose constructor or factory raised.

    Raises:
        InvalidKeyError: the error came from a key that is not a type.
        CircularDependencyError: the recursion had no end because a factory asks for itself.
    """
    if isinstance(error, TypeError):
        try:
            hash(key)
        except TypeError:
            check_key(key)
            raise InvalidKeyError(f"{key!r} cannot be hashed", "resolve", "use keys with hashable metadata") from error
    if isinstance(error, InjectionError):
        return
    passed = _passed_through(error)
    if not passed:
        return
    found = passed[-1]
    if isinstance(error, RecursionError) and passed.count(found) > 1:
        place = f"{label(found.address)} -> {label(found.address)}, registered at {found.registration.site_text()}"
        raise CircularDependencyError(
            f"{label(found.address)} is asked for while it is being built, without end",
            place,
            f"let the factory take what it needs as parameters, or Lazy[{label(found.address)}]",
        ) from None
    text = f"while building {found.registration.describe()}"
    if text not in getattr(error, "__notes__", ()):
        error.add_note(text)


def _passed_through(error: Exception) -> list[Node]:
    """Give the services in whose constructors and factories an error was raised, outermost first."""
    found: list[Node] = []
    trace = error.__traceback__
    while trace is not None:
        nodes = trace.tb_frame.f_globals.get("__vega_nodes__")
        if nodes is not None and trace.tb_lineno in nodes and trace.tb_next is not None:
            found.append(nodes[trace.tb_lineno])
        trace = trace.tb_next
    return found
