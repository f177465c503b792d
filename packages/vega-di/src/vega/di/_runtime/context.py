"""Values of the calling context: its container, and the overrides of one task."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import ContextVar
from itertools import count
from typing import TYPE_CHECKING, Any

from .._registration.registration import Registration

if TYPE_CHECKING:
    from .ports import EngineSource


class ContainerSlot:
    """The place where calls find a container and its valid engine.

    Attributes:
        container: None in the slot of the process, until its container is made at the first demand.
        engine: None where the container has to look its engine up first.
        make: makes the container of the slot; only the slot of the process has it.
    """

    __slots__ = ("container", "engine", "make")

    def __init__(self, container: EngineSource | None) -> None:
        self.container: EngineSource | None = container
        self.engine: Any = None
        self.make: Callable[[], EngineSource] | None = None


PROCESS = ContainerSlot(None)
current: ContextVar[ContainerSlot] = ContextVar("vega_di_container", default=PROCESS)
slots_lock = threading.RLock()
"""Held while slots change: their containers and engines, and the slots of a container.

A condition of the user may run while the lock of its container is held, and set the default of the process; so this
lock is taken last, and nothing is built or waited for while it is held.
"""


def container_of(container_slot: ContainerSlot) -> EngineSource:
    """Return the container of a slot; that of the process is made at the first demand."""
    container = container_slot.container  # read once: another thread may take the default of the process away
    if container is not None:
        return container
    assert container_slot.make is not None  # the layer that knows containers has set it
    return container_slot.make()


class Layer:
    """One block of overrides: what it replaces, what was built inside it, and which local blocks it was begun in."""

    __slots__ = ("begun", "entries", "local", "opened", "slots", "within")

    def __init__(self, entries: dict[Any, Registration], *, local: bool) -> None:
        self.entries: dict[Any, Registration] = entries
        self.local: bool = local
        self.opened: list[Any] = []
        self.slots: list[int] = []
        self.within: tuple[Layer, ...] = local_layers.get()
        self.begun: int = next(_serial)


local_layers: ContextVar[tuple[Layer, ...]] = ContextVar("vega_di_overrides", default=())
_serial = count()


def ordered(shared: tuple[Layer, ...], own: tuple[Layer, ...]) -> tuple[Layer, ...]:
    """Give the layers that are valid for a task, the one that counts most at the end.

    The innermost block counts; one that another task began outside the task's own blocks counts less than those.

    Args:
        shared: the layers of the process, in the order of their beginning.
        own: the local layers of the task.
    """
    outer = tuple(each for each in shared if not any(local in own for local in each.within))
    inner = (each for each in shared if each not in outer)
    return (*outer, *sorted((*own, *inner), key=lambda each: each.begun))
