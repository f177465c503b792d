"""The nearest line of the user's code: the place of a registration, or of a use after the end."""

from __future__ import annotations

import sys
from types import FrameType


def call_site() -> tuple[str, int]:
    """Return file and line of the nearest caller outside Vega; the outermost caller where there is none."""
    frame = _nearest(sys._getframe(1))  # pyright: ignore[reportPrivateUsage]  # the documented way to the callers
    return frame.f_code.co_filename, frame.f_lineno


def user_line() -> str:
    """Return the nearest line outside Vega as `file:line`."""
    frame = _nearest(sys._getframe(1))  # pyright: ignore[reportPrivateUsage]  # the same
    return "the start of a task" if _is_of_vega(frame) else f"{frame.f_code.co_filename}:{frame.f_lineno}"


def _nearest(frame: FrameType) -> FrameType:
    while frame.f_back is not None and _is_of_vega(frame):
        frame = frame.f_back
    return frame


def _is_of_vega(frame: FrameType) -> bool:
    """Return whether a frame runs code of Vega, generated code included."""
    names = frame.f_globals
    package = names.get("__package__") or names.get("__name__")
    return f"{package}.".startswith("vega.") or "__vega_nodes__" in names or "__vega_call__" in names
