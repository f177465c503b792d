"""Writes the wrapper of a bound function anew for the engine it met first, with everything inlined.

The function keeps its identity; its code is replaced, which is one atomic store. A guard in front
compares the current engine with the one the code was written for: every other engine, an override,
a given argument or a missing one goes the general way through `Bound.call`.
"""

from __future__ import annotations

import re
from typing import Any

from .._codegen.source import Source, block, explained
from .._keys.scope import Scope
from .._runtime.context import ambient, current, leave
from .bound_function import Entry, signature_text
from .call_plans import CallPlan

_KEPT = frozenset({"__builtins__", "__name__", "__vega_call__"})
_OURS = re.compile(r"_[a-z]\d*|__vega_\w+")  # our locals; our globals are in the namespace


def specialise(entry: Entry) -> None:
    """Replace the code of the wrapper, unless that has been done, or the user's names are in the way."""
    bound, engine = entry.bound, entry.engine
    wrapper = bound.wrapper
    if wrapper is None or bound.is_generator or bound.variable or engine.layers or "ENGINE" in wrapper.__globals__:
        return
    if not _is_usual(entry):
        return
    plan = CallPlan(engine, bound, entry.wiring.node, {name: name for name, _ in bound.shape})
    source = plan.source()
    source.names.update(__vega_call__=bound.call)
    source.names.update(SET=ambient.set, RESET=ambient.reset, LEAVE=leave, AMBIENT=ambient.get, ENGINE=engine)
    source.names.update(HOME=current.get if bound.home is None else bound.home, OTHERWISE=_Otherwise(entry).call)
    body = [*_guard(entry), *_defaults(entry, source), *_body(entry, plan, source)]
    if any(name in source.names or _OURS.fullmatch(name) for name, _ in bound.shape):
        return
    head = "async def" if bound.is_coroutine else "def"
    source.text = f"{head} plan({signature_text(bound)}):\n{block(body)}"
    made = source.compile()
    for name, value in source.names.items():
        wrapper.__globals__.setdefault(name, value)
    wrapper.__code__ = made.__code__.replace(co_name=wrapper.__code__.co_name, co_qualname=wrapper.__code__.co_qualname)
    engine.container.specialised.append(bound)


def _is_usual(entry: Entry) -> bool:
    """Say whether this call left out exactly what is injected or has a default."""
    return entry.bound.scope is not Scope.TRANSIENT


def _passed(entry: Entry) -> str:
    return ", ".join(name for name, _ in entry.bound.shape)


def _guard(entry: Entry) -> list[str]:
    home = "HOME()" if entry.bound.home is None else "HOME"
    tests = [f"{home}.engine is not ENGINE"]
    injected = {each.parameter for each in entry.wiring.node.arguments}
    for index, (name, _) in enumerate(entry.bound.shape):
        if name in injected:
            tests.append(f"{name} is not ...")
        elif index not in entry.wiring.defaults:
            tests.append(f"{name} is ...")
    wait = "await " if entry.bound.is_coroutine else ""
    return [f"if {' or '.join(tests)}: return {wait}__vega_call__({_passed(entry)})"]


def _defaults(entry: Entry, source: Source) -> list[str]:
    names = [name for name, _ in entry.bound.shape]
    return [
        f"if {names[index]} is ...: {names[index]} = {source.constant(default)}"
        for index, default in entry.wiring.defaults.items()
    ]


def _body(entry: Entry, plan: CallPlan, source: Source) -> list[str]:
    wait = "await " if entry.bound.is_coroutine else ""
    if not entry.needs_scope:
        writer = plan.writer(source, fresh=False, owner=source.constant(entry.engine.container))
        call = plan.invoke(writer)
        lines = [*writer.lines, f"return {wait}{call}"]
        return explained(lines) if source.nodes else lines
    passed = _passed(entry)
    source.names.update(OWNER=entry.engine.container, JOIN=entry.join)
    joined = [
        "_s = AMBIENT()",
        "if _s is not None:",
        f"    if _s.container is OWNER: return {wait}JOIN(_s{', ' if passed else ''}{passed})",
        f"    return {wait}OTHERWISE({passed})",
    ]
    return [*joined, *entry.opening_lines(plan, source)]


class _Otherwise:
    """The call where a scope is ambient."""

    def __init__(self, entry: Entry) -> None:
        self._entry = entry

    def call(self, *values: Any) -> Any:
        """Join the ambient scope, if it belongs to this container."""
        return self._entry.run(values)


def generalise(bound: Any) -> None:
    """Give the wrapper its first code back, and let go of the engine it was written for."""
    names = bound.wrapper.__globals__
    bound.wrapper.__code__ = bound.first_code
    for name in [each for each in names if each not in _KEPT]:
        del names[name]
