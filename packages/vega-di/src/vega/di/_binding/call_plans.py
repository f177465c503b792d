"""The plans of functions with injected parameters.

There are three ways of a call: without a scope (`free`), in an open scope (`join`), or in a scope of its own, ambient
or private (`open`). A private scope that nothing can observe is not made at all: services are locals, and the same
function closes their resources (`_hidden`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .._codegen.plan_size import can_start_fresh, walk
from .._codegen.plans import fresh_lines, refusal
from .._codegen.source import Source, explained, indented
from .._codegen.writer import Writer
from .._graph.node import Node
from .._keys.scope import Scope
from .._runtime.active_scope import ambient, leave
from .._runtime.closing import afinish, finish, yielded_twice
from .._runtime.owners import CLOSED

if TYPE_CHECKING:
    from .._engine.engine import Engine
    from .bound_function import Bound


_LEAVE = "try: RESET(_s._token)\nexcept ValueError: LEAVE(_s)"  # the coroutine may end in another context


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
        self.passed = [names[name] for name, _ in bound.shape]
        self.awaits = node.is_async and bound.is_async
        self.nodes = walk(node)
        self._takes_scoped = (
            node.holds_scoped or node.needs_scope or (node.uses_owner and engine.linker.has_scoped)
        )  # a factory, Lazy or Provider may request scoped services
        for_body = bound.scope is None and bound.is_ambient and engine.linker.has_scoped
        self.is_for_body = for_body and not self._takes_scoped
        self.needs_scope = self._takes_scoped or self.is_for_body or bound.scope in {Scope.SCOPED, Scope.TRANSIENT}

    def source(self) -> Source:
        """Begin a function."""
        source = Source()
        source.names.update(
            CLOSED=CLOSED,
            FN=self.bound.function,
            FINISH=finish,
            AFINISH=afinish,
            TWICE=yielded_twice,
            OPEN=self.engine.epochs.scope_class,
            SET=ambient.set,
            RESET=ambient.reset,
            LEAVE=leave,
        )
        return source

    def _writer(self, source: Source, *, fresh: bool = False, private: bool = False, owner: str = "_s") -> Writer:
        return Writer(self.engine.plans, source, owner=owner, fresh=fresh, awaits=self.awaits, private=private)

    def _invoke(self, writer: Writer) -> str:
        """Write the call of the user's function."""
        if self.nodes is not None:
            writer.open_first(self.nodes)
        elif self._takes_scoped:
            writer.fill(self.node.deps)
        injected = {each.parameter: each for each in self.node.arguments}
        parts: list[str] = []
        for name, spread in self.bound.shape:
            given = name not in injected
            text = self.names[name] if given else writer.argument(injected[name]._replace(keyword=None))
            parts.append(f"{spread}{text}")
        return "FN(\n" + "".join(f"{part},\n" for part in parts) + ")"

    def _wait_if(self, awaits: bool) -> str:
        return "await " if awaits and self.bound.is_coroutine else ""

    def free(self, source: Source, *, awaits: bool) -> list[str]:
        """Write the body of a call without a scope."""
        writer = self._writer(source, owner=source.constant(self.engine.container))
        call = self._invoke(writer)
        lines = [*writer.lines, f"return {self._wait_if(awaits)}{call}"]
        return explained(lines) if source.nodes else lines

    def join(self, source: Source) -> list[str]:
        """Write the body of the function ``plan`` of a call in an open scope ``_s``."""
        wait = self._wait_if(self.awaits)
        body = ["_v = _s._store"]
        if self.nodes is not None and can_start_fresh(self.nodes):
            writer = self._writer(source, fresh=True)
            call = self._invoke(writer)
            again = f"return {'await ' if self.awaits else ''}plan({', '.join(['_s', *self.passed])})"
            lines = fresh_lines(writer, self.nodes, again=again, result=f"return {wait}{call}")
            body += ["if _v is None:", *map(indented, lines)]
        else:
            body += ["if _v is None: _v = _s._store = {}"]
        writer = self._writer(source)
        call = self._invoke(writer)
        check = refusal(writer) if self._takes_scoped else []
        return explained([*body, *check, *writer.lines, f"return {wait}{call}"])

    def open(self, source: Source) -> list[str]:
        """Write the body of a call in a scope of its own, without a scope object where nothing can observe one."""
        can_hide = self._takes_scoped and self.nodes is not None and not self.node.uses_owner
        return self._hidden(source) if can_hide and not self.bound.is_ambient else self._opened(source)

    def _hidden(self, source: Source) -> list[str]:
        writer = self._writer(source, private=True)
        call = self._invoke(writer)
        wait = self._wait_if(True)
        if not writer.opened:
            return explained([*writer.lines, f"return {wait}{call}"])
        return [
            "_o = None",
            "try:",
            *map(indented, [*writer.lines, f"_r = {wait}{call}"]),
            "except BaseException as _e:",
            f"    if _o is not None: {self._close('_o', '_e')}",
            "    EXPLAIN()",
            "    raise",
            *(_ending(writer.exits) or [self._close("_o", "None"), "return _r"]),
        ]

    def _opened(self, source: Source) -> list[str]:
        """Write the body that opens a scope, and closes it in any case."""
        lines, ending = self._inner(source)
        leave = [_LEAVE] if self.bound.is_ambient else []
        return [
            "_s = OPEN()",
            "_s._store = _s._resources = None",
            *(["_s._token = SET(_s)"] if self.bound.is_ambient else []),
            "try:",
            *map(indented, lines),
            "except BaseException as _e:",
            *map(indented, leave),
            "    _s._store = CLOSED",
            f"    if _s._resources is not None: {self._close('_s._resources', '_e')}",
            "    EXPLAIN()",
            "    raise",
            *leave,
            "_s._store = CLOSED",
            *ending,
            f"if _s._resources is not None: {self._close('_s._resources', 'None')}",
            "return _r",
        ]

    def _close(self, resources: str, error: str) -> str:
        return f"{'await A' if self.bound.is_async else ''}FINISH({resources}, {error})"

    def _inner(self, source: Source) -> tuple[list[str], list[str]]:
        """Write the call within a scope, and the end of the scope in the usual case."""
        wait = self._wait_if(True)
        if self.nodes is not None and can_start_fresh(self.nodes):
            writer = self._writer(source, fresh=True)
            call = self._invoke(writer)
            # The locals are dropped: a constructor has used the scope itself, so the scope is asked for every service.
            again = f"_r = {wait}JOIN({', '.join(['_s', *self.passed])})"
            lines = fresh_lines(writer, self.nodes, again=again, result=f"_r = {wait}{call}", shared=False)
            own = _ending(writer.exits)
            return lines, [] if own is None else ["if LEN(_s._resources) == 1:", *map(indented, own)]
        writer = self._writer(source)
        call = self._invoke(writer)
        store = ["_v = _s._store = {}"] if self._takes_scoped else []  # otherwise the body alone may request services
        return [*store, *writer.lines, f"_r = {wait}{call}"], []


def _ending(exits: Sequence[str]) -> list[str] | None:
    """Write the end of a single generator in place; None for other resources."""
    if len(exits) != 1 or "(" in exits[0]:
        return None
    name = exits[0]
    begin, close = ("await A", f"await {name}.aclose()") if name.startswith("_a") else ("", f"{name}.close()")
    refuse = [indented(close), f"    raise TWICE({name})"]
    return [f"if {begin}NEXT({name}, NOTHING) is not NOTHING:", *refuse, "return _r"]
