"""The epochs of a container: the valid engine of a context, and the resources of an epoch.

An epoch begins with a registration and with an override. `invalidate` drops the engines; the next use builds an engine
(`effective`), with the slots, and so the objects, of unchanged nodes. While no override of a single task is active, all
callers share an engine: the tables of the engine are then copied to the container, the scopes and the slots of the
calling contexts, so that a call looks nothing up. Otherwise these places hold tables that call `effective` every time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from itertools import count
from typing import TYPE_CHECKING, Any, Final, cast

from .._errors import (
    ContainerClosedError,
    ContainerError,
    InjectionError,
    InvalidInstanceError,
    InvalidRegistrationError,
)
from .._keys.key import class_of, label
from .._keys.resolver import Resolver
from .._keys.scope import Scope
from .._registration.registry import Registry
from .._runtime.active_scope import ActiveScope, make_scope_class
from .context import PROCESS, ContainerSlot, Layer, local_layers, ordered, slots_lock

if TYPE_CHECKING:
    from .engine import Engine

SCOPED: Final = Scope.SCOPED  # the attribute of an enum costs as much as a call


class Table(dict[Any, Any]):
    """Plans by address; a missing plan is written at its first use."""

    __slots__ = ("write",)

    def __init__(self, write: Callable[[Any], Any]) -> None:
        super().__init__()
        self.write: Callable[[Any], Any] = write

    def __missing__(self, address: Any) -> Any:
        return self.write(address)


class Epochs:
    """The changing state of a container: engines, overrides and resources.

    Args:
        container: the container; also the resolver of factories without a scope.
        registry: the registrations.
        use_tables: receives the values, plans and async plans for requests to the container.
    """

    def __init__(
        self, container: Any, registry: Registry, use_tables: Callable[[dict[Any, Any], Table, Table], None]
    ) -> None:
        self.container: Any = container
        self.registry: Registry = registry
        self.lock: AbstractContextManager[bool] = threading.RLock()
        self.slot: ContainerSlot = ContainerSlot(self)
        self.slots: list[ContainerSlot] = [self.slot]
        self.at_end: list[Callable[[], None]] = []
        self.scope_class: type[ActiveScope]
        self.scope_class, self._use_scope_tables = make_scope_class(container)
        self._use_tables = use_tables
        self._store: dict[int, Any] = {}
        self._numbers = count()
        self._opened: list[Any] = []
        self._engines: dict[tuple[Layer, ...], Engine] = {}
        self._last: Engine | None = None
        self._layers: tuple[Layer, ...] = ()
        self._local_layers: list[Layer] = []
        self._closed = False
        self._switch(None)

    def effective(self) -> Engine:
        """Return the valid engine of the calling context, built at need.

        Raises:
            ContainerError: the container has mistakes.
            ContainerClosedError: the container is closed.
        """
        layers = self._active_layers()
        engine = self._engines.get(layers)
        return engine if engine is not None else self._build(layers)

    def _active_layers(self) -> tuple[Layer, ...]:
        if not self._local_layers:
            return self._layers
        return ordered(self._layers, tuple(layer for layer in local_layers.get() if layer in self._local_layers))

    def draft(self) -> tuple[Engine, Sequence[InjectionError]]:
        """Return the valid engine of the calling context; or a linked one that can be asked, and its mistakes."""
        try:
            return self.effective(), ()
        except ContainerError as group:
            with self.lock:
                engine = self._link(self._active_layers())
                with suppress(ContainerError):
                    engine.prove()
                return engine, cast("Sequence[InjectionError]", group.exceptions)  # not nested

    def _build(self, layers: tuple[Layer, ...]) -> Engine:
        with self.lock:
            self.refuse_closed()
            engine = self._engines.get(layers)
            if engine is not None:
                return engine
            previous = self._engines.get(layers[:-1]) or self._build(layers[:-1]) if layers else self._last
            engine = self._link(layers)
            engine.fresh_slots = layers[-1].slots if layers else []
            engine.prove()
            engine.number(previous)
            self._engines[layers] = engine
            if not layers:
                self._last = engine
            if not self._local_layers and layers == self._layers:
                self._switch(engine)
            return engine

    def _link(self, layers: tuple[Layer, ...]) -> Engine:
        from .._graph.linker import Linker
        from .._graph.node import ArgumentSource
        from .engine import Engine  # loaded at the first build

        replaced = {address: entry for layer in layers for address, entry in layer.entries.items()}
        special: dict[Any, tuple[ArgumentSource, Any]] = {
            Resolver: (ArgumentSource.OWNER, None),
            ActiveScope: (ArgumentSource.SCOPE, None),
            type(self.container): (ArgumentSource.CONSTANT, self.container),
        }
        linker = Linker(self.registry, replaced, special)
        engine = Engine(self, linker, linker.link_all(), self._store, self._numbers)
        engine.layers = layers
        return engine

    def invalidate(self) -> None:
        """Begin a new epoch at the next use."""
        self._engines.clear()
        if self._last is not None or self._layers:
            self._switch(None)

    def _switch(self, engine: Engine | None) -> None:
        """Use an engine for every later request; None looks the engine up at every request."""
        if engine is None:
            aroot = Table(lambda address: self.effective().aroot[address])
            self._use_tables({}, Table(lambda address: self.effective().root[address]), aroot)
            scoped = Table(lambda address: self.effective().scoped[address])
            self._use_scope_tables(scoped, Table(lambda address: self.effective().ascoped[address]))
        else:
            self._use_tables(engine.values, engine.root, engine.aroot)
            self._use_scope_tables(engine.scoped, engine.ascoped)
        with slots_lock:
            for slot in self.slots:
                slot.engine = engine

    def add_layer(self, layer: Layer) -> None:
        """Begin an override."""
        with self.lock:
            if layer.local:
                self._local_layers = [*self._local_layers, layer]
                self._switch(None)
            else:
                self._layers = (*self._layers, layer)
            if self._closed:  # valid from `reopen` on
                return
            try:
                engine = self.effective()
                self._switch(None if self._local_layers else engine)
            except BaseException:
                self.remove_layer(layer)
                raise

    def remove_layer(self, layer: Layer) -> None:
        """End an override, and restore the former objects."""
        with self.lock:
            self._local_layers = [other for other in self._local_layers if other is not layer]
            self._layers = tuple(other for other in self._layers if other is not layer)
            self._engines = {layers: engine for layers, engine in self._engines.items() if layer not in layers}
            for slot in layer.slots:
                self._store.pop(slot, None)
            if not self._closed:
                self._switch(None if self._local_layers else self._engines.get(self._layers))

    def opened_in(self, layers: tuple[Layer, ...]) -> list[Any]:
        """Return the resources of the innermost active override of some layers, or of the container."""
        active = (*self._layers, *self._local_layers)
        return next((layer.opened for layer in reversed(layers) if layer in active), self._opened)

    def seed(self, values: Mapping[Any, Any]) -> dict[int, Any]:
        """Return the store of a scope with values.

        Raises:
            InvalidInstanceError: a value is None or of the wrong type.
            InvalidRegistrationError: the service of a value does not live in a scope.
        """
        if not values.keys() <= self.registry.expected:
            for key in values:
                self.expect(key)
        from .._graph.instance_check import unfit  # the graph is loaded when a container builds

        nodes = (self.slot.engine or self.effective()).graph.nodes
        store: dict[int, Any] = {}
        for key, value in values.items():
            node = nodes[key]
            error = None if value.__class__ is key else unfit(value, class_of(key), label(key))
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

    def expect(self, key: Any) -> None:
        """Declare a key whose value scopes receive."""
        with self.lock:
            if self.registry.expect(key):
                self.invalidate()

    def remedy(self) -> str:
        """Return how to reach another container, where this one is the empty default of the process."""
        if PROCESS.epochs is not self or self.registry.entries:
            return ""
        return "; no container is current here: enter use_container(...), or app.activate() of a running application"

    def refuse_closed(self) -> None:
        """Refuse to work after `end`.

        Raises:
            ContainerClosedError: the container is closed.
        """
        if self._closed:
            raise ContainerClosedError(
                "the container is closed",
                "resolve, scope, register or close after close()",
                "close it once, after its last use; container.reopen() for another life",
            )

    def end(self) -> list[Any]:
        """End every epoch, and return the resources to close, last opened last.

        Raises:
            ContainerClosedError: the container is closed already.
        """
        with self.lock:
            self.refuse_closed()
            self._closed = True
            self._engines.clear()
            self._last = None
            self._store.clear()
            self._switch(None)
            opened, self._opened = self._opened, []
            for layer in (*self._layers, *self._local_layers):  # an override may last longer than its objects
                opened += layer.opened
                layer.opened.clear()
            at_end, self.at_end = self.at_end, []
        for end in at_end:
            end()
        return opened

    def reopen(self) -> None:
        """Undo `end`: the registrations are those of before, and nothing is built."""
        with self.lock:
            self._closed = False
