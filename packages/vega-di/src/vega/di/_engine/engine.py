"""One epoch of a container: a proved graph, the singletons built so far, and the plans written so far."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import repeat
from typing import TYPE_CHECKING, Any

from .._codegen.plans import container_plan, maker_plan, part_plan, scope_plan, warm_plan
from .._errors import (
    AmbiguousProviderError,
    ContainerError,
    InvalidKeyError,
    MissingProviderError,
)
from .._graph.linker import Linker
from .._graph.node import Graph, Node
from .._graph.reuse import unchanged
from .._graph.suggestions import suggest
from .._graph.validation import ambiguous_error, prove
from .._keys.key import Address, check_key, read_dependency
from .._keys.labels import label
from .._keys.scope import Scope
from .._runtime.plan_table import Table
from .refusals import async_required, scope_required
from .singletons import abuild, awaited_in, build

if TYPE_CHECKING:
    from .ports import EngineContainer


class Engine:
    """Everything that is valid between two changes of the registry, or within one override."""

    def __init__(
        self, container: EngineContainer, linker: Linker, graph: Graph, store: dict[int, Any], slots: Iterator[int]
    ):
        self.container = container
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
        self._parts: dict[tuple[Node, bool], Any] = {}
        self._warm: dict[tuple[Node, bool], Any] = {}
        self._makers: dict[tuple[Node, bool], Any] = {}

    def number(self, previous: Engine | None) -> None:
        """Give each new node its slot; a node whose whole making is unchanged keeps the slot of the previous epoch."""
        kept = {} if previous is None else unchanged(self.graph, previous.graph)
        for node in self.graph.every:
            node.slot = kept[node] if node in kept else self._new_slot()

    def _new_slot(self) -> int:
        slot = next(self._slots)
        self.fresh_slots.append(slot)
        return slot

    def prove(self) -> None:
        """Prove what was linked since the last time.

        Raises:
            ContainerError: everything that is wrong.
        """
        fresh = self.graph.every[self._proved :]
        self._proved = len(self.graph.every)
        problems = prove(self.graph, self.container.registry, fresh)
        if problems:
            raise ContainerError(
                f"{len(problems)} mistakes in the container" if len(problems) > 1 else "a mistake in the container",
                problems,
            )

    def grow(self) -> None:
        """Wire, prove and number what was demanded after the build."""
        self.linker.drain()
        self.prove_some()

    def prove_some(self) -> None:
        """Prove and number late additions."""
        start = self._proved
        self.prove()
        for node in self.graph.every[start:]:
            node.slot = self._new_slot()

    def find(self, where: Any) -> Node:
        """Give the node at an address.

        Raises:
            MissingProviderError: nothing provides it.
            AmbiguousProviderError: several do.
            InvalidKeyError: it is not a key.
        """
        found = self.graph.nodes.get(where)
        if found is not None:
            return found
        with self.container.lock:
            key, name = (where.key, where.name) if isinstance(where, Address) else (where, None)
            check_key(key)
            dependency = read_dependency(key)
            place = self.linker.find(dependency._replace(name=name or dependency.name, marked=True))
            self.grow()
            found = self.graph.nodes.get(place)
        if found is not None:
            return found
        if place in self.graph.ambiguous:
            raise ambiguous_error(self.graph, place, f"resolve({label(key)})")
        raise MissingProviderError(
            f"nothing provides {label(where)}", f"resolve({label(where)})", suggest(self.container.registry, where)
        )

    def has(self, where: Any) -> bool:
        """Say whether an address is provided, by one registration or several."""
        try:
            self.find(where)
        except AmbiguousProviderError:
            return True
        except (MissingProviderError, InvalidKeyError):
            return False
        return True

    def build(self, node: Node) -> None:
        """Build the singletons that `node` needs."""
        build(self, node)

    async def abuild(self, node: Node) -> None:
        """Build the singletons that `node` needs, awaiting what has to be awaited."""
        await abuild(self, node)

    def take_over(self, opened: list[Any]) -> None:
        """Let the container close what a singleton has opened, at the latest at its end.

        Raises:
            ContainerClosedError: it was closed while the singleton was built.
        """
        with self.container.lock:
            self.container.refuse_closed()
            self.container.opened_in(self.layers).extend(opened)

    def forget(self, node: Node) -> None:
        """Drop a node that was linked for a call; the call keeps it."""
        self.graph.every.remove(node)
        self._proved = len(self.graph.every)

    def source_of(self, where: Any) -> str:
        """Give the text of the plan of a service."""
        node = self.find(where)
        build(self, node)
        awaits = node.is_async and awaited_in(self, node) is not None
        if node.needs_scope or node.holds_scoped:
            plan = scope_plan(self, node, awaits=awaits)
        else:
            plan = container_plan(self, node, awaits=awaits)
        text: str = plan.__globals__["__vega_source__"]
        return text

    def built(self, node: Node) -> Any:
        """Give a singleton that has been built."""
        return self.store[node.slot]

    # Parts of generated code.

    def part(self, node: Node, *, awaits: bool) -> Any:
        """Give a function of the owner that makes a transient; it is written when it first runs."""

        def run(owner: Any) -> Any:
            plan = self._parts.get((node, awaits))
            if plan is None:
                plan = self._parts[node, awaits] = part_plan(self, node, awaits=awaits)
            return plan(owner)

        return run

    def warm(self, node: Node, *, awaits: bool) -> Any:
        """Give the careful half of a scope's plan; it is written when it first runs."""

        def run(scope: Any) -> Any:
            plan = self._warm.get((node, awaits))
            if plan is None:
                plan = self._warm[node, awaits] = warm_plan(self, node, awaits=awaits)
            return plan(scope)

        return run

    def maker(self, node: Node, *, awaits: bool) -> Any:
        """Give the function of the owner that makes a scoped service; it is written when it first runs."""

        def run(owner: Any) -> Any:
            plan = self._makers.get((node, awaits))
            if plan is None:
                plan = self._makers[node, awaits] = maker_plan(self, node, awaits=awaits)
            return plan(owner)

        return run

    # Entries of the tables.

    def _root_entry(self, where: Any) -> Callable[[], Any]:
        node = self.find(where)
        value: Any = None
        if node.scope is Scope.SINGLETON:
            build(self, node)
            value = self.built(node)
            entry: Callable[[], Any] = repeat(value).__next__
        elif node.needs_scope or node.holds_scoped:
            entry = self._scoped_entry(where, node)
        else:
            self._refuse_async(node)
            build(self, node)
            entry = container_plan(self, node, awaits=False)
        self.root[where] = entry
        self.values[where] = value if is_always_true(value) else None
        return entry

    def _scoped_entry(self, where: Any, node: Node) -> Callable[[], Any]:
        def ask_the_ambient_scope() -> Any:
            return self.scoped[where](self._ambient(node))

        return ask_the_ambient_scope

    def _aroot_entry(self, where: Any) -> Callable[..., Any]:
        node = self.find(where)
        if node.needs_scope or node.holds_scoped:
            return lambda: self.ascoped[where](self._ambient(node))

        async def first() -> Any:
            await abuild(self, node)
            if node.scope is Scope.SINGLETON:
                value = self.built(node)

                async def entry() -> Any:
                    return value
            else:
                entry = container_plan(self, node, awaits=True)
            self.aroot[where] = entry
            return await entry()

        return first

    def _scope_entry(self, where: Any) -> Callable[..., Any]:
        node = self.find(where)
        if node.scope is not Scope.SINGLETON:
            self._refuse_async(node)
        build(self, node)
        entry: Callable[..., Any] = scope_plan(self, node, awaits=False)
        self.scoped[where] = entry
        return entry

    def _ascope_entry(self, where: Any) -> Callable[..., Any]:
        node = self.find(where)

        async def first(scope: Any) -> Any:
            await abuild(self, node)
            entry = self.ascoped[where] = scope_plan(self, node, awaits=True)
            return await entry(scope)

        return first

    def _ambient(self, node: Node) -> Any:
        scope = self.container.ambient()
        if scope is None:
            raise scope_required(node)
        return scope

    def _refuse_async(self, node: Node) -> None:
        if node.is_async and awaited_in(self, node) is not None:
            raise async_required(node)


def is_always_true(value: object) -> bool:
    """Say whether testing the truth of an object cannot run code of its class."""
    cls = type(value)
    return not (hasattr(cls, "__bool__") or hasattr(cls, "__len__"))
