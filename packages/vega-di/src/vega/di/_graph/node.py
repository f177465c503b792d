"""The graph of a registry: a node per service, with arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from typing import Any, NamedTuple

from .._errors import InjectionError
from .._keys.scope import Scope
from .._registration.registration import ASYNC, RESOURCES, Kind, Registration


class ArgumentSource(Enum):
    """The source of the value of an argument."""

    NODE = "another service"
    CONSTANT = "known since build"
    OWNER = "the resolver that builds"
    SCOPE = "the open scope"


class Argument(NamedTuple):
    """An argument of a call; `keyword` is None for a positional argument."""

    keyword: str | None
    source: ArgumentSource
    value: Any
    parameter: str


class Node:
    """A service to be built."""

    def __init__(self, address: Any, call: Any, kind: Kind, scope: Scope, registration: Registration) -> None:
        self.address: Any = address
        self.call: Any = call
        self.kind: Kind = kind
        self.scope: Scope = scope
        self.registration: Registration = registration
        self.identity: Any = (id(registration), address)
        self.slot: int = -1
        self.arguments: tuple[Argument, ...] = ()
        self.deps: tuple[Node, ...] = ()
        self.deferred: tuple[tuple[Any, bool], ...] = ()  # addresses of deferred services; True for kept results
        self.meaning: dict[Any, Any] | None = None
        self.expected: type | None = None
        self.seen: set[type] = set()
        self.is_async: bool = kind in ASYNC
        self.holds_scoped: bool = scope is Scope.SCOPED
        self.needs_scope: bool = self.holds_scoped or (scope is Scope.TRANSIENT and kind in RESOURCES)
        self.uses_owner: bool = False

    def take(self, arguments: Iterable[Argument]) -> None:
        """Set the arguments of the call."""
        self.arguments = tuple(arguments)
        self.deps = tuple(each.value for each in self.arguments if each.source is ArgumentSource.NODE)

    def propagate(self) -> None:
        """Derive the properties from dependencies, which are complete already."""
        for argument in self.arguments:
            if argument.source is not ArgumentSource.NODE:
                self.uses_owner |= argument.source in {ArgumentSource.OWNER, ArgumentSource.SCOPE}
                if argument.source is ArgumentSource.SCOPE:
                    self.holds_scoped = True
                    self.needs_scope = self.scope is not Scope.SINGLETON
                continue
            dep: Node = argument.value
            if dep.is_async:
                self.is_async = True
            if dep.scope is Scope.SINGLETON:
                continue
            if dep.holds_scoped:
                self.holds_scoped = True
            if dep.uses_owner:
                self.uses_owner = True
            if dep.needs_scope and self.scope is not Scope.SINGLETON:
                self.needs_scope = True


class Graph:
    """All nodes by address, with the mistakes of linking."""

    def __init__(self) -> None:
        self.nodes: dict[Any, Node] = {}
        self.ambiguous: dict[Any, list[Node]] = {}
        self.every: list[Node] = []
        self.problems: list[InjectionError] = []
        self.missing: dict[Any, list[tuple[Node, str]]] = {}
        self.wanted_one: dict[Any, list[tuple[Node, str]]] = {}


def order(nodes: Iterable[Node], done: Callable[[Node], bool] = lambda _: False) -> Iterator[Node]:
    """Yield nodes after all dependencies, without those where `done` holds; a cycle is cut at its end."""
    seen: set[Node] = set()
    for start in nodes:
        if start in seen or done(start):
            continue
        seen.add(start)
        stack = [(start, iter(start.deps))]
        while stack:
            node, rest = stack[-1]
            for dep in rest:
                if dep not in seen and not done(dep):
                    seen.add(dep)
                    stack.append((dep, iter(dep.deps)))
                    break
            else:
                stack.pop()
                yield node


def unchanged(graph: Graph, before: Graph) -> dict[Node, int]:
    """Return the slots of nodes with the same construction as in the previous epoch, dependencies included."""
    known = {node.identity: node for node in before.every}
    changed: set[Node] = set()
    users: dict[Node, list[Node]] = {}
    for node in graph.every:
        old = known.get(node.identity)
        if old is None or [d.identity for d in old.deps] != [d.identity for d in node.deps]:
            changed.add(node)
        for dep in (*node.deps, *(graph.nodes[where] for where, _ in node.deferred if where in graph.nodes)):
            users.setdefault(dep, []).append(node)
    todo = list(changed)
    while todo:
        fresh = [user for user in users.get(todo.pop(), ()) if user not in changed]
        changed.update(fresh)
        todo += fresh
    return {node: known[node.identity].slot for node in graph.every if node not in changed}
