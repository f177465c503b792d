"""Builds the scoped services of a large plan singly, dependencies first, so that depth cannot exhaust the stack."""

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
    """Return the function for the missing scoped services of a plan."""
    steps = [(step, engine.maker(step, awaits=False)) for step in _scoped_below(node)]

    def fill(scope: Any) -> None:
        for step, make in steps:
            if scope._store.get(step.slot) is None:
                once(scope, step, make)

    return fill


def afiller(engine: PlanEngine, node: Node) -> Callable[[Any], Any]:
    """Return the async function for the missing scoped services of a plan."""
    steps = [(step, engine.maker(step, awaits=step.is_async)) for step in _scoped_below(node)]

    async def fill(scope: Any) -> None:
        for step, make in steps:
            if scope._store.get(step.slot) is not None:
                continue
            if step.is_async:
                await aonce(scope, step, make)
            else:
                once(scope, step, make)

    return fill


def _scoped_below(node: Node) -> list[Node]:
    return [each for each in order([node]) if each.scope is Scope.SCOPED and each.kind is not Kind.VALUE]
