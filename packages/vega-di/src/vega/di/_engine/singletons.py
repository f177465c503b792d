"""Single builds of singletons, dependencies first, without a lock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from .._codegen.plans import is_direct
from .._errors import CaptiveDependencyError
from .._graph.instance_check import verify
from .._graph.node import Node, order
from .._graph.validation import async_required, path_to_scoped
from .._keys.key import address, label
from .._keys.scope import Scope
from .._registration.registration import ASYNC, Kind
from .._runtime.build_once import aonce, once
from .._runtime.closing import afinish, finish
from .._runtime.construction_errors import explain
from .._runtime.owners import Owner

if TYPE_CHECKING:
    from .engine import Engine


def pending(engine: Engine, node: Node) -> Iterator[Node]:
    """Return the services to build before a plan of `node`, and `node` itself, dependencies first."""
    store = engine.store
    return order([node], lambda each: each.scope is Scope.SINGLETON and each.slot in store)


def awaited_in(engine: Engine, node: Node) -> Node | None:
    """Return a service to be awaited before or during the build of `node`, or None."""
    return next((step for step in pending(engine, node) if step.kind in ASYNC), None)


def build(engine: Engine, node: Node) -> None:
    """Build the singletons below `node`, from sync code.

    Raises:
        AsyncRequiredError: a singleton has to be awaited.
    """
    needed = [step for step in pending(engine, node) if step.scope is Scope.SINGLETON]
    for singleton in needed:
        if singleton.is_async and awaited_in(engine, singleton) is not None:
            raise async_required(node if node.is_async else singleton)
    for singleton in needed:
        once(RootOwner(engine), singleton, _maker(engine, singleton))


async def abuild(engine: Engine, node: Node) -> None:
    """Build the singletons below `node`."""
    needed = [step for step in pending(engine, node) if step.scope is Scope.SINGLETON]
    for singleton in needed:
        if singleton.slot in engine.store:
            continue
        if singleton.is_async:
            await aonce(RootOwner(engine), singleton, _amaker(engine, singleton))
        else:
            once(RootOwner(engine), singleton, _maker(engine, singleton))


def _maker(engine: Engine, node: Node) -> Callable[[Any], Any]:
    if node.kind is Kind.INSTANCE:
        return lambda _: node.call
    make = engine.plans.maker(node, awaits=False)

    def run(owner: Any) -> Any:
        try:
            return _accepted(engine, node, owner, make(owner))
        except BaseException as error:
            finish(owner._resources, error)
            explain(node=node)
            raise

    return run


def _amaker(engine: Engine, node: Node) -> Callable[[Any], Any]:
    make = engine.plans.maker(node, awaits=True)
    is_awaited = node.kind is Kind.AWAIT or not is_direct(node)

    async def run(owner: Any) -> Any:
        try:
            service = make(owner)
            return _accepted(engine, node, owner, await service if is_awaited else service)
        except BaseException as error:
            await afinish(owner._resources, error)
            explain(node=node)
            raise

    return run


def _accepted(engine: Engine, node: Node, owner: Any, service: Any) -> Any:
    if node.expected is not None and service.__class__ not in node.seen:
        verify(service, node)
    engine.take_over(owner._resources)
    return service


class RootOwner(Owner):
    """The build of a singleton: the resolver of factories, and the owner of resources until the end of the build."""

    __slots__ = ("_engine",)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._store = engine.store
        self._resources: list[Any] = []

    def resolve(self, key: Any, *, name: str | None = None) -> Any:
        """Return a singleton, or a new transient made of singletons."""
        try:
            return self._engine.root[self._unscoped(key, name)]()
        except Exception:
            explain()
            raise

    async def aresolve(self, key: Any, *, name: str | None = None) -> Any:
        """Return a service, awaiting async factories."""
        try:
            return await self._engine.aroot[self._unscoped(key, name)]()
        except Exception:
            explain()
            raise

    def _unscoped(self, key: Any, name: str | None) -> Any:
        wanted = address(key, name)
        node = self._engine.find(wanted)
        if node.needs_scope or (node.holds_scoped and node.scope is not Scope.SINGLETON):
            raise CaptiveDependencyError(
                f"a singleton requests {label(wanted)}, which lives in a scope",
                path_to_scoped(node),
                f"make the singleton Scope.SCOPED, or let it take Provider[{label(wanted)}] and call it with a scope",
            )
        return wanted
