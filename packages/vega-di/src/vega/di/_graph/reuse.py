"""The unchanged nodes of a new epoch."""

from __future__ import annotations

from .node import Graph, Node


def unchanged(graph: Graph, before: Graph) -> dict[Node, int]:
    """Return the slots of nodes with the same construction as in the previous epoch, dependencies included."""
    known = {node.identity: node for node in before.every}
    changed: set[Node] = set()
    users: dict[Node, list[Node]] = {}
    for node in graph.every:
        old = known.get(node.identity)
        if old is None or [d.identity for d in old.deps] != [d.identity for d in node.deps]:
            changed.add(node)
        for dep in node.deps:
            users.setdefault(dep, []).append(node)
        for where, _ in node.deferred:
            target = graph.nodes.get(where)
            if target is not None:
                users.setdefault(target, []).append(node)
    todo = list(changed)
    while todo:
        for user in users.get(todo.pop(), ()):
            if user not in changed:
                changed.add(user)
                todo.append(user)
    return {node: known[node.identity].slot for node in graph.every if node not in changed}
