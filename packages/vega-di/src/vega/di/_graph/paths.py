"""Draws dependency paths and finds what the user may have meant."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from typing import Any, get_origin

from .._keys.key import Address, class_of, is_builtin, label
from .._registration.injectable import CATALOGUE
from .._registration.registry import Registry
from .node import Graph, Node


def draw(nodes: Iterable[Node]) -> str:
    """Write a path of services."""
    return " -> ".join(name_of(node) for node in nodes)


def name_of(node: Node) -> str:
    """Write what a node is called: the key, and the implementation where it differs."""
    key, call = label(node.address), label(get_origin(node.call) or node.call)
    return key if key == call or node.call is node.registration.key else f"{key} ({call})"


def path_to(graph: Graph, target: Node) -> list[Node]:
    """Give the shortest way from a service nobody depends on to `target`."""
    parents: dict[Node, list[Node]] = {}
    for node in graph.every:
        for dep in node.deps:
            parents.setdefault(dep, []).append(node)
    came: dict[Node, Node | None] = {target: None}
    queue = deque([target])
    last = target
    while queue:
        last = queue.popleft()
        if last not in parents:
            break
        for parent in parents[last]:
            if parent not in came:
                came[parent] = last
                queue.append(parent)
    path: list[Node] = []
    step = last
    while step is not None:
        path.append(step)
        step = came[step]  # type: ignore[assignment]  # None ends the loop
    return path


def shortest(start: Node, ends: Callable[[Node], bool], through: Callable[[Node], bool]) -> list[Node]:
    """Give the shortest path of dependencies from `start` to a node that `ends`, through nodes that may be passed."""
    came: dict[Node, Node | None] = {start: None}
    queue = deque([start])
    while queue:
        node = queue.popleft()
        if node is not start and ends(node):
            path: list[Node] = []
            step: Node | None = node
            while step is not None:
                path.append(step)
                step = came[step]
            return path[::-1]
        for dep in node.deps:
            if dep not in came and (ends(dep) or through(dep)):
                came[dep] = node
                queue.append(dep)
    return [start]


def suggest(registry: Registry, wanted: Any) -> str:
    """Say what to write so that an address is provided."""
    key, name = (wanted.key, wanted.name) if isinstance(wanted, Address) else (wanted, None)
    for hint in (_inactive(registry, wanted), _other_names(registry, key, name), _implementation(registry, key)):
        if hint:
            return hint
    if is_builtin(key) and name is None:
        marked = f"container.register_instance({label(key)}, ...) and Annotated[{label(key)}, Inject] on the parameter"
        return f"{marked}, or a default: builtin types are injected only where they are marked"
    keys = {label(entry.address): entry for entry in registry.entries}
    close = get_close_matches(label(wanted), list(keys), n=1, cutoff=0.75)
    meant = f"; did you mean {close[0]}?" if close else ""
    how = (
        f"container.register({label(key)}, ...)"
        if name is None
        else f"container.register_named({label(key)}, {name!r}, ...)"
    )
    return f"{how}, or container.expect({label(key)}) if each scope is given one{meant}"


def _inactive(registry: Registry, wanted: Any) -> str:
    for entry in registry.entries:
        if entry.address == wanted and entry.verdict is not None and not entry.verdict[0]:
            return f"{entry.describe()} is registered but inactive: {entry.verdict[1]}"
    return ""


def _other_names(registry: Registry, key: Any, name: str | None) -> str:
    names = [entry.name for entry in registry.entries if entry.key == key]
    if None in names and name is not None:
        return f"{label(key)} is registered without a name; drop the name {name!r}, or register_named it"
    told = sorted({each for each in names if each is not None})
    if not told:
        return ""
    return (
        f"{label(key)} is registered under the names {told}; did you mean Annotated[{label(key)}, Named({told[0]!r})]?"
    )


def _implementation(registry: Registry, key: Any) -> str:
    cls = class_of(key)
    if cls is None or is_builtin(cls):
        return ""
    known: Sequence[Any] = [entry.key for entry in registry.entries]
    for other in known:
        if isinstance(other, type) and _derives(other, cls):
            return f"container.alias({label(key)}, {label(other)}): it is registered under its own name only"
    for marked in CATALOGUE.values():
        if isinstance(marked, type) and _derives(marked, cls):
            return f"container.include([{marked.__module__!r}]): {label(marked)} is marked @injectable there"
    subclasses: list[type] = type.__subclasses__(cls)
    for sub in subclasses:
        if sub not in known and not getattr(sub, "__abstractmethods__", None):
            where = f"{label(sub)} exists in {sub.__module__} but is not registered"
            return f"container.register({label(key)}, {label(sub)}); {where}"
    return ""


def _derives(cls: type, base: type) -> bool:
    return cls is not base and base in cls.__mro__
