"""Wait for a build in progress; raise CircularDependencyError instead of deadlocking.

A claim knows the claim that its builder held before (`parent`) and the claims that its builder waits for (`waiting`).
A wait is refused where this chain leads back to a claim of the caller. The lock is held for list operations only, never
during a build or a wait.

Generated code claims with a constant, a `PlanClaim`, which costs nothing per build; the first waiter replaces it by a
`Claim`. The plans in progress are found on the stack: each keeps the store that it began in the local ``_f``.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from .._errors import CircularDependencyError
from .._keys.key import label

if TYPE_CHECKING:
    from .._graph.node import Node

lock = threading.Lock()
get: Callable[..., Any] = dict[int, Any].get  # a closed store refuses its own methods
BROKEN: frozenset[int] = frozenset()
"""The reservation of a plan that has to give it up."""


class PlanClaim:
    """The claim of generated code, which is the first to build anything in a scope: a constant of its plan."""

    __slots__ = ("node",)

    def __init__(self, node: Any) -> None:
        self.node = node

    def claim(self) -> Claim:
        """Return the claim that replaces this one as soon as a builder waits."""
        return Claim(self.node, None, of_plan=True)


BUILT: Any = PlanClaim(None)
"""The rest of a claim of generated code that a builder has waited for."""


class Claim:
    """One build in progress."""

    __slots__ = ("done", "error", "node", "of_plan", "parent", "slots", "waiters", "waiting")

    def __init__(self, node: Any, parent: Claim | None, *, of_plan: bool = False) -> None:
        self.node = node
        self.parent = parent
        self.of_plan = of_plan  # it replaced a PlanClaim
        self.waiters: list[Callable[[], None]] = []
        self.waiting: list[Claim] = []
        self.done = False
        self.slots: frozenset[int] = BROKEN
        self.error: Exception | None = None

    def end(self, error: BaseException | None) -> None:
        """Wake the waiters, with the error of a factory if there is one."""
        with lock:
            self.done = True
            self.error = error if isinstance(error, Exception) else None
            waiters, self.waiters = self.waiters, []
        for wake in waiters:
            wake()


def break_up(store: Any) -> None:
    """End the reservation of a plan, and wake its waiters."""
    with lock:
        reserved: Any = get(store, None)
        store[None] = BROKEN
    if isinstance(reserved, Claim):
        reserved.end(None)


def stores_on_this_stack() -> Iterator[Any]:
    """Yield the stores that callers of this code have begun."""
    frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]  # the documented way to the callers
    while frame is not None:
        if frame.f_globals.get("__vega_plan__") and "_f" in frame.f_locals:
            yield frame.f_locals["_f"]
        frame = frame.f_back  # type: ignore[assignment]  # None ends the loop


def _own_claims(parent: Claim | None) -> list[Claim]:
    """Return the claims that the caller holds, the innermost first."""
    claims: list[Claim] = []
    while parent is not None:
        claims.append(parent)
        parent = parent.parent
    for store in stores_on_this_stack():
        with lock:
            claims += _claims_of_plan(store)
    return claims


def _claims_of_plan(store: dict[Any, Any]) -> list[Claim]:
    """Return the claims that the plan which began a store still holds; a PlanClaim is replaced."""
    for key, claim in list(store.items()):
        if type(claim) is PlanClaim and get(store, ~key) is None:
            store[key] = claim.claim()
    return [claim for claim in list(store.values()) if type(claim) is Claim and claim.of_plan and not claim.done]


def _enlist(claim: Claim, own: list[Claim], waker: Callable[[], None]) -> bool:
    """Queue up for the end of a build; return False where it has ended.

    Raises:
        CircularDependencyError: the build waits for the caller.
    """
    with lock:
        if claim.done:
            return False
        todo, seen = [[claim]], {claim}
        while todo:
            path = todo.pop()
            if path[-1] in own:
                raise circular([each.node for each in (*own[::-1], *path[:-1])], path[-1].node)
            fresh = [other for other in path[-1].waiting if other not in seen]
            seen.update(fresh)
            todo += [[*path, other] for other in fresh]
        for mine in own:
            mine.waiting.append(claim)
        claim.waiters.append(waker)
    return True


def _leave(claim: Claim, own: list[Claim]) -> None:
    with lock:
        for mine in own:
            with suppress(ValueError):
                mine.waiting.remove(claim)


def wait(claim: Claim, parent: Claim | None) -> None:
    """Wait until a build has ended.

    Raises:
        CircularDependencyError: the build waits for the caller, whose claims are `parent` and those on the stack.
        Exception: the build failed.
    """
    for store in stores_on_this_stack():
        if get(store, None):  # reserved by a plan whose constructor waits here: no other builder may wait for it
            break_up(store)
    gate, own = threading.Event(), _own_claims(parent)
    if _enlist(claim, own, gate.set):
        try:
            gate.wait()
        finally:
            _leave(claim, own)
    if claim.error is not None:
        raise claim.error


async def await_claim(claim: Claim, parent: Claim | None) -> None:
    """Do the same as `wait` in an event loop."""
    import asyncio

    loop = asyncio.get_running_loop()
    gate = loop.create_future()

    def open_gate() -> None:
        if not gate.done():
            gate.set_result(None)

    def waker() -> None:
        with suppress(RuntimeError):  # the loop of a waiter may be closed by now
            loop.call_soon_threadsafe(open_gate)

    own = _own_claims(parent)
    if _enlist(claim, own, waker):
        try:
            await gate
        finally:
            _leave(claim, own)
    if claim.error is not None:
        raise claim.error


def circular(path: Iterable[Node], node: Node) -> CircularDependencyError:
    """Return the error of a service that is requested by its own build, after a path of builds."""
    services = " -> ".join(label(each.address) for each in path)
    return CircularDependencyError(
        f"{label(node.address)} is requested while it is being built",
        f"{services} -> {label(node.address)}, registered at {node.registration.site_text()}",
        f"let the factory take its dependencies as parameters, or Lazy[{label(node.address)}]",
    )
