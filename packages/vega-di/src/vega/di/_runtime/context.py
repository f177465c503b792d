"""Values of the calling context: its container, and the overrides of one task."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from itertools import count
from typing import TYPE_CHECKING, Any

from .._registration.registration import Registration

if TYPE_CHECKING:
    from .ports import EngineSource


class Home:
    """A place where calls find a container and its valid engine.

    Attributes:
        container: None in the place of the process, as long as nothing has asked for its container.
        engine: None where the container has to look its engine up first.
        make: puts a container into the place of the process.
    """

    __slots__ = ("container", "engine", "make")

    def __init__(self, container: EngineSource | None) -> None:
        self.container: EngineSource | None = container
        self.engine: Any = None
        self.make: Callable[[], EngineSource] | None = None


PROCESS = Home(None)
current: ContextVar[Home] = ContextVar("vega_di_container", default=PROCESS)  # one shared place, meant to change


def container_of(home: Home) -> EngineSource:
    """Return the container of a place; that of the process is made at the first demand."""
    if home.container is not None:
        return home.container
    assert home.make is not None  # the layer that knows containers has set it
    return home.make()


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
