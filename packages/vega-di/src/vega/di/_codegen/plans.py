"""The kinds of plan: for the container, for a scope, for a single service, for a part of a large plan.

A plan for a scope has two halves. The fresh half runs in an empty scope: scoped services are locals, reserved together
and stored together at the end. The warm half reads the store for every service, and builds the missing ones singly, by
`once`. A plan that is too large to inline has a warm half alone, which builds dependencies first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .._graph.node import ArgumentSource, Node
from .._keys.scope import Scope
from .._registration.registration import Kind
from .._runtime.owners import CLOSED
from .plan_size import can_start_fresh, opens_early, walk
from .source import Source, explained, indented
from .writer import Writer


class Plans:
    """The plans of an epoch, and what they are made of.

    Args:
        container: the resolver of services without scope.
        store: the built singletons, by slot.
    """

    def __init__(self, container: object, store: dict[int, Any]) -> None:
        self.container = container
        self.store = store
        self._written: dict[Any, Any] = {}

    def for_container(self, node: Node, *, awaits: bool) -> Any:
        """Write the function without parameters that returns a service without scope."""
        source = Source()
        owner = source.constant(self.container)
        writer = Writer(self, source, owner=owner, fresh=False, awaits=awaits)
        expression = writer.value(node)
        return source.compile("", [*writer.lines, f"return {expression}"], awaits=awaits)

    def for_scope(self, node: Node, *, awaits: bool) -> Any:
        """Write the function of an open scope that returns a service."""
        source = Source()
        source.names["CLOSED"] = CLOSED
        body = ["_v = _s._store"]
        nodes = walk(node)
        if node.holds_scoped and can_start_fresh(nodes):
            assert nodes is not None  # can_start_fresh says so
            writer = Writer(self, source, owner="_s", fresh=True, awaits=awaits)
            writer.open_first(nodes)
            expression = writer.value(node)
            again = f"return {'await ' if awaits else ''}plan(_s)"  # the store is no longer empty
            lines = fresh_lines(writer, nodes, again=again, result=f"return {expression}")
            body += ["if _v is None:", *map(indented, lines)]
        else:
            body += ["if _v is None: _v = _s._store = {}"]
        writer = Writer(self, source, owner="_s", fresh=False, awaits=awaits)
        if nodes is None:
            writer.fill([node])
        expression = writer.value(node)
        body += [*refusal(writer), *writer.lines, f"return {expression}"]
        # A sync plan runs within a call of `resolve`, which explains errors; a coroutine outlives the call.
        return source.compile("_s", explained(body) if awaits else body, awaits=awaits)

    def part(self, node: Node, *, awaits: bool) -> Any:
        """Write the function of an owner that makes a transient for a larger plan."""
        source = Source()
        source.names["CLOSED"] = CLOSED
        writer = Writer(self, source, owner="_s", fresh=False, awaits=awaits)
        expression = writer.made(node)
        store = [] if node.scope is Scope.TRANSIENT and not node.needs_scope else ["_v = _s._store"]
        if node.scope is Scope.TRANSIENT and writer.opened:  # the plan may have waited since the first check
            store += refusal(writer)
        return source.compile("_s", [*store, *writer.lines, f"return {expression}"], awaits=awaits)

    def maker(self, node: Node, *, awaits: bool) -> Any:
        """Write the function of an owner that makes a singleton or scoped service."""
        if is_direct(node):
            return _direct_maker(self.store, node)
        return self.part(node, awaits=awaits)

    def later(self, write: Callable[..., Any], node: Node, *, awaits: bool) -> Callable[[Any], Any]:
        """Return the function that `write` writes (`part`, `maker`), written at its first call."""

        def run(owner: Any) -> Any:
            plan = self._written.get((write, node, awaits))
            if plan is None:
                plan = self._written[write, node, awaits] = write(node, awaits=awaits)
            return plan(owner)

        return run


def fresh_lines(writer: Writer, nodes: list[Node], *, again: str, result: str, shared: bool = True) -> list[str]:
    """Write the fresh half of a plan.

    Args:
        writer: holds the statements of the services.
        nodes: the services of the plan.
        again: the statement for a broken reservation.
        result: the statement at the end.
        shared: whether other threads may know the scope; False for a scope that a call has just opened.
    """
    first = opens_early(nodes)
    if not writer.batch:
        claim = "" if first is None else f"{~first.slot}: {writer.claim(first)}"
        return [f"_f = _v = _s._store = {{{claim}}}", *writer.lines, result]
    if not shared:
        return _unshared_lines(writer, first, again, result)
    opening, building = writer.lines[: writer.opening], writer.lines[writer.opening :]
    batch = writer.source.constant(frozenset(writer.batch))
    if first is None:
        # No other thread runs between the test for an empty scope and here.
        lines = [f"_f = _v = _s._store = {{None: {batch}}}"]
    else:
        lines = [f"_f = _v = _s._store = {{{~first.slot}: {writer.claim(first)}}}", *opening, f"_v[None] = {batch}"]
        # An earlier thread has left a claim or an object; a later thread finds the reservation.
        lines += ["if LEN(_v) != 3: BREAK(_v)"]
    built = ["try:", *map(indented, building or ["pass"]), "except BaseException:", "    BREAK(_v)", "    raise"]
    lines += built if first is None else ["else:", *map(indented, built)]
    done = [_stored(writer), f"if _v[None] is not {batch}: BREAK(_v)", result]
    return [*lines, f"if _v[None] is BROKEN: {again}", "else:", *map(indented, done)]


def _unshared_lines(writer: Writer, first: Node | None, again: str, result: str) -> list[str]:
    """Write the fresh half for a scope known to the constructors of the plan alone: checked, not reserved."""
    if first is None:
        made = ", ".join(f"{slot}: {x}" for slot, x in writer.batch.items())
        return [
            *writer.lines,
            f"if _s._store is not None: {again}",
            "else:",
            f"    _s._store = {{{made}}}",
            indented(result),
        ]
    lines = [f"_f = _v = _s._store = {{{~first.slot}: {writer.claim(first)}}}", *writer.lines]
    return [*lines, f"if LEN(_v) != 2: {again}", "else:", *map(indented, [_stored(writer), result])]


def _stored(writer: Writer) -> str:
    return "; ".join(f"_v[{slot}] = {x}" for slot, x in writer.batch.items())


def refusal(writer: Writer) -> list[str]:
    """Write the check for a closed scope, unless the first statement checks anyway."""
    return [] if writer.locals and not writer.opened else ["if _v is CLOSED: _v.get(0)"]


def is_direct(node: Node) -> bool:
    """Return whether a service is a singleton made of singletons by one call: called once, without generated code."""
    return (
        node.scope is Scope.SINGLETON
        and node.kind in {Kind.CALL, Kind.AWAIT}
        and not any(
            each.source not in {ArgumentSource.CONSTANT, ArgumentSource.NODE}
            or (each.source is ArgumentSource.NODE and each.value.scope is not Scope.SINGLETON)
            for each in node.arguments
        )
    )


def _direct_maker(store: dict[int, Any], node: Node) -> Any:
    """Return the call of a singleton of singletons, without generated code."""

    def make(_: Any) -> Any:
        positional: list[Any] = []
        named: dict[str, Any] = {}
        for argument in node.arguments:
            value = store[argument.value.slot] if argument.source is ArgumentSource.NODE else argument.value
            if argument.keyword is None:
                positional.append(value)
            else:
                named[argument.keyword] = value
        return node.call(*positional, **named)

    return make
