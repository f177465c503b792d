"""The wrapper of a bound function, rewritten for the engine of the first call with all services inlined.

The function keeps its identity; the new code is stored atomically. A guard compares the current engine with the engine
of the code: another engine, an override, a given or a missing argument goes the general way, `call_bound`.
Decision record 5 has the figures, and the way to turn this off.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from .._codegen.source import Source, block, explained, indented
from .._engine.context import current
from .._keys.scope import Scope
from .._runtime.active_scope import ambient, leave
from .bound_function import signature_text
from .call_plans import CallPlan
from .calls import BoundCall

_KEPT = frozenset({"__builtins__", "__name__", "__vega_call__"})
_OURS = re.compile(r"_[a-z]\d*|__vega_\w+")  # our locals; our globals are in the namespace


def specialise(bound_call: BoundCall) -> None:
    """Replace the code of the wrapper, unless replaced before, or in conflict with names of the user."""
    bound, engine = bound_call.bound, bound_call.engine
    wrapper = bound.wrapper
    if wrapper is None or bound.is_generator or bound.variable or engine.layers or "ENGINE" in wrapper.__globals__:
        return
    if bound.scope is Scope.TRANSIENT:  # every call opens a scope
        return
    plan = CallPlan(engine, bound, bound_call.wiring.node, {name: name for name, _ in bound.shape})
    source = plan.source()
    source.names.update(__vega_call__=wrapper.__globals__["__vega_call__"])
    source.names.update(SET=ambient.set, RESET=ambient.reset, LEAVE=leave, AMBIENT=ambient.get, ENGINE=engine)
    source.names.update(CONTAINER_SLOT=current.get if bound.container_slot is None else bound.container_slot)
    body = [*_guard(bound_call), *_defaults(bound_call, source), *_body(bound_call, plan, source)]
    if any(name in source.names or _OURS.fullmatch(name) for name, _ in bound.shape):
        return
    head = "async def" if bound.is_coroutine else "def"
    source.text = f"{head} plan({signature_text(bound)}):\n{block(body)}"
    plan_function = source.compile()
    for name, value in source.names.items():
        wrapper.__globals__.setdefault(name, value)
    wrapper.__code__ = plan_function.__code__.replace(
        co_name=wrapper.__code__.co_name, co_qualname=wrapper.__code__.co_qualname
    )
    engine.epochs.at_end.append(partial(_generalise, bound))


def _passed(bound_call: BoundCall) -> str:
    return ", ".join(name for name, _ in bound_call.bound.shape)


def _guard(bound_call: BoundCall) -> list[str]:
    container_slot = "CONTAINER_SLOT()" if bound_call.bound.container_slot is None else "CONTAINER_SLOT"
    tests = [f"{container_slot}.engine is not ENGINE"]
    injected = {each.parameter for each in bound_call.wiring.node.arguments}
    for index, (name, _) in enumerate(bound_call.bound.shape):
        if name in injected:
            tests.append(f"{name} is not ...")
        elif index not in bound_call.wiring.defaults:
            tests.append(f"{name} is ...")
    wait = "await " if bound_call.bound.is_coroutine else ""
    return [f"if {' or '.join(tests)}: return {wait}__vega_call__({_passed(bound_call)})"]


def _defaults(bound_call: BoundCall, source: Source) -> list[str]:
    names = [name for name, _ in bound_call.bound.shape]
    return [
        f"if {names[index]} is ...: {names[index]} = {source.constant(default)}"
        for index, default in bound_call.wiring.defaults.items()
    ]


def _body(bound_call: BoundCall, plan: CallPlan, source: Source) -> list[str]:
    wait = "await " if bound_call.bound.is_coroutine else ""
    if not bound_call.needs_scope:
        return _free(bound_call, plan, source)
    passed = _passed(bound_call)
    source.names.update(OWNER=bound_call.engine.container, JOIN=bound_call.join, RUN=bound_call.run)
    joined = [f"if _s._container is OWNER: return {wait}JOIN(_s{', ' if passed else ''}{passed})"]
    if bound_call.is_for_body:
        joined = ["if _s._container is OWNER:", *map(indented, _free(bound_call, plan, source))]
    joined.append(f"return {wait}RUN(({passed}{',' if passed else ''}))")
    return ["_s = AMBIENT()", "if _s is not None:", *map(indented, joined), *bound_call.opening_lines(plan, source)]


def _free(bound_call: BoundCall, plan: CallPlan, source: Source) -> list[str]:
    """Return the body of a call without a scope."""
    writer = plan.writer(source, fresh=False, owner=source.constant(bound_call.engine.container))
    call = plan.invoke(writer)
    wait = "await " if bound_call.bound.is_coroutine else ""
    lines = [*writer.lines, f"return {wait}{call}"]
    return explained(lines) if source.nodes else lines


def _generalise(bound: Any) -> None:
    """Restore the first code of the wrapper, and release the engine."""
    names = bound.wrapper.__globals__
    bound.wrapper.__code__ = bound.first_code
    for name in [each for each in names if each not in _KEPT]:
        del names[name]
