"""The container of the calling context, and the default of the process."""

from __future__ import annotations

from contextlib import AbstractContextManager
from contextvars import Token
from typing import final

from .._engine.context import PROCESS, ContainerSlot, current, epochs_of, slots_lock
from .._engine.epochs import Epochs
from .._errors import InvalidInstanceError
from .._registration.registration import user_line
from .container import Container


def get_container() -> Container:
    """Return the container of the calling context, else the default of the process, made at the first demand."""
    container: Container = epochs_of(current.get()).container
    return container


def set_container(container: Container | None, process: bool = False) -> None:
    """Make a container the current one.

    Args:
        container: the container; None removes the current container.
        process: False applies to the calling context (the task or thread, and child tasks);
            True sets the default of the whole process, and leaves the calling context alone.

    Raises:
        InvalidInstanceError: the object is not a Container.
    """
    slot = PROCESS if container is None else _slot_of(container, "set_container")
    if process:
        _set_default(container)
    else:
        current.set(slot)


def use_container(container: Container) -> AbstractContextManager[Container]:
    """Make a container the current one of the calling context for the length of a `with` block.

    Entry and exit may be in different contexts, as in async fixtures.

    Raises:
        InvalidInstanceError: the object is not a Container.

    >>> with use_container(Container()) as container:
    ...     get_container() is container
    True
    """
    return _Block(container, _slot_of(container, "use_container"))


@final
class _Block(AbstractContextManager[Container]):
    """A `with` block with a current container; a class for speed: every unit of work enters such a block."""

    __slots__ = ("_container", "_slot", "_token")

    def __init__(self, container: Container, slot: ContainerSlot) -> None:
        self._container, self._slot = container, slot

    def __enter__(self) -> Container:
        self._token = current.set(self._slot)
        return self._container

    def __exit__(self, *_: object) -> None:
        try:
            current.reset(self._token)
        except ValueError:  # left in another context than entered
            if current.get() is self._slot:
                before = self._token.old_value
                current.set(PROCESS if before is Token.MISSING else before)


def _slot_of(container: object, function: str) -> ContainerSlot:
    if isinstance(container, Container):
        return container._epochs.slot  # pyright: ignore[reportPrivateUsage]  # the same folder
    raise InvalidInstanceError(
        f"{container!r} is not a Container", f"{function}, called at {user_line()}", "give an object: Container()"
    )


def _make_default() -> Epochs:
    with slots_lock:
        if PROCESS.epochs is None:
            _set_default(Container())
        assert PROCESS.epochs is not None  # set above, under the lock
        return PROCESS.epochs


def _set_default(container: Container | None) -> None:
    epochs = None if container is None else container._epochs  # pyright: ignore[reportPrivateUsage]  # the same folder
    with slots_lock:
        if PROCESS.epochs is not None:
            PROCESS.epochs.slots.remove(PROCESS)
        PROCESS.epochs = epochs
        PROCESS.engine = None
        if epochs is not None:
            epochs.slots.append(PROCESS)
            PROCESS.engine = epochs.slot.engine


PROCESS.make = _make_default
