"""Says of a scope that is used after its end where it came from and who uses it, both found when it happens."""

from __future__ import annotations

import inspect
from types import FrameType

from ._errors import ScopeClosedError
from ._runtime.active_scope import ActiveScope
from ._runtime.closed_store import CLOSED

_PLACES = ("_s", "scope", "self")  # what plans, and those who call them, call a scope


def used_late() -> ScopeClosedError:
    """Make the error of the use that is being refused; reads the stack, so it costs nothing before."""
    frame: FrameType | None = inspect.currentframe()
    scope: ActiveScope | None = None
    while frame is not None and scope is None:
        scope = _scope_in(frame)
        frame = frame.f_back
    return ScopeClosedError(
        "the scope is closed",
        f"{came_from(scope)}; used at {user()}",
        "resolve inside the block, or open a scope of its own in the task",
    )


def came_from(scope: ActiveScope | None) -> str:
    """Say in words where a scope comes from."""
    origin = getattr(scope, "origin", None)
    return "a scope that was kept after its `with` block" if origin is None else f"the scope of {origin()}"


def user() -> str:
    """Give the nearest line of the stack that is none of Vega's own, as `file:line`."""
    frame: FrameType | None = inspect.currentframe()
    while frame is not None:
        if not _is_own(frame):
            return f"{frame.f_code.co_filename}:{frame.f_lineno}"
        frame = frame.f_back
    return "the start of a task"


def _scope_in(frame: FrameType) -> ActiveScope | None:
    for name in _PLACES:
        found = frame.f_locals.get(name)
        if isinstance(found, ActiveScope) and found.v is CLOSED:
            return found
    return None


def _is_own(frame: FrameType) -> bool:
    known = frame.f_globals
    return "__vega_nodes__" in known or str(known.get("__name__", "")).startswith("vega.")
