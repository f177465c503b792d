"""The container of the calling context, and the default of the process."""

from __future__ import annotations

import threading

from .._runtime.context import PROCESS, container_of, current
from .container import Container

_lock = threading.Lock()


def get_container() -> Container:
    """Give the container of the calling context, else the default of the process, made when first asked for."""
    container = container_of(current.get())
    assert isinstance(container, Container)  # nothing else is made current
    return container


def set_container(container: Container, process: bool = False) -> None:
    """Make a container current.

    Args:
        container: the container.
        process: True changes the default of the whole process, and lets the calling context follow it;
            False changes the calling context alone, which child tasks inherit.
    """
    if process:
        _set_default(container)
        current.set(PROCESS)
    else:
        current.set(container.container_slot)


def _make_default() -> Container:
    with _lock:
        container = PROCESS.container
        if container is None:
            container = Container()
            _set_default(container)
    assert isinstance(container, Container)
    return container


def _set_default(container: Container) -> None:
    if isinstance(PROCESS.container, Container):
        PROCESS.container.container_slots.remove(PROCESS)
    PROCESS.container = container
    container.container_slots.append(PROCESS)
    PROCESS.engine = container.container_slot.engine


PROCESS.make = _make_default
