"""The container of the calling context, and the default of the process."""

from __future__ import annotations

from .._runtime.context import PROCESS, Home, current
from .container import Container


def get_container() -> Container:
    """Give the container of the calling context, else the default of the process, made when first asked for."""
    return container_of(current.get())


def container_of(home: Home) -> Container:
    """Give the container of a home; the home of the process makes one."""
    if home.container is None:
        _settle(Container())
    assert home.container is not None  # settled just now
    return home.container


def set_container(container: Container, process: bool = False) -> None:
    """Make a container current.

    Args:
        container: the container.
        process: True changes the default of the whole process, and lets the calling context follow it;
            False changes the calling context alone, which child tasks inherit.
    """
    if process:
        _settle(container)
        current.set(PROCESS)
    else:
        current.set(container.home)


def _settle(container: Container) -> None:
    if PROCESS.container is not None:
        PROCESS.container.homes.remove(PROCESS)
    PROCESS.container = container
    container.homes.append(PROCESS)
    PROCESS.engine = container.home.engine
