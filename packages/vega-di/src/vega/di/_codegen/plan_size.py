"""The size of a plan, which limits its form."""

from __future__ import annotations

from collections.abc import Sequence

from .._graph.node import Node
from .._keys.scope import Scope
from .._registration.registration import ASYNC, RESOURCES, Kind

DEPTH = 40  # nesting of inlined calls; deeper calls become separate plans
BUDGET = 150  # inlined calls in one plan


def walk(node: Node, limit: int = BUDGET) -> list[Node] | None:
    """Return the scoped and transient nodes of a plan, dependencies first; None for a plan too large to inline."""
    found: list[Node] = []
    seen: set[Node] = set()
    count = 0
    stack: list[tuple[Node, bool, int]] = [(node, False, 0)]
    while stack:
        each, after, depth = stack.pop()
        if after:
            found.append(each)
            continue
        if each.scope is Scope.SINGLETON or each in seen:
            continue
        count += 1
        if count > limit or depth > DEPTH:
            return None
        if each.scope is Scope.SCOPED:
            seen.add(each)
        stack.append((each, True, depth))
        stack += [(dep, False, depth + 1) for dep in reversed(each.deps)]
    return found


def opens_early(nodes: Sequence[Node]) -> Node | None:
    """Return the first scoped service of a plan, if no further service waits or opens a resource."""
    special = [each for each in nodes if each.kind not in {Kind.CALL, Kind.ALIAS}]
    if len(special) != 1 or special[0].scope is not Scope.SCOPED or special[0].kind is Kind.VALUE:
        return None
    first = next(each for each in nodes if each.scope is Scope.SCOPED)
    return first if first is special[0] and all(dep.scope is not Scope.SCOPED for dep in first.deps) else None


def can_start_fresh(nodes: Sequence[Node] | None) -> bool:
    """Return whether a plan may build in an empty scope without reading the store."""
    if nodes is None or any(each.uses_owner for each in nodes):
        return False
    special = [each for each in nodes if each.kind in RESOURCES or each.kind in ASYNC or each.kind is Kind.VALUE]
    return not special or opens_early(nodes) is not None
