"""The plans of functions with injected parameters.

There are three ways of a call: without a scope (`free`), in an open scope (`join`), or in a scope of its own, ambient
or private (`opened_lines`). A private scope that nothing can observe is not made at all: services are locals, and the
same function closes their resources (`hidden_lines`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from .._codegen.plan_size import can_start_fresh, walk
from .._codegen.plans import fresh_lines, refusal
from .._codegen.source import Source, block, explained, indented
from .._codegen.writer import Writer
from .._graph.node import Node
from .._runtime.closed_store import CLOSED
from .._runtime.closing import afinish, arefuse_second, finish, refuse_second

if TYPE_CHECKING:
    from .._engine.engine import Engine
    from .bound_function import Bound


_LEAVE = "try: RESET(_s._token)\nexcept ValueError: LEAVE(_s)"  # the coroutine may end in another context


class _Inner(NamedTuple):
    """The call within a scope, and how the scope ends in the usual case."""

    lines: list[str]
    ending: list[str]


class CallPlan:
    """Writes the plans of a bound function in an epoch.

    Args:
        engine: the epoch.
        bound: the function and its parameters.
        node: the injected services.
        names: the expression of the value of the caller, by parameter.
    """

    def __init__(self, engine: Engine, bound: Bound, node: Node, names: dict[str, str]) -> None:
        self.engine = engine
        self.bound = bound
        self.node = node
        self.names = names
        self.is_async = bound.is_async
        self.awaits = node.is_async and bound.is_async
        self.nodes = self._nodes()
        self.needs_scope = (
            node.holds_scoped or node.needs_scope or (node.uses_owner and engine.linker.has_scoped)
        )  # a factory, Lazy or Provider may request scoped services
        self.can_hide = self.needs_scope and self.nodes is not None and not node.uses_owner

    def _nodes(self) -> list[Node] | None:
        found: list[Node] = []
        for dep in self.node.deps:
            part = walk(dep)
            if part is None:
                return None
            found += [each for each in part if each not in found]
        return found

    def source(self) -> Source:
        """Begin a function."""
        source = Source()
        source.names.update(
            CLOSED=CLOSED,
            FN=self.bound.function,
            FINISH=finish,
            AFINISH=afinish,
            ATWICE=arefuse_second,
            TWICE=refuse_second,
            OPEN=self.engine.epochs.scope_class,
        )
        return source

    def invoke(self, writer: Writer) -> str:
        """Write the call of the user's function."""
        if self.nodes is not None:
            writer.open_first(self.nodes)
        elif self.needs_scope:
            writer.fill(self.node.deps)
        injected = {each.parameter: each for each in self.node.arguments}
        parts: list[str] = []
        for name, spread in self.bound.shape:
            given = name not in injected
            text = self.names[name] if given else writer.argument(injected[name]._replace(keyword=None))
            parts.append(f"{spread}{text}")
        return "FN(\n" + "".join(f"{part},\n" for part in parts) + ")"

    def writer(self, source: Source, *, fresh: bool, private: bool = False, owner: str = "_s") -> Writer:
        """Begin the statements of a function."""
        return Writer(self.engine.plans, source, owner=owner, fresh=fresh, awaits=self.awaits, private=private)

    @property
    def parameters(self) -> str:
        """The parameters of the inner functions: the values of the caller, by position."""
        return ", ".join(self.names[name] for name, _ in self.bound.shape)

    def _wait_if(self, awaits: bool) -> str:
        return "await " if awaits and self.bound.is_coroutine else ""

    def free(self) -> Any:
        """Write the function without a scope."""
        source = self.source()
        owner = source.constant(self.engine.container)
        writer = self.writer(source, fresh=False, owner=owner)
        call = self.invoke(writer)
        head = "async def plan" if self.awaits else "def plan"
        wait = self._wait_if(self.awaits)
        source.text = f"{head}({self.parameters}):\n{block(explained([*writer.lines, f'return {wait}{call}']))}"
        return source.compile()

    def join(self) -> Any:
        """Write the function in an open scope ``_s``."""
        source = self.source()
        wait = self._wait_if(self.awaits)
        comma = ", " if self.parameters else ""
        head = f"{'async ' if self.awaits else ''}def plan(_s{comma}{self.parameters}):\n"
        body = ["_v = _s._store"]
        if self.nodes is not None and can_start_fresh(self.nodes):
            writer = self.writer(source, fresh=True)
            call = self.invoke(writer)
            redo = f"return {'await ' if self.awaits else ''}plan(_s{comma}{self.parameters})"
            lines = fresh_lines(writer, self.nodes, again=redo, result=f"return {wait}{call}")
            body += ["if _v is None:", *map(indented, lines)]
        else:
            body += ["if _v is None: _v = _s._store = {}"]
        writer = self.writer(source, fresh=False)
        call = self.invoke(writer)
        check = refusal(writer) if self.needs_scope else []
        source.text = head + block(explained([*body, *check, *writer.lines, f"return {wait}{call}"]))
        return source.compile()

    def hidden_lines(self, source: Source) -> list[str]:
        """Write the body in a scope that nothing can observe."""
        writer = self.writer(source, fresh=False, private=True)
        call = self.invoke(writer)
        wait = self._wait_if(self.is_async)
        if not writer.opened:
            return explained([*writer.lines, f"return {wait}{call}"])
        close = "await AFINISH" if self.is_async else "FINISH"
        ending = _ending(writer.exits) or [f"{close}(_o, None)", "return _r"]
        return [
            "_o = None",
            "try:",
            *map(indented, [*writer.lines, f"_r = {wait}{call}"]),
            "except BaseException as _e:",
            f"    if _o is not None: {close}(_o, _e)",
            "    if IS(_e, Exception): EXPLAIN(_e)",
            "    raise",
            *ending,
        ]

    def opened_lines(self, source: Source, *, ambient: bool) -> list[str]:
        """Write the body that opens a scope, and closes it in any case."""
        wait = self._wait_if(self.is_async)
        close = "await AFINISH" if self.is_async else "FINISH"
        inner = self._inner(source, wait)
        return [
            "_s = OPEN()",
            "_s._store = _s._resources = None",
            *(["_s._token = SET(_s)"] if ambient else []),
            "try:",
            *map(indented, inner.lines),
            "except BaseException as _e:",
            *([indented(_LEAVE)] if ambient else []),
            "    _s._store = CLOSED",
            f"    if _s._resources is not None: {close}(_s._resources, _e)",
            "    if IS(_e, Exception): EXPLAIN(_e)",
            "    raise",
            *([_LEAVE] if ambient else []),
            "_s._store = CLOSED",
            *inner.ending,
            f"if _s._resources is not None: {close}(_s._resources, None)",
            "return _r",
        ]

    def _inner(self, source: Source, wait: str) -> _Inner:
        if self.nodes is not None and can_start_fresh(self.nodes):
            writer = self.writer(source, fresh=True)
            call = self.invoke(writer)
            comma = ", " if self.parameters else ""
            # The locals are dropped: a constructor has used the scope itself, so the scope is asked for every service.
            again = f"_r = {wait}JOIN(_s{comma}{self.parameters})"
            lines = fresh_lines(writer, self.nodes, again=again, result=f"_r = {wait}{call}", shared=False)
            own = _ending(writer.exits)
            return _Inner(lines, [] if own is None else ["if LEN(_s._resources) == 1:", *map(indented, own)])
        writer = self.writer(source, fresh=False)
        call = self.invoke(writer)
        if not self.needs_scope:  # only the body may request scoped services
            return _Inner([*writer.lines, f"_r = {wait}{call}"], [])
        return _Inner(["_v = _s._store = {}", *writer.lines, f"_r = {wait}{call}"], [])


def _ending(exits: Sequence[str]) -> list[str] | None:
    """Write the end of a single generator in place; None for other resources."""
    if len(exits) != 1 or "(" in exits[0]:
        return None
    name = exits[0]
    if name.startswith("_a"):
        return [f"if await ANEXT({name}, NOTHING) is not NOTHING: await ATWICE({name})", "return _r"]
    return [f"if NEXT({name}, NOTHING) is not NOTHING: TWICE({name})", "return _r"]
