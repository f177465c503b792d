"""The wrapper of a bound function, rewritten at its first call with all services inlined.

The function keeps its identity; the new code is stored atomically. A guard compares the current engine with the engine
of the code: another engine, an override, a given or a missing argument goes the general way, `call_bound`.
Decision record 5 has the figures, and the way to turn this off.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from .._codegen.source import Source, indented
from .._engine.context import current
from .._engine.singletons import abuild, build
from .._keys.scope import Scope
from .._runtime.active_scope import ambient
from .bound_function import Bound, signature_text
from .call_plans import CallPlan
from .calls import BoundCall, call_bound
from .generators import drive

_KEPT = frozenset({"__builtins__", "__name__", "__vega_call__"})
_OURS = re.compile(r"_[a-z]\d*|__vega_\w+")  # our locals; our globals are in the namespace
_RELAY = """\
    _step, _sent = _r.asend, None
    while True:
        try:
            _item = await _step(_sent)
        except StopAsyncIteration:
            return
        try:
            _sent, _step = (yield _item), _r.asend
        except GeneratorExit:
            await _r.aclose()
            raise
        except BaseException as _e:
            _sent, _step = _e, _r.athrow
"""


def make_wrapper(bound: Bound) -> Any:
    """Return the wrapper; its code is specialised at the first call."""
    values = ", ".join(name for name, _ in bound.shape)
    call = f"__vega_call__({values})"
    if bound.is_coroutine:
        text = f"async def call({signature_text(bound)}):\n    return await {call}\n"
    elif not bound.is_generator:
        text = f"def call({signature_text(bound)}):\n    return {call}\n"
    elif bound.is_async:
        text = f"async def call({signature_text(bound)}):\n    _r = {call}\n{_RELAY}"
    else:
        text = f"def call({signature_text(bound)}):\n    return (yield from {call})\n"
    names: dict[str, Any] = {
        "__vega_call__": partial(call_bound, bound, drive if bound.is_generator else start),
        "__name__": bound.function.__module__,
    }
    exec(compile(text, "<vega.di bind>", "exec", dont_inherit=True), names)  # noqa: S102  # parameter names are identifiers
    wrapper = names.pop("call")
    bound.first_code = wrapper.__code__
    bound.wrapper = wrapper
    return wrapper


def start(bound_call: BoundCall, values: tuple[Any, ...]) -> Any:
    """Call a function; the first call builds singletons and specialises the wrapper."""
    if bound_call.is_ready:
        return bound_call.run(values)
    if bound_call.bound.is_async:
        return _start_async(bound_call, values)
    build(bound_call.engine, bound_call.node)
    _get_ready(bound_call)
    return bound_call.run(values)


async def _start_async(bound_call: BoundCall, values: tuple[Any, ...]) -> Any:
    await abuild(bound_call.engine, bound_call.node)
    _get_ready(bound_call)
    return await bound_call.run(values)


def _get_ready(bound_call: BoundCall) -> None:
    with bound_call.engine.epochs.lock:
        _specialise(bound_call)
    bound_call.is_ready = True


def _specialise(bound_call: BoundCall) -> None:
    """Replace the code of the wrapper, unless replaced before, or in conflict with names of the user."""
    bound, engine = bound_call.bound, bound_call.engine
    wrapper = bound.wrapper
    if wrapper is None or bound.is_generator or bound.variable or engine.layers or "ENGINE" in wrapper.__globals__:
        return
    if bound.scope is Scope.TRANSIENT:  # every call opens a scope
        return
    plan = CallPlan(engine, bound, bound_call.node, {name: name for name, _ in bound.shape})
    source = plan.source()
    source.names.update(__vega_call__=wrapper.__globals__["__vega_call__"], AMBIENT=ambient.get, ENGINE=engine)
    source.names.update(CONTAINER_SLOT=current.get if bound.container_slot is None else bound.container_slot)
    body = [*_guard(bound_call, source), *_body(bound_call, plan, source)]
    if any(name in source.names or _OURS.fullmatch(name) for name, _ in bound.shape):
        return
    plan_function = source.compile(signature_text(bound), body, awaits=bound.is_coroutine)
    for name, value in source.names.items():
        wrapper.__globals__.setdefault(name, value)
    wrapper.__code__ = plan_function.__code__.replace(
        co_name=wrapper.__code__.co_name, co_qualname=wrapper.__code__.co_qualname
    )
    engine.epochs.at_end.append(partial(_generalise, bound))


def _guard(bound_call: BoundCall, source: Source) -> list[str]:
    """Write the test for the general way, and the defaults of arguments left out."""
    bound = bound_call.bound
    names = [name for name, _ in bound.shape]
    tests = [f"CONTAINER_SLOT{'()' if bound.container_slot is None else ''}.engine is not ENGINE"]
    injected = {each.parameter for each in bound_call.node.arguments}
    for index, name in enumerate(names):
        if name in injected:
            tests.append(f"{name} is not ...")
        elif index not in bound_call.defaults:
            tests.append(f"{name} is ...")
    wait = "await " if bound.is_coroutine else ""
    defaults = [(names[index], source.constant(default)) for index, default in bound_call.defaults.items()]
    return [
        f"if {' or '.join(tests)}: return {wait}__vega_call__({', '.join(names)})",
        *(f"if {name} is ...: {name} = {default}" for name, default in defaults),
    ]


def _body(bound_call: BoundCall, plan: CallPlan, source: Source) -> list[str]:
    wait = "await " if bound_call.bound.is_coroutine else ""
    if not plan.needs_scope:
        return plan.free(source, awaits=True)
    source.names.update(OWNER=bound_call.engine.container, JOIN=bound_call.join, RUN=bound_call.run)
    joined = [f"if _s._container is OWNER: return {wait}JOIN({', '.join(['_s', *plan.passed])})"]
    if plan.is_for_body:
        joined = ["if _s._container is OWNER:", *map(indented, plan.free(source, awaits=True))]
    joined.append(f"return {wait}RUN(({''.join(f'{name}, ' for name in plan.passed)}))")
    return ["_s = AMBIENT()", "if _s is not None:", *map(indented, joined), *plan.open(source)]


def _generalise(bound: Any) -> None:
    """Restore the first code of the wrapper, and release the engine."""
    names = bound.wrapper.__globals__
    bound.wrapper.__code__ = bound.first_code
    for name in [each for each in names if each not in _KEPT]:
        del names[name]
