"""Overrides: other objects for some keys, and everything that is made of them, until the end of a block."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from .._errors import InvalidInstanceError
from .._keys.key import check_key, label, read_want
from .._keys.scope import Scope
from .._registration.registration import Kind, Registration
from .._runtime.closing import afinish, finish
from .._runtime.context import local_layers

if TYPE_CHECKING:
    from .container import Container


_serial = count()


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


class Override:
    """What ``container.override(...)`` gives; a context manager, sync and async, for one use at a time."""

    __slots__ = ("_container", "_layer", "_local", "_token", "_values")

    def __init__(self, container: Container, values: Mapping[Any, Any], *, local: bool) -> None:
        self._container = container
        self._values = values
        self._local = local
        self._layer: Layer | None = None
        self._token: Any = None

    def __enter__(self) -> Self:
        entries: dict[Any, Registration] = {}
        for key, value in self._values.items():
            entry = _entry(key, value)
            entries[entry.address] = entry
        layer = Layer(entries, local=self._local)
        if self._local:
            self._token = local_layers.set((*local_layers.get(), layer))
        try:
            self._container.add_layer(layer)
        except BaseException:
            self._forget(layer)
            raise
        self._layer = layer
        return self

    def _forget(self, layer: Layer) -> None:
        if self._token is not None:
            try:
                local_layers.reset(self._token)
            except ValueError:  # left in another context than entered
                local_layers.set(tuple(each for each in local_layers.get() if each is not layer))
            self._token = None

    def _leave(self) -> list[Any]:
        layer, self._layer = self._layer, None
        if layer is None:
            return []
        self._container.remove_layer(layer)
        self._forget(layer)
        return layer.opened

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        finish(self._leave(), error)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await afinish(self._leave(), error)


def _entry(key: Any, value: Any) -> Registration:
    want = read_want(key)
    check_key(want.key)
    if value is None:
        raise InvalidInstanceError(
            f"None cannot override {label(key)}",
            f"container.override({{{label(key)}: None}})",
            "give the object itself; a parameter that may be None is overridden by what stands for None",
        )
    return Registration(want.key, value, Kind.INSTANCE, Scope.SINGLETON, name=want.name)
