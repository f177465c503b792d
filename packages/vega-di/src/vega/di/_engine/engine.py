"""An epoch of a container: a proved graph, the singletons and plans so far.

A plan is a generated function (see `_codegen`). Four tables hold the plans by address: `root` and `aroot` for requests
to the container, `scoped` and `ascoped` for requests to an open scope. An entry is written at the first use, after the
build of the singletons below, since these become constants of the plan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import repeat
from typing import TYPE_CHECKING, Any

from .._codegen.plans import Plans
from .._errors import AmbiguousProviderError, InvalidKeyError, MissingProviderError
from .._graph.linker import Linker
from .._graph.node import Graph, Node, unchanged
from .._graph.suggestions import suggest
from .._graph.validation import ambiguous_error, async_required, mistakes_error, prove, scope_required
from .._keys.key import check_key, label, read_dependency, split
from .._keys.scope import Scope
from .._runtime.active_scope import ambient_of
from .epochs import Table
from .singletons import abuild, awaited_in, build

if TYPE_CHECKING:
    from .epochs import Epochs


class Engine:
    """The state between two changes of the registry, or within an override."""

    def __init__(
        self, epochs: Epochs, linker: Linker, graph: Graph, store: dict[int, Any], slots: Iterator[int]
    ) -> None:
        self.epochs = epochs
        self.container: Any = epochs.container
        self.graph = graph
        self.store = store
        self.fresh_slots: list[int] = []
        self.linker = linker
        self._slots = slots
        self.layers: tuple[Any, ...] = ()
        self._proved = 0
        self.values: dict[Any, Any] = {}
        self.root: Table = Table(self._root_entry)
        self.aroot: Table = Table(self._aroot_entry)
        self.scoped: Table = Table(self._scope_entry)
        self.ascoped: Table = Table(self._ascope_entry)
        self.calls: dict[Any, Any] = {}
        self.plans: Plans = Plans(self.container, store)

    def number(self, previous: Engine | None) -> None:
        """Number the nodes; a node whose whole construction is unchanged keeps the slot of the previous epoch."""
        kept = {} if previous is None else unchanged(self.graph, previous.graph)
        for node in self.graph.every:
            node.slot = kept[node] if node in kept else self._new_slot()

    def _new_slot(self) -> int:
        slot = next(self._slots)
        self.fresh_slots.append(slot)
        return slot

    def prove(self) -> list[Node]:
        """Prove the nodes linked since the last proof, and return these nodes.

        Raises:
            ContainerError: every mistake.
        """
        fresh = self.graph.every[self._proved :]
        self._proved = len(self.graph.every)
        problems = prove(self.graph, self.epochs.registry, fresh)
        if problems:
            raise mistakes_error(problems)
        return fresh

    def grow(self) -> None:
        """Wire, prove and number nodes demanded after the build."""
        self.linker.drain()
        for node in self.prove():
            node.slot = self._new_slot()

    def find(self, address: Any) -> Node:
        """Return the node at an address.

        Raises:
            MissingProviderError: nothing provides the address.
            AmbiguousProviderError: several registrations do.
            InvalidKeyError: the key is not a type.
        """
        node = self.graph.nodes.get(address)
        if node is not None:
            return node
        with self.epochs.lock:
            key, name = split(address)
            check_key(key)
            dependency = read_dependency(key)
            place = self.linker.find(dependency._replace(name=name or dependency.name, marked=True))
            self.grow()
            node = self.graph.nodes.get(place)
        if node is not None:
            return node
        if place in self.graph.ambiguous:
            raise ambiguous_error(self.graph, place, f"resolve({label(key)})")
        fix = suggest(self.epochs.registry, address) + self.epochs.remedy()
        raise MissingProviderError(f"nothing provides {label(address)}", f"resolve({label(address)})", fix)

    def has(self, address: Any) -> bool:
        """Return whether an address is provided, also by several registrations."""
        try:
            self.find(address)
        except AmbiguousProviderError:
            return True
        except (MissingProviderError, InvalidKeyError):
            return False
        return True

    def take_over(self, opened: list[Any]) -> None:
        """Let the container close the resources of a singleton.

        Raises:
            ContainerClosedError: the container was closed while the singleton was built.
        """
        with self.epochs.lock:
            self.epochs.refuse_closed()
            self.epochs.opened_in(self.layers).extend(opened)

    def forget(self, node: Node) -> None:
        """Drop the node of a call, which keeps the node."""
        self.graph.every.remove(node)
        self._proved = len(self.graph.every)

    def source_of(self, address: Any) -> str:
        """Return the text of the plan of a service."""
        node = self.find(address)
        build(self, node)
        awaits = node.is_async and awaited_in(self, node) is not None
        write = self.plans.for_scope if node.needs_scope or node.holds_scoped else self.plans.for_container
        text: str = write(node, awaits=awaits).__globals__["__vega_source__"]
        return text

    # Entries of the tables.

    def _root_entry(self, address: Any) -> Callable[[], Any]:
        node = self.find(address)
        value: Any = None
        if node.scope is Scope.SINGLETON:
            build(self, node)
            value = self.store[node.slot]
            entry: Callable[[], Any] = repeat(value).__next__
        elif node.needs_scope or node.holds_scoped:
            entry = partial(self._from_ambient, self.scoped, address, node)
        else:
            self._refuse_async(node)
            build(self, node)
            entry = self.plans.for_container(node, awaits=False)
        self.root[address] = entry
        self.values[address] = value if is_always_true(value) else None
        return entry

    def _aroot_entry(self, address: Any) -> Callable[..., Any]:
        node = self.find(address)
        if node.needs_scope or node.holds_scoped:
            return partial(self._from_ambient, self.ascoped, address, node)

        async def first() -> Any:
            await abuild(self, node)
            entry = self.aroot[address] = self.plans.for_container(node, awaits=True)
            return await entry()

        return first

    def _scope_entry(self, address: Any) -> Callable[..., Any]:
        node = self.find(address)
        if node.scope is not Scope.SINGLETON:
            self._refuse_async(node)
        build(self, node)
        entry: Callable[..., Any] = self.plans.for_scope(node, awaits=False)
        self.scoped[address] = entry
        return entry

    def _ascope_entry(self, address: Any) -> Callable[..., Any]:
        node = self.find(address)

        async def first(scope: Any) -> Any:
            await abuild(self, node)
            entry = self.ascoped[address] = self.plans.for_scope(node, awaits=True)
            return await entry(scope)

        return first

    def _from_ambient(self, plans: Table, address: Any, node: Node) -> Any:
        scope = ambient_of(self.container)
        if scope is None:
            raise scope_required(node)
        return plans[address](scope)

    def _refuse_async(self, node: Node) -> None:
        if node.is_async and awaited_in(self, node) is not None:
            raise async_required(node)


def is_always_true(value: object) -> bool:
    """Return whether the truth of an object is known without code of the class."""
    return not (hasattr(type(value), "__bool__") or hasattr(type(value), "__len__"))
