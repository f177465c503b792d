"""Says of a scope that is used after its end where it came from and who uses it, both found when it happens."""

from __future__ import annotations

import inspect
from types import FrameType

from ._active import ActiveScope
from ._errors import ScopeClosedError
from ._keep import CLOSED

_PLACES = ("_s", "scope", "self")  # what plans, and those who call them, call a scope


def used_late() -> ScopeClosedError:
    """Make the error of the use that is being refused; reads the stack, so it costs nothing before."""
    frame: FrameType | None = inspect.currentframe()
    scope: ActiveScope | None = None
    used = ""
    while frame is not None and not (scope and used):
        scope = scope or _scope_in(frame)
        if not used and not _is_own(frame):
            used = f"{frame.f_code.co_filename}:{frame.f_lineno}"
        frame = frame.f_back
    origin = getattr(scope, "origin", None)
    came = "a scope that was kept after its `with` block" if origin is None else f"the scope of {origin()}"
    return ScopeClosedError(
        "the scope is closed",
        f"{came}; used at {used or 'the start of a task'}",
        "resolve inside the block, or open a scope of its own in the task",
    )


def _scope_in(frame: FrameType) -> ActiveScope | None:
    for name in _PLACES:
        found = frame.f_locals.get(name)
        if isinstance(found, ActiveScope) and found.v is CLOSED:
            return found
    return None


def _is_own(frame: FrameType) -> bool:
    known = frame.f_globals
    return "__vega_nodes__" in known or str(known.get("__name__", "")).startswith("vega.")
