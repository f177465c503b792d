"""Shortest paths of dependencies, and their text."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import get_origin

from .._keys.key import label
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
    return _search(target, lambda node: node not in parents, lambda node: parents[node])[::-1]


def shortest(start: Node, ends: Callable[[Node], bool], through: Callable[[Node], bool]) -> list[Node]:
    """Return the shortest path of dependencies to a node where `ends` holds, by nodes where `through` holds."""
    return _search(
        start,
        lambda node: node is not start and ends(node),
        lambda node: [dep for dep in node.deps if ends(dep) or through(dep)],
    )


def _search(start: Node, ends: Callable[[Node], bool], onward: Callable[[Node], Iterable[Node]]) -> list[Node]:
    """Return the shortest path to a node where `ends` holds; only the start where there is none."""
    came: dict[Node, Node | None] = {start: None}
    queue = deque([start])
    while queue:
        node = queue.popleft()
        if ends(node):
            path = [node]
            while (step := came[path[-1]]) is not None:
                path.append(step)
            return path[::-1]
        for each in onward(node):
            if each not in came:
                came[each] = node
                queue.append(each)
    return [start]
