"""The writer of plans: a flat Python function per requested key, with all dependencies inlined.

A built singleton is a constant of the function, a transient a nested call, a scoped service a local.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from .._graph.node import Argument, ArgumentSource, Node, order
from .._keys.scope import Scope
from .._registration.registration import ASYNC, Kind
from .._runtime.claims import PlanClaim
from .._runtime.owners import no_value
from .plan_size import BUDGET, DEPTH, opens_early
from .source import Source, indented

if TYPE_CHECKING:
    from .plans import Plans


class Writer:
    """Writes the statements and expressions of nodes.

    Args:
        plans: the source of built singletons and of the plans of large parts.
        source: receives the constants.
        owner: the expression for the owning scope.
        fresh: whether the scope is known to be empty, so that scoped services become locals.
        awaits: whether the function is async.
        private: whether the scope is invisible outside the function, so that services remain locals.
    """

    def __init__(
        self, plans: Plans, source: Source, *, owner: str, fresh: bool, awaits: bool, private: bool = False
    ) -> None:
        self.plans = plans
        self.source = source
        self.owner = owner
        self.fresh = fresh
        self.awaits = awaits
        self.private = private
        self.lines: list[str] = []
        self.locals: dict[int, str] = {}
        self.batch: dict[int, str] = {}
        self.opened = False
        self.exits: list[str] = []
        self.opening = 0
        self._claim: PlanClaim | None = None
        self._count = 0
        self._temporary = 0

    def open_first(self, nodes: Sequence[Node]) -> None:
        """Write the first service of a fresh scope, if it waits or opens a resource.

        The store begins with its claim, so no other statement may fail, or request the service, before.
        """
        first = opens_early(nodes)
        if self.fresh and first is not None:
            self.value(first)

    def fill(self, wanted: Iterable[Node]) -> None:
        """Write the scoped services of a large plan, dependencies first, so that depth cannot exhaust the stack."""
        for node in order(wanted):
            if node.scope is Scope.SCOPED and node.kind is not Kind.VALUE:
                self.value(node)

    def value(self, node: Node, depth: int = 0) -> str:
        """Return the expression of a node, after writing its statements."""
        if node.kind is Kind.ALIAS:
            return self.value(node.deps[0], depth)
        if node.scope is Scope.SINGLETON:
            return self.source.constant(self.plans.store[node.slot])
        if node.scope is Scope.SCOPED:
            found = self.locals.get(node.slot)
            return found if found is not None else self._scoped(node, depth)
        self._count += 1
        # A part reads the store, so fresh and private functions, which do not, are limited by `walk` instead.
        can_split = not self.fresh and not self.private
        if node.deps and can_split and (depth > DEPTH or self._count > BUDGET):
            plan = self.source.constant(self.plans.later(self.plans.part, node, awaits=self.awaits and node.is_async))
            call = f"{plan}({self.owner})"
            if not self.awaits or not node.is_async:
                return call
            self.lines.append(f"{(name := self.temporary())} = await {call}")
            return name
        return self.made(node, depth)

    def made(self, node: Node, depth: int = 0) -> str:
        """Return the expression of a new object of a node."""
        arguments = [self.argument(each, depth + 1) for each in node.arguments]
        name = self.source.callee(node)
        lines = "".join(f"\n{each}," for each in arguments)
        call = f"{name}({lines}\n)" if arguments else f"{name}()"
        if node.kind is Kind.CALL and node.expected is None:
            return call
        return self._opened(node, call)

    def argument(self, argument: Argument, depth: int = 0) -> str:
        """Return the expression of an argument."""
        if argument.source is ArgumentSource.NODE:
            text = self.value(argument.value, depth)
        elif argument.source is ArgumentSource.CONSTANT:
            text = self.source.constant(argument.value)
        else:
            text = self.owner
        return text if argument.keyword is None else f"{argument.keyword}={text}"

    def temporary(self) -> str:
        """Return a new local name."""
        self._temporary += 1
        return f"_t{self._temporary}"

    def _opened(self, node: Node, call: str) -> str:
        """Write the statements that await, open or check the result of a call."""
        x, put = self.temporary(), self.lines.append
        kind = node.kind
        if kind is Kind.CALL:
            put(f"{x} = {call}")
        elif kind is Kind.AWAIT:
            put(f"{x} = await {call}")
        else:
            self._open(node, call, x)
        if node.expected is not None:
            put(f"if {x}.__class__ not in {self.source.constant(node.seen)}: VERIFY({x}, {self.source.constant(node)})")
        return x

    def _open(self, node: Node, call: str, x: str) -> None:
        letter = "a" if node.kind is Kind.ASYNC_GENERATOR else "g"
        g, put = f"_{letter}{len(self.exits)}", self.lines.append
        put(f"{g} = {call}")
        made_by = f"  # {call.partition('(')[0]}()"  # errors of this line belong to the call above
        exit_ = g
        if node.kind is Kind.GENERATOR:
            put(f"{x} = NEXT({g}, NOTHING){made_by}")
        elif node.kind is Kind.ASYNC_GENERATOR:
            # Hidden from the event loop, which would close the generator at its own end: the scope closes the
            # generator, and a singleton may outlive the loop.
            put("_h = HOOKS().firstiter")
            put("SET_HOOKS(None)")
            put(f"try: {x} = ANEXT({g}, NOTHING)\nfinally: SET_HOOKS(_h)")
            put(f"{x} = await {x}{made_by}")
        elif node.kind is Kind.CONTEXT:
            put(f"{x} = {g}.__enter__(){made_by}")
            exit_ = f"Exit({g})"
        else:
            put(f"{x} = await {g}.__aenter__(){made_by}")
            exit_ = f"AsyncExit({g})"
        if node.kind in ASYNC and not self.private:
            put(f"if {self.owner}._store is not _v: await LATE({exit_})")
        self.keep(exit_)

    def keep(self, exit_: str) -> None:
        """Write the hand-over of a resource to the owner."""
        if self.private:
            self.lines.append(f"_o.append({exit_})" if self.opened else f"_o = [{exit_}]")
        elif self.fresh and not self.opened:  # in place without an earlier resource
            is_first = f"{self.owner}._resources is None and {self.owner}._store is _v"
            self.lines.append(f"if {is_first}: {self.owner}._resources = [{exit_}]\nelse: KEEP({self.owner}, {exit_})")
        else:
            self.lines.append(f"KEEP({self.owner}, {exit_})")
        self.opened = True
        self.exits.append(exit_)

    def _scoped(self, node: Node, depth: int) -> str:
        x = f"_x{node.slot}"
        self.locals[node.slot] = x
        if not self.fresh and not self.private:
            self.lines += [f"{x} = _v.get({node.slot})", f"if {x} is None: {x} = {self._once(node)}"]
            return x
        if self.private or is_plain(node):
            expression = self.made(node, depth)
            self.lines.append(f"{x} = {expression}")
            self.batch[node.slot] = x
            return x
        return self._first(node, x)

    def _once(self, node: Node) -> str:
        if node.kind is Kind.VALUE:
            return f"{self.source.constant(no_value)}({self.source.constant(node)})"
        name = self.source.constant(node)
        awaits = self.awaits and node.is_async
        maker = self.source.constant(self.plans.later(self.plans.maker, node, awaits=awaits))
        return f"{'await A' if awaits else ''}ONCE({self.owner}, {name}, {maker})"

    def claim(self, node: Node) -> str:
        """Return the name of the claim of the first service."""
        if self._claim is None:
            self._claim = PlanClaim(node)
        return self.source.constant(self._claim)

    def _first(self, node: Node, x: str) -> str:
        """Write the first build in an empty scope, whose store begins with the claim."""
        before, self.lines = self.lines, []
        expression = self.made(node)
        self.lines.append(f"{x} = {expression}")
        body, self.lines = self.lines, before
        slot = node.slot
        self.lines += ["try:", *map(indented, body)]
        self.lines += ["except BaseException as _e:", f"    RELEASE(_v, {slot}, _e)", "    raise"]
        self.lines += [f"_v[{slot}] = {x}", f"if _v[{~slot}] is not {self.claim(node)}: WAKE(_v, {slot})"]
        self.opening = len(self.lines)
        return x


def is_plain(node: Node) -> bool:
    """Return whether a node is made by a call that neither opens a resource nor waits."""
    return node.kind is Kind.CALL
