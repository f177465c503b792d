"""Values of the calling context: its container, and the overrides of one task."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import ContextVar
from itertools import count
from typing import TYPE_CHECKING, Any

from .._registration.registration import Registration

if TYPE_CHECKING:
    from .epochs import Epochs


class ContainerSlot:
    """The place where calls find the epochs of a container and its valid engine.

    Attributes:
        epochs: None in the slot of the process, until its container is made at the first demand.
        engine: None where the epochs have to look the engine up first.
        make: makes the container of the slot and returns its epochs; only the slot of the process has one.
    """

    __slots__ = ("engine", "epochs", "make")

    def __init__(self, epochs: Epochs | None) -> None:
        self.epochs: Epochs | None = epochs
        self.engine: Any = None
        self.make: Callable[[], Epochs] | None = None


PROCESS = ContainerSlot(None)
current: ContextVar[ContainerSlot] = ContextVar("vega_di_container", default=PROCESS)
slots_lock = threading.RLock()
"""Held while slots change: their containers and engines, and the slots of a container.

A condition of the user may run while the lock of its container is held, and set the default of the process; so this
lock is taken last, and nothing is built or waited for while it is held.
"""


def epochs_of(container_slot: ContainerSlot) -> Epochs:
    """Return the epochs of a slot; the container of the process is made at the first demand."""
    epochs = container_slot.epochs  # read once: another thread may remove the default of the process
    if epochs is not None:
        return epochs
    assert container_slot.make is not None  # the layer that knows containers has set it
    return container_slot.make()


class Layer:
    """One block of overrides: its entries, the slots built inside, and the local blocks that it was begun in."""

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
    """Return the layers that are valid for a task, the decisive layer last.

    The innermost block counts; a block that another task began outside the task's own blocks counts less than those.

    Args:
        shared: the layers of the process, in the order of their beginning.
        own: the local layers of the task.
    """
    outer = tuple(layer for layer in shared if not any(local in own for local in layer.within))
    inner = (layer for layer in shared if layer not in outer)
    return (*outer, *sorted((*own, *inner), key=lambda layer: layer.begun))
