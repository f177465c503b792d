"""Wait for a build in progress; raise CircularDependencyError instead of deadlocking.

The lock is held for list operations only, never while something is built or waited for.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from .._errors import CircularDependencyError
from .._keys.labels import label

lock = threading.Lock()
get: Callable[..., Any] = dict[int, Any].get  # a closed store refuses its own methods
BROKEN: frozenset[int] = frozenset()
"""The rest of a reservation that a plan has to give up."""


class PlanClaim:
    """The claim of generated code, which is the first to build anything in a scope: a constant of its plan."""

    __slots__ = ("node",)

    def __init__(self, node: Any) -> None:
        self.node = node

    def claim(self) -> Claim:
        """Return the claim that replaces it once a builder waits."""
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
        """Wake the waiters: with the error of a factory, or to look again."""
        with lock:
            self.done = True
            self.error = error if isinstance(error, Exception) else None
            waiters, self.waiters = self.waiters, []
        for wake in waiters:
            wake()


def break_up(store: Any) -> None:
    """End the reservation of a plan, and wake its waiters to look again."""
    with lock:
        reserved: Any = get(store, None)
        store[None] = BROKEN
    if isinstance(reserved, Claim):
        reserved.end(None)


def on_this_stack(store: Any) -> bool:
    """Say whether the code that holds the PlanClaim is one of our own callers."""
    return any(found is store for found in _stores_on_this_stack())


def _stores_on_this_stack() -> Iterator[Any]:
    """Yield the stores which our own callers have begun."""
    frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]  # the documented way to one's callers
    while frame is not None:
        if frame.f_globals.get("__vega_plan__") and "_f" in frame.f_locals:
            yield frame.f_locals["_f"]
        frame = frame.f_back  # type: ignore[assignment]  # None ends the loop


def _held(parent: Claim | None) -> list[Claim]:
    """Give the builds that the caller is in the middle of, the innermost first."""
    found: list[Claim] = []
    while parent is not None:
        found.append(parent)
        parent = parent.parent
    for store in _stores_on_this_stack():
        with lock:
            found += _claims_of_plan(store)
    return found


def _claims_of_plan(store: dict[Any, Any]) -> list[Claim]:
    """Give the claims that the plan which has begun a store still holds; a PlanClaim is replaced."""
    for key, claim in list(store.items()):
        if type(claim) is PlanClaim and get(store, ~key) is None:
            store[key] = claim.claim()
    return [each for each in list(store.values()) if type(each) is Claim and each.of_plan and not each.done]


def _enlist(claim: Claim, mine: list[Claim], waker: Callable[[], None]) -> bool:
    """Queue up for the end of a build, unless that end would wait for us."""
    with lock:
        if claim.done:
            return False
        todo, seen = [[claim]], {claim}
        while todo:
            path = todo.pop()
            if path[-1] in mine:
                raise _circular([*mine[::-1], *path[:-1]], path[-1].node)
            fresh = [other for other in path[-1].waiting if other not in seen]
            seen.update(fresh)
            todo += [[*path, other] for other in fresh]
        for each in mine:
            each.waiting.append(claim)
        claim.waiters.append(waker)
    return True


def _leave(claim: Claim, mine: list[Claim]) -> None:
    with lock:
        for each in mine:
            with suppress(ValueError):
                each.waiting.remove(claim)


def wait(claim: Claim, parent: Claim | None) -> None:
    """Wait until a build has ended.

    Raises:
        CircularDependencyError: it waits for the caller, whose own builds are `parent` and those on the stack.
        Exception: what the build failed with.
    """
    for store in _stores_on_this_stack():
        if get(store, None):  # reserved by a plan whose constructor waits here: others must not wait for that
            break_up(store)
    gate, mine = threading.Event(), _held(parent)
    if _enlist(claim, mine, gate.set):
        try:
            gate.wait()
        finally:
            _leave(claim, mine)
    if claim.error is not None:
        raise claim.error


async def await_claim(claim: Claim, parent: Claim | None) -> None:
    """Do what `wait` does in an event loop."""
    import asyncio

    loop = asyncio.get_running_loop()
    gate = loop.create_future()

    def open_gate() -> None:
        if not gate.done():
            gate.set_result(None)

    def waker() -> None:
        with suppress(RuntimeError):  # the loop of a waiter may be closed by now
            loop.call_soon_threadsafe(open_gate)

    mine = _held(parent)
    if _enlist(claim, mine, waker):
        try:
            await gate
        finally:
            _leave(claim, mine)
    if claim.error is not None:
        raise claim.error


def _circular(path: list[Claim], node: Any) -> CircularDependencyError:
    """Say that a service is asked for on the way that began with it."""
    text = " -> ".join(label(each.node.address) for each in path)
    return CircularDependencyError(
        f"{label(node.address)} is asked for while it is being built",
        f"{text} -> {label(node.address)}, registered at {node.registration.site_text()}",
        f"let the factory take what it needs as parameters, or Lazy[{label(node.address)}]",
    )
