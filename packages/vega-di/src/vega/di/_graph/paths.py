"""Shortest paths of dependencies, and their text."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import get_origin

from .._keys.labels import label
from .node import Graph, Node


def draw(nodes: Iterable[Node]) -> str:
    """Return the text of a path."""
    return " -> ".join(name_of(node) for node in nodes)


def name_of(node: Node) -> str:
    """Return the text of a node: the key, and a different implementation."""
    key, call = label(node.address), label(get_origin(node.call) or node.call)
    return key if key == call or node.call is node.registration.key else f"{key} ({call})"


def path_to(graph: Graph, target: Node) -> list[Node]:
    """Return the shortest path to `target` from a service without dependents."""
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
    """Return the shortest path of dependencies to a node where `ends` holds, by nodes where `through` holds."""
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
