"""Builds the scoped services of a large plan one by one, dependencies first, so that no depth exhausts the stack."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .._graph.node import Node, order
from .._keys.scope import Scope
from .._registration.registration import Kind
from .._runtime.build_once import aonce, once

if TYPE_CHECKING:
    from .ports import PlanEngine


def filler(engine: PlanEngine, node: Node) -> Callable[[Any], None]:
    """Give the function that builds what a scope still lacks for a plan."""
    steps = [(each, engine.maker(each, awaits=False)) for each in _scoped_below(node)]

    def fill(scope: Any) -> None:
        for each, make in steps:
            if scope._store.get(each.slot) is None:
                once(scope, each, make)

    return fill


def afiller(engine: PlanEngine, node: Node) -> Callable[[Any], Any]:
    """Give the async function that builds what a scope still lacks for a plan."""
    steps = [(each, engine.maker(each, awaits=each.is_async)) for each in _scoped_below(node)]

    async def fill(scope: Any) -> None:
        for each, make in steps:
            if scope._store.get(each.slot) is not None:
                continue
            if each.is_async:
                await aonce(scope, each, make)
            else:
                once(scope, each, make)

    return fill


def _scoped_below(node: Node) -> list[Node]:
    return [each for each in order([node]) if each.scope is Scope.SCOPED and each.kind is not Kind.VALUE]
