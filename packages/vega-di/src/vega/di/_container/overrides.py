"""Overrides: other objects for some keys, and for dependent services, until the end of a block."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from .._engine.context import Layer, local_layers
from .._errors import InvalidInstanceError
from .._keys.key import check_key, label, read_dependency
from .._keys.scope import Scope
from .._registration.registration import Kind, Registration
from .._runtime.closing import afinish, finish

if TYPE_CHECKING:
    from .._engine.epochs import Epochs


class Override:
    """The result of ``container.override(...)``: a context manager, sync and async, for a single use at a time."""

    __slots__ = ("_epochs", "_layer", "_local", "_values")

    def __init__(self, epochs: Epochs, values: Mapping[Any, Any], *, local: bool) -> None:
        self._epochs = epochs
        self._values = values
        self._local = local
        self._layer: Layer | None = None

    def __enter__(self) -> Self:
        entries: dict[Any, Registration] = {}
        for key, value in self._values.items():
            entry = _entry(key, value)
            entries[entry.address] = entry
        layer = Layer(entries, local=self._local)
        if self._local:
            local_layers.set((*local_layers.get(), layer))
        try:
            self._epochs.add_layer(layer)
        except BaseException:
            _forget(layer)
            raise
        self._layer = layer
        return self

    def _leave(self) -> list[Any]:
        layer, self._layer = self._layer, None
        if layer is None:
            return []
        self._epochs.remove_layer(layer)
        _forget(layer)
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


def _forget(layer: Layer) -> None:
    if layer.local:
        local_layers.set(tuple(other for other in local_layers.get() if other is not layer))


def _entry(key: Any, value: Any) -> Registration:
    dependency = read_dependency(key)
    check_key(dependency.key)
    if value is None:
        raise InvalidInstanceError(
            f"None cannot override {label(key)}",
            f"container.override({{{label(key)}: None}})",
            "give the object itself; for a parameter that may be None, give an object that stands for None",
        )
    return Registration(dependency.key, value, Kind.INSTANCE, Scope.SINGLETON, name=dependency.name)
