"""Says on an error which service was being built: found from the line of generated code it passed through."""

from __future__ import annotations

from typing import Any

from ._errors import InjectionError, InvalidKeyError
from ._keys import check_key


def explain(error: Exception, key: Any) -> None:
    """Add a note that names the service whose constructor or factory raised.

    Raises:
        InvalidKeyError: the error came from a key that is not a type.
    """
    if isinstance(error, TypeError):
        try:
            hash(key)
        except TypeError:
            check_key(key)
            raise InvalidKeyError(f"{key!r} cannot be hashed", "resolve", "use keys with hashable metadata") from error
    if isinstance(error, InjectionError):
        return
    found = None
    trace = error.__traceback__
    while trace is not None:
        nodes = trace.tb_frame.f_globals.get("__vega_nodes__")
        if nodes is not None and trace.tb_lineno in nodes and trace.tb_next is not None:
            found = nodes[trace.tb_lineno]
        trace = trace.tb_next
    if found is not None:
        text = f"while building {found.registration.describe()}"
        if text not in getattr(error, "__notes__", ()):
            error.add_note(text)
