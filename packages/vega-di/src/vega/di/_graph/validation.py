"""Proves a graph: every mistake is found at once, before anything is built."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, get_args, get_origin

from .._errors import (
    AmbiguousProviderError,
    AsyncRequiredError,
    CaptiveDependencyError,
    CircularDependencyError,
    ContainerError,
    InjectionError,
    InvalidRegistrationError,
    MissingProviderError,
    ScopeRequiredError,
    WrongImplementationError,
)
from .._keys.key import class_of, label, read_dependency
from .._keys.protocols import is_protocol, lacks
from .._keys.scope import Scope
from .._registration.registration import ASYNC, Kind, Registration
from .._registration.registry import Registry
from .._registration.signatures import annotations_of, evaluate_hint
from .node import ArgumentSource, Graph, Node
from .paths import draw, path_to, shortest
from .suggestions import suggest

_SHOWN = 3


def prove(graph: Graph, registry: Registry, fresh: Iterable[Node]) -> list[InjectionError]:
    """Propagate through new nodes and return every mistake of the graph.

    Args:
        graph: the linked graph; the notes of missing and ambiguous services are removed and reported.
        registry: the source of suggestions.
        fresh: the new nodes.
    """
    nodes = list(fresh)
    found = list(graph.problems)
    graph.problems.clear()
    found += _cycles(graph, nodes)
    for where, places in graph.missing.items():
        place = _places(graph, where, places)
        found.append(MissingProviderError(f"nothing provides {label(where)}", place, suggest(registry, where)))
    found += [ambiguous_error(graph, where, _places(graph, where, at)) for where, at in graph.wanted_one.items()]
    graph.missing.clear()
    graph.wanted_one.clear()
    for node in nodes:
        if node.scope is Scope.SINGLETON and _holds(graph, node):
            found.append(_captive(graph, node))
        if node.call is not node.registration.key or node.registration.kind is not Kind.INSTANCE:
            wrong = _unfit(node.registration)
            if wrong is not None:
                found.append(wrong)
    return found


def mistakes_error(mistakes: Sequence[InjectionError]) -> ContainerError:
    """Return the error with some mistakes of a container."""
    count = len(mistakes)
    return ContainerError(f"{count} mistakes in the container" if count > 1 else "a mistake in the container", mistakes)


def _cycles(graph: Graph, nodes: list[Node]) -> list[InjectionError]:
    done: set[Node] = set()
    reported: set[Node] = set()
    found: list[InjectionError] = []
    for start in nodes:
        if start in done:
            continue
        path = {start: None}
        stack = [(start, iter(start.deps))]
        while stack:
            node, rest = stack[-1]
            for dep in rest:
                if dep in path:
                    cycle = list(path)[list(path).index(dep) :]
                    if reported.isdisjoint(cycle):
                        found.append(_cycle(cycle))
                    reported.update(cycle)
                elif dep not in done:
                    path[dep] = None
                    stack.append((dep, iter(dep.deps)))
                    break
            else:
                stack.pop()
                del path[node]
                done.add(node)
                node.propagate()
    return found


def _cycle(cycle: list[Node]) -> CircularDependencyError:
    sites = ", ".join(f"{label(node.address)} at {node.registration.site_text()}" for node in cycle[:_SHOWN])
    more = f" and {len(cycle) - _SHOWN} more" if len(cycle) > _SHOWN else ""
    return CircularDependencyError(
        f"{label(cycle[0].address)} needs itself: {draw([*cycle, cycle[0]])}",
        f"registered: {sites}{more}",
        f"let a service take Lazy[{label(cycle[0].address)}] or the like, or move the shared part elsewhere",
    )


def _places(graph: Graph, where: Any, places: list[tuple[Node, str]]) -> str:
    lines: list[str] = []
    for node, parameter in places[:_SHOWN]:
        path = draw(path_to(graph, node))
        lines.append(f"{path}({parameter}: {label(where)}), registered at {node.registration.site_text()}")
    if len(places) > _SHOWN:
        lines.append(f"and {len(places) - _SHOWN} more")
    return "\n         ".join(lines)


def ambiguous_error(graph: Graph, where: Any, place: str) -> AmbiguousProviderError:
    """Return the error of a key with several providers."""
    entries = [node.registration.describe() for node in graph.ambiguous[where]]
    return AmbiguousProviderError(
        f"{len(entries)} registrations provide {label(where)} and one is wanted: {'; '.join(entries)}",
        place,
        f"replace=True on the last one, names, conditions, or All[{label(where)}] to take every one",
    )


def async_required(node: Node) -> AsyncRequiredError:
    """Return the error of a request from sync code, with the service to be awaited and the path to it."""
    path = shortest(node, lambda each: each.kind in ASYNC, lambda passed: passed.is_async)
    path = [node] if node.kind in ASYNC else path
    return AsyncRequiredError(
        f"{label(path[-1].address)} has to be awaited, and {label(node.address)} was requested from sync code",
        f"{draw(path)}, registered at {path[-1].registration.site_text()}",
        f"await container.aresolve({label(node.address)}), or make the caller async",
    )


def scope_required(node: Node) -> ScopeRequiredError:
    """Return the error of a request outside a scope."""
    return ScopeRequiredError(
        f"{label(node.address)} lives in a scope, and none is open",
        path_to_scoped(node),
        "with container.scope() as scope: scope.resolve(...), or call it through @bind",
    )


def path_to_scoped(node: Node) -> str:
    """Return the text of the path to a service that lives in a scope, and of the place of registration."""
    path = shortest(node, lambda each: each.scope is Scope.SCOPED, lambda _: True)
    return f"{draw(path)}, registered at {node.registration.site_text()}"


def _holds(graph: Graph, node: Node) -> bool:
    for dep in node.deps:
        if dep.scope is not Scope.SINGLETON and (dep.holds_scoped or _defers_scoped(graph, dep)):
            return True
    return any(each.source is ArgumentSource.SCOPE for each in node.arguments)


def _defers_scoped(graph: Graph, node: Node) -> bool:
    """Return whether a node, or a transient below, keeps a deferred scoped service."""
    seen, todo = {node}, [node]
    while todo:
        each = todo.pop()
        for where, keeps in each.deferred:
            target = graph.nodes.get(where)
            if keeps and target is not None and target.holds_scoped and target.scope is not Scope.SINGLETON:
                return True
        for dep in each.deps:
            if dep.scope is Scope.TRANSIENT and dep not in seen:
                seen.add(dep)
                todo.append(dep)
    return False


def _captive(graph: Graph, node: Node) -> CaptiveDependencyError:
    def ends(each: Node) -> bool:
        takes_scope = any(argument.source is ArgumentSource.SCOPE for argument in each.arguments)
        kept = any(keeps for _, keeps in each.deferred) and _defers_scoped(graph, each)
        return each.scope is Scope.SCOPED or takes_scope or kept

    path = shortest(node, ends, lambda each: each.scope is Scope.TRANSIENT)
    last = path[-1]
    sites = ", ".join(f"{label(each.address)} at {each.registration.site_text()}" for each in (node, last))
    return CaptiveDependencyError(
        f"the singleton {label(node.address)} would hold {label(last.address)}, which lives in a scope: {draw(path)}",
        f"registered: {sites}",
        f"make {label(node.address)} SCOPED, or let it take Provider[{label(last.address)}] and call it with a scope",
    )


def _unfit(entry: Registration) -> InjectionError | None:
    if type(entry.call) is type and entry.call is entry.key:
        return None
    call = get_origin(entry.call) or entry.call
    cls = class_of(entry.key)
    if isinstance(call, type):
        if call.__dict__.get("__abstractmethods__") or is_protocol(call):
            return None if entry.kind is Kind.VALUE else _abstract(entry, call)
        lack = None if call is cls or cls is None else lacks(cls, call)
    else:
        lack = None if cls is None or entry.kind in {Kind.VALUE, Kind.INSTANCE} else _returns_unfit(entry, cls)
    if lack is None:
        return None
    return WrongImplementationError(
        f"{label(call)} cannot provide {label(entry.key)}: {lack}",
        f"registered at {entry.site_text()}",
        f"register an implementation of {label(entry.key)}, or register {label(call)} under a key it fits",
    )


def _abstract(entry: Registration, call: type) -> InvalidRegistrationError:
    methods = ", ".join(sorted(getattr(call, "__abstractmethods__", ()))) or "it is a Protocol"
    return InvalidRegistrationError(
        f"{label(call)} cannot be constructed: it is abstract ({methods})",
        f"registered at {entry.site_text()}",
        f"container.register({label(entry.key)}, <a concrete class>), or container.alias({label(entry.key)}, <a key>)",
    )


def _returns_unfit(entry: Registration, cls: type) -> str | None:
    """Compare the declared return type of a factory with the class of its key."""
    hints: Mapping[str, Any] = annotations_of(entry.call) if hasattr(entry.call, "__annotations__") else {}
    if "return" not in hints:
        return None
    try:
        hint = evaluate_hint(hints["return"], getattr(entry.call, "__globals__", {}), dict)
    except Exception:  # noqa: BLE001  # an unreadable type; the result of the factory is checked instead
        return None
    if entry.kind in {Kind.GENERATOR, Kind.ASYNC_GENERATOR}:
        hint = (get_args(hint) or (Any,))[0]
    dependency = read_dependency(hint)
    found = get_origin(dependency.key) or dependency.key
    if found is None or found is type(None):
        return "it returns None"
    if found is Any or not isinstance(found, type) or _may_hold(found, cls):
        return None
    return lacks(cls, found)


def _may_hold(declared: type, cls: type) -> bool:
    """Return whether a declared return type may hold instances of `cls`, as a base class may."""
    with suppress(TypeError):  # a declared type without issubclass
        return not is_protocol(cls) and issubclass(cls, declared)
    return False
