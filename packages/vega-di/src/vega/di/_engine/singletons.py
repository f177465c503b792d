"""The building of singletons: each once, dependencies first, without holding a lock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from .._codegen.plans import is_direct, maker_plan
from .._errors import CaptiveDependencyError
from .._graph.instance_check import verify
from .._graph.node import Node
from .._graph.paths import draw, shortest
from .._keys.key import address
from .._keys.labels import label
from .._keys.scope import Scope
from .._registration.registration import ASYNC, Kind
from .._runtime.build_once import aonce, once
from .._runtime.closing import afinish, finish
from .._runtime.construction_errors import explain
from .._runtime.owners import Owner
from .refusals import async_required, scoped

if TYPE_CHECKING:
    from .ports import SingletonEngine


def pending(engine: SingletonEngine, node: Node) -> Iterator[Node]:
    """Give what has to be made before a plan of `node`, and `node` itself, dependencies first."""
    store = engine.store
    if node.scope is Scope.SINGLETON and node.slot in store:
        return
    seen: set[Node] = {node}
    stack = [(node, iter(node.deps))]
    while stack:
        each, rest = stack[-1]
        for dep in rest:
            if dep not in seen:
                seen.add(dep)
                if dep.scope is not Scope.SINGLETON or dep.slot not in store:
                    stack.append((dep, iter(dep.deps)))
                    break
        else:
            stack.pop()
            yield each


def awaited_in(engine: SingletonEngine, node: Node) -> Node | None:
    """Give a service that has to be awaited before or while `node` is made, or None."""
    return next((each for each in pending(engine, node) if each.kind in ASYNC), None)


def build(engine: SingletonEngine, node: Node) -> None:
    """Build the singletons that `node` needs, from sync code.

    Raises:
        AsyncRequiredError: one of them has to be awaited.
    """
    needed = [each for each in pending(engine, node) if each.scope is Scope.SINGLETON]
    for each in needed:
        if each.is_async and awaited_in(engine, each) is not None:
            raise async_required(node if node.is_async else each)
    for each in needed:
        once(RootOwner(engine), each, _maker(engine, each))


async def abuild(engine: SingletonEngine, node: Node) -> None:
    """Build the singletons that `node` needs."""
    needed = [each for each in pending(engine, node) if each.scope is Scope.SINGLETON]
    for each in needed:
        if each.slot in engine.store:
            continue
        if each.is_async:
            await aonce(RootOwner(engine), each, _amaker(engine, each))
        else:
            once(RootOwner(engine), each, _maker(engine, each))


def _maker(engine: SingletonEngine, node: Node) -> Callable[[Any], Any]:
    if node.kind is Kind.INSTANCE:
        return lambda _: node.call
    make = maker_plan(engine, node, awaits=False)

    def run(owner: Any) -> Any:
        try:
            made = make(owner)
            if node.expected is not None and made.__class__ not in node.seen:
                verify(made, node)
            engine.take_over(owner._resources)
        except BaseException as error:
            finish(owner._resources, error)
            if isinstance(error, Exception):
                explain(error, node=node)
            raise
        return made

    return run


def _amaker(engine: SingletonEngine, node: Node) -> Callable[[Any], Any]:
    make = maker_plan(engine, node, awaits=True)

    async def run(owner: Any) -> Any:
        try:
            made = make(owner)
            if node.kind is Kind.AWAIT or not is_direct(node):
                made = await made
            if node.expected is not None and made.__class__ not in node.seen:
                verify(made, node)
            engine.take_over(owner._resources)
        except BaseException as error:
            await afinish(owner._resources, error)
            if isinstance(error, Exception):
                explain(error, node=node)
            raise
        return made

    return run


class RootOwner(Owner):
    """The build of one singleton: the resolver of its factories, and the owner of their resources until it is built."""

    __slots__ = ("_engine",)

    def __init__(self, engine: SingletonEngine) -> None:
        self._engine = engine
        self._store = engine.store
        self._resources: list[Any] = []

    def resolve(self, key: Any, *, name: str | None = None) -> Any:
        """Give a service that lives as long as the container, or a new transient of such."""
        return self.resolve_address(address(key, name))

    async def aresolve(self, key: Any, *, name: str | None = None) -> Any:
        """Give a service, awaiting what has to be awaited."""
        return await self.aresolve_address(address(key, name))

    def resolve_address(self, where: Any) -> Any:
        """Give the service at an address."""
        self._refuse_scoped(where)
        try:
            return self._engine.root[where]()
        except Exception as error:
            explain(error)
            raise

    async def aresolve_address(self, where: Any) -> Any:
        """Give the service at an address, awaiting what has to be awaited."""
        self._refuse_scoped(where)
        try:
            return await self._engine.aroot[where]()
        except Exception as error:
            explain(error)
            raise

    def _refuse_scoped(self, where: Any) -> None:
        node = self._engine.find(where)
        if node.needs_scope or (node.holds_scoped and node.scope is not Scope.SINGLETON):
            raise CaptiveDependencyError(
                f"a singleton asks for {label(where)}, which lives in a scope",
                f"{draw(shortest(node, scoped, lambda _: True))}, registered at {node.registration.site_text()}",
                f"make the singleton Scope.SCOPED, or let it take Provider[{label(where)}] and call it with a scope",
            )
