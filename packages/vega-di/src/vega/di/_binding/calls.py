"""The calls of a bound function in an epoch; every way of a call is written at its first use."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from .._engine.context import current, epochs_of
from .._keys.scope import Scope
from .._runtime.active_scope import ambient_of
from .call_plans import CallPlan
from .wiring import wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._engine.engine import Engine
    from .bound_function import Bound

Begin: TypeAlias = "Callable[[BoundCall, tuple[Any, ...]], Any]"
MISSING: Any = ...  # a constant of the language: the cheapest comparison


def engine_of(bound: Bound) -> Engine:
    """Return the valid engine."""
    container_slot = bound.container_slot or current.get()
    engine: Engine = container_slot.engine or epochs_of(container_slot).effective()
    return engine


def call_bound(bound: Bound, begin: Begin, *values: Any) -> Any:
    """Make a call outside the code of the wrapper: for another engine, or with other arguments left out.

    Args:
        bound: the function.
        begin: runs the call.
        values: all parameters by position, MISSING for arguments left out.
    """
    engine = engine_of(bound)
    given = frozenset(name for (name, _), value in zip(bound.shape, values, strict=True) if value is not MISSING)
    bound_call = engine.calls.get((bound, given))
    if bound_call is None:
        bound_call = engine.calls[bound, given] = BoundCall(engine, bound, given)
    if bound_call.defaults:
        values = tuple(bound_call.defaults.get(index, value) for index, value in enumerate(values))
    return begin(bound_call, values)


class BoundCall:
    """The call of a bound function in an epoch, for some given arguments."""

    def __init__(self, engine: Engine, bound: Bound, given: frozenset[str]) -> None:
        self.engine = engine
        self.bound = bound
        self.node, self.defaults = wire(engine, bound, given)
        names = {name: f"_p{index}" for index, (name, _) in enumerate(bound.shape)}
        self.plan = CallPlan(engine, bound, self.node, names)
        self.is_ready = False

    def run(self, values: tuple[Any, ...]) -> Any:
        """Call the function, after the build of its singletons."""
        if not self.plan.needs_scope:
            return self.free(*values)
        scope = None if self.bound.scope is Scope.TRANSIENT else ambient_of(self.engine.container)
        return self.open(*values) if scope is None else self.join(scope, *values)

    @cached_property
    def free(self) -> Any:
        """The call without a scope."""
        source, awaits = self.plan.source(), self.plan.awaits
        return source.compile(", ".join(self.plan.passed), self.plan.free(source, awaits=awaits), awaits=awaits)

    @cached_property
    def join(self) -> Any:
        """The call in an open scope, the first parameter."""
        source = self.plan.source()
        parameters = ", ".join(["_s", *self.plan.passed])
        return source.compile(parameters, self.plan.join(source), awaits=self.plan.awaits)

    @cached_property
    def open(self) -> Any:
        """The call in a scope of its own."""
        source = self.plan.source()
        source.names["JOIN"] = self.join
        return source.compile(", ".join(self.plan.passed), self.plan.open(source), awaits=self.bound.is_async)
