"""The container of the calling context, and the default of the process."""

from __future__ import annotations

from contextvars import ContextVar

from ._container import Container

_context: ContextVar[Container | None] = ContextVar("vega_di_container", default=None)
_process: list[Container] = []


def get_container() -> Container:
    """Give the container of the calling context, else the default of the process."""
    found = _context.get()
    if found is not None:
        return found
    if not _process:
        _process.append(Container())
    return _process[0]


def set_container(container: Container, process: bool = False) -> None:
    """Make a container current for the calling context.

    Args:
        container: the container.
        process: change the default of the whole process instead.
    """
    if process:
        _process[:] = [container]
        _context.set(None)
    else:
        _context.set(container)
