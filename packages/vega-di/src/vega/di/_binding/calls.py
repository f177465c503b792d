"""The calls of a bound function in an epoch; every way of a call is written at its first use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from .._codegen.source import block
from .._engine.context import current, epochs_of
from .._keys.scope import Scope
from .._runtime.active_scope import ambient, ambient_of, leave
from .call_plans import CallPlan
from .wiring import Wiring, wire

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
    return begin(bound_call, bound_call.wiring.complete(values) if bound_call.wiring.defaults else values)


class BoundCall:
    """The call of a bound function in an epoch, for some given arguments."""

    __slots__ = ("_free", "_join", "_open", "bound", "engine", "is_ready", "plan", "wiring")

    def __init__(self, engine: Engine, bound: Bound, given: frozenset[str]) -> None:
        self.engine = engine
        self.bound = bound
        self.wiring: Wiring = wire(engine, bound, given)
        names = {name: f"_p{index}" for index, (name, _) in enumerate(bound.shape)}
        self.plan = CallPlan(engine, bound, self.wiring.node, names)
        self.is_ready = False
        self._free: Any = None
        self._join: Any = None
        self._open: Any = None

    @property
    def needs_scope(self) -> bool:
        """Whether a call needs a scope: for parameters, for the body, or by option."""
        return self.plan.needs_scope or self.is_for_body or self.bound.scope in {Scope.SCOPED, Scope.TRANSIENT}

    @property
    def is_for_body(self) -> bool:
        """Whether a scope serves the body alone, which may resolve scoped services from the container."""
        if self.plan.needs_scope or self.bound.scope is not None:
            return False
        return self.bound.is_ambient and self.engine.linker.has_scoped

    def run(self, values: tuple[Any, ...]) -> Any:
        """Call the function, after the build of its singletons."""
        if not self.needs_scope:
            return self.free(*values)
        scope = None if self.bound.scope is Scope.TRANSIENT else ambient_of(self.engine.container)
        if scope is not None:
            return self.join(scope, *values)
        return self.open(*values)

    @property
    def free(self) -> Any:
        """The call without a scope."""
        if self._free is None:
            self._free = self.plan.free()
        return self._free

    @property
    def join(self) -> Any:
        """The call in an open scope."""
        if self._join is None:
            self._join = self.plan.join()
        return self._join

    @property
    def open(self) -> Any:
        """The call in a scope of its own."""
        if self._open is None:
            source = self.plan.source()
            source.names.update(SET=ambient.set, RESET=ambient.reset, LEAVE=leave, JOIN=self.join)
            lines = self.opening_lines(self.plan, source)
            head = "async def" if self.bound.is_async else "def"
            source.text = f"{head} plan({self.plan.parameters}):\n{block(lines)}"
            self._open = source.compile()
        return self._open

    def opening_lines(self, plan: CallPlan, source: Any) -> list[str]:
        """Return the body of a call in a scope of its own, without a scope object where nothing can observe one."""
        if plan.can_hide and not self.bound.is_ambient:
            return plan.hidden_lines(source)
        return plan.opened_lines(source, ambient=self.bound.is_ambient)
