"""The epochs of a container: which engine is valid for whom, and what ends with what."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from itertools import count
from typing import TYPE_CHECKING, Any, Final, NoReturn

from .._errors import ContainerClosedError, InvalidInstanceError, InvalidRegistrationError
from .._keys.key import class_of
from .._keys.labels import label
from .._keys.resolver import Resolver
from .._keys.scope import Scope
from .._registration.registry import Registry
from .._runtime.active_scope import ActiveScope, ambient_of, make_scope_class
from .._runtime.closing import afinish, finish
from .._runtime.context import ContainerSlot, Layer, local_layers, ordered, slots_lock
from .._runtime.plan_table import Table

if TYPE_CHECKING:
    from .._engine.engine import Engine

SCOPED: Final = Scope.SCOPED  # the attribute of an enum costs as much as a call


class Epochs:
    """The changing state of a container: its engines, its overrides and its resources."""

    def __init__(self, profiles: Iterable[str] | None, settings: Any) -> None:
        self.registry: Registry = Registry(profiles, settings)
        self.lock: AbstractContextManager[bool] = threading.RLock()
        self.container_slot: ContainerSlot = ContainerSlot(self)
        self.container_slots: list[ContainerSlot] = [self.container_slot]
        self.entry_points: list[Any] = []
        self.specialised: list[Any] = []
        self._store: dict[int, Any] = {}
        self._slots = count()
        self._opened: list[Any] = []
        self._engines: dict[tuple[Layer, ...], Engine] = {}
        self._last: Engine | None = None
        self._layers: tuple[Layer, ...] = ()
        self._locals = 0
        self._known_locals: list[Layer] = []
        self._closed = False
        self.scope_class: type[ActiveScope]
        self.scope_class, self._switch_scopes = make_scope_class(self)
        self.values: dict[Any, Any]
        self.plans: Table
        self.aplans: Table
        self._switch(None)

    @property
    def settings(self) -> Any:
        """The object that ``when=setting(...)`` looks at."""
        return self.registry.settings

    @settings.setter
    def settings(self, settings: Any) -> None:
        self.registry.settings = settings
        self.invalidate()

    def ambient(self) -> ActiveScope | None:
        """Give the innermost ambient scope of this container, or None."""
        return ambient_of(self)

    def effective(self) -> Engine:
        """Give the engine that is valid for the calling context, building it if need be.

        Raises:
            ContainerError: the container has mistakes.
            ContainerClosedError: it is closed.
        """
        layers = self._layers
        if self._locals:
            layers = ordered(layers, tuple(each for each in local_layers.get() if each in self._known_locals))
        engine = self._engines.get(layers)
        return engine if engine is not None else self._build(layers)

    def _build(self, layers: tuple[Layer, ...]) -> Engine:
        from .._engine.engine import Engine  # what builds is loaded when something is built
        from .._graph.linker import Linker
        from .._graph.node import ArgumentSource

        with self.lock:
            self.refuse_closed()
            engine = self._engines.get(layers)
            if engine is not None:
                return engine
            previous = self._engines.get(layers[:-1]) or self._build(layers[:-1]) if layers else self._last
            replaced = {where: entry for layer in layers for where, entry in layer.entries.items()}
            special = {
                Resolver: (ArgumentSource.OWNER, None),
                ActiveScope: (ArgumentSource.SCOPE, None),
                type(self): (ArgumentSource.CONSTANT, self),
            }
            linker = Linker(self.registry, replaced, special)
            graph = linker.link_all()
            engine = Engine(self, linker, graph, self._store, self._slots)
            engine.layers = layers
            engine.fresh_slots = layers[-1].slots if layers else []
            engine.prove()
            engine.number(previous)
            self._engines[layers] = engine
            if not layers:
                self._last = engine
            if not self._locals and layers == self._layers:
                self._switch(engine)
            return engine

    def invalidate(self) -> None:
        """Begin a new epoch at the next use."""
        self._engines.clear()
        if self._last is not None or self._layers:
            self._switch(None)

    def _switch(self, engine: Engine | None) -> None:
        """Let everything that is asked from now on go to an engine; None looks it up each time."""
        if engine is None:
            self.values = {}
            self.plans = Table(lambda where: self.effective().root[where])
            self.aplans = Table(lambda where: self.effective().aroot[where])
            scoped = Table(lambda where: self.effective().scoped[where])
            self._switch_scopes(scoped, Table(lambda where: self.effective().ascoped[where]))
        else:
            self.values, self.plans, self.aplans = engine.values, engine.root, engine.aroot
            self._switch_scopes(engine.scoped, engine.ascoped)
        with slots_lock:
            for container_slot in self.container_slots:
                container_slot.engine = engine

    def add_layer(self, layer: Layer) -> None:
        """Begin an override."""
        with self.lock:
            if layer.local:
                self._known_locals = [*self._known_locals, layer]
                self._locals += 1
                self._switch(None)
            else:
                self._layers = (*self._layers, layer)
            try:
                self._switch_to_valid()
            except BaseException:
                self.remove_layer(layer)
                raise

    def remove_layer(self, layer: Layer) -> None:
        """End an override; the objects from before it are back."""
        with self.lock:
            if layer.local:
                self._known_locals = [each for each in self._known_locals if each is not layer]
                self._locals -= 1
            else:
                self._layers = tuple(each for each in self._layers if each is not layer)
            self._engines = {layers: engine for layers, engine in self._engines.items() if layer not in layers}
            for slot in layer.slots:
                self._store.pop(slot, None)
            if not self._closed:
                self._switch(self._engines.get(self._layers) if not self._locals else None)

    def opened_in(self, layers: tuple[Layer, ...]) -> list[Any]:
        """Give the list of what ends with the innermost of these overrides that still lasts, or with the container."""
        lasting = (*self._layers, *self._known_locals)
        return next((layer.opened for layer in reversed(layers) if layer in lasting), self._opened)

    def _switch_to_valid(self) -> None:
        engine = self.effective()
        self._switch(engine if not self._locals else None)

    def seed(self, values: Mapping[Any, Any]) -> dict[int, Any]:
        """Give the store of a scope that is opened with values."""
        if not values.keys() <= self.registry.expected:
            self._expect(values)
        nodes = (self.container_slot.engine or self.effective()).graph.nodes
        store: dict[int, Any] = {}
        for key, value in values.items():
            node = nodes[key]
            error = None if value.__class__ is key else _unfit(value, key)
            if error is not None:
                raise InvalidInstanceError(
                    f"{value!r} was given to a scope for {label(key)}, {error}",
                    f"scope({{{label(key)}: ...}})",
                    "give an instance",
                )
            if node.scope is not SCOPED:
                raise InvalidRegistrationError(
                    f"{label(key)} is {node.scope.value}, and a scope was given a value for it",
                    f"registered at {node.registration.site_text()}",
                    "register it with Scope.SCOPED, or container.expect(...) it instead",
                )
            store[node.slot] = value
        return store

    def _expect(self, values: Mapping[Any, Any]) -> None:
        """Register the keys of values that nothing has registered."""
        known = {entry.address for entry in self.registry.entries}
        for key in values:
            if key not in known:
                with self.lock:
                    self.registry.expect(key)
                    self.invalidate()

    def refuse_closed(self) -> None:
        """Refuse to work after `close`.

        Raises:
            ContainerClosedError: the container is closed.
        """
        if self._closed:
            self._refuse()

    def _refuse(self, *_: Any) -> NoReturn:
        raise ContainerClosedError(
            "the container is closed",
            "resolve, scope, register or close after close()",
            "close it once, when nothing uses it any more",
        )

    def _end(self) -> list[Any]:
        with self.lock:
            self.refuse_closed()
            self._closed = True
            self._engines.clear()
            self._last = None
            self._store.clear()
            self._switch(None)
            opened, self._opened = self._opened, []
            bound, self.specialised = self.specialised, []
        from .._binding.specialisation import generalise

        for each in bound:
            generalise(each)
        return opened

    def close(self) -> None:
        """End the container: what its singletons opened is closed, last opened first.

        Raises:
            ContainerClosedError: it is closed already.
            AsyncRequiredError: something has to be awaited to be closed; use `aclose`.
        """
        finish(self._end(), None)

    async def aclose(self) -> None:
        """End the container, awaiting what has to be awaited; otherwise as `close`."""
        await afinish(self._end(), None)


def _unfit(value: object, key: Any) -> str | None:
    from .._graph.instance_check import unfit  # the graph is loaded when a container builds

    return unfit(value, class_of(key), label(key))
