"""Builds once what several ask for at the same time: threads, tasks, event loops, cancelled builders.

A store maps the slot of a service to the object, and ``~slot`` to the claim of the one who is
building it. A hit never comes here. The claim is taken with ``dict.setdefault``, which is atomic;
the lock below is held for list operations only, never while something is built or waited for.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

from ._errors import CircularDependencyError
from ._keys import label

_lock = threading.Lock()
_building: ContextVar[Claim | None] = ContextVar("vega_di_building", default=None)
_get: Callable[..., Any] = dict[int, Any].get  # a closed store refuses its own methods
_pop: Callable[..., Any] = dict[int, Any].pop
CLAIMED: Any = type("Claimed", (), {"__slots__": ()})()
"""The claim that generated code takes when it is the first to build anything in a scope."""
BROKEN: frozenset[int] = frozenset()
"""What is left of a reservation that a plan has to give up."""


class Claim:
    """One build in progress."""

    __slots__ = ("done", "error", "node", "parent", "slots", "waiters", "waiting")

    def __init__(self, node: Any, parent: Claim | None) -> None:
        self.node = node
        self.parent = parent
        self.waiters: list[Callable[[], None]] = []
        self.waiting: list[Claim] = []
        self.done = False
        self.slots: frozenset[int] = BROKEN
        self.error: Exception | None = None

    def end(self, error: BaseException | None) -> None:
        """Wake who waits: with the error of a factory, or to look again."""
        with _lock:
            self.done = True
            self.error = error if isinstance(error, Exception) else None
            waiters, self.waiters = self.waiters, []
        for wake in waiters:
            wake()


def once(owner: Any, node: Any, make: Callable[[Any], Any]) -> Any:
    """Give the object of `node` in the store of `owner`, building it if nobody has and nobody is.

    Raises:
        CircularDependencyError: the builder asks for what it is building.
    """
    slot = node.slot
    while True:
        store = owner.v  # the scope may end while one waits
        mine = Claim(node, _building.get())
        claim = store.setdefault(~slot, mine)
        if claim is mine:
            found = store.get(slot)
            batch = None if found is not None else _batch_with(store, slot, node)
            if found is None and batch is None:
                return _build(owner, store, mine, make)
            _release(store, slot, None)
            if batch is not None:
                _wait(batch, mine.parent)
                continue
            return found
        claim = _claim_of(store, slot, node)
        if claim is not None:
            _wait(claim, mine.parent)
        found = store.get(slot)
        if found is not None:
            return found


def _build(owner: Any, store: Any, claim: Claim, make: Callable[[Any], Any]) -> Any:
    slot = claim.node.slot
    token = _building.set(claim)
    try:
        found = store[slot] = make(owner)
    except BaseException as error:
        _release(store, slot, error)
        raise
    finally:
        _building.reset(token)
    _release(store, slot, None)
    return found


async def aonce(owner: Any, node: Any, make: Callable[[Any], Any]) -> Any:
    """Do what `once` does for a service that has to be awaited."""
    slot = node.slot
    while True:
        store = owner.v  # the scope may end while one waits
        mine = Claim(node, _building.get())
        claim = store.setdefault(~slot, mine)
        if claim is mine:
            found = store.get(slot)
            batch = None if found is not None else _batch_with(store, slot, node)
            if found is None and batch is None:
                return await _abuild(owner, store, mine, make)
            _release(store, slot, None)
            if batch is not None:
                await _await(batch, mine.parent)
                continue
            return found
        claim = _claim_of(store, slot, node)
        if claim is not None:
            await _await(claim, mine.parent)
        found = store.get(slot)
        if found is not None:
            return found


async def _abuild(owner: Any, store: Any, claim: Claim, make: Callable[[Any], Any]) -> Any:
    slot = claim.node.slot
    token = _building.set(claim)
    try:
        found = store[slot] = await make(owner)
    except BaseException as error:
        _release(store, slot, error)
        raise
    finally:
        _building.reset(token)
    _release(store, slot, None)
    return found


def _release(store: dict[int, Any], slot: int, error: BaseException | None) -> None:
    claim: Any = _pop(store, ~slot, None)
    if isinstance(claim, Claim):
        claim.end(error)


def wake(store: Any, slot: int) -> None:
    """Wake who came while generated code was building (it found its claim replaced).

    The bare claim comes back: generated code counts the keys of the store to see whether anybody else builds there.
    """
    claim: Any = store[~slot]
    store[~slot] = CLAIMED
    if isinstance(claim, Claim):
        claim.end(None)


def abandon(store: Any, slot: int, error: BaseException) -> None:
    """Give up a claim of generated code."""
    _release(store, slot, error)


def _batch_with(store: dict[Any, Any], slot: int, node: Any) -> Claim | None:
    """Give the claim of the plan that is about to build a service with others in one go, if there is one.

    Such a plan reserves its slots under the key None. When one of its own constructors asks for one of them the
    reservation is broken: each is then built by who needs it.
    """
    with _lock:
        reserved: Any = _get(store, None)
        slots = reserved.slots if isinstance(reserved, Claim) else reserved
        if slots is None or slot not in slots or _get(store, slot) is not None:
            return None
        if not _on_this_stack(store):
            claim = reserved if isinstance(reserved, Claim) else Claim(node, None)
            claim.slots = slots
            store[None] = claim
            return claim
    break_up(store)
    return None


def break_up(store: Any) -> None:
    """End the reservation of a plan, and wake who waits for it to look again."""
    with _lock:
        reserved: Any = _get(store, None)
        store[None] = BROKEN
    if isinstance(reserved, Claim):
        reserved.end(None)


def _claim_of(store: dict[int, Any], slot: int, node: Any) -> Claim | None:
    """Give the claim to wait for; the bare claim of generated code is replaced by one that can be waited for."""
    with _lock:
        claim: Any = _get(store, ~slot)
        if claim is CLAIMED:
            claim = Claim(node, None)
            if _on_this_stack(store):
                raise _circular([claim], node)
            store[~slot] = claim
    if claim is None or _get(store, slot) is not None:
        return None
    found: Claim = claim
    return found


def _on_this_stack(store: Any) -> bool:
    """Say whether the code that holds the bare claim is one of our own callers."""
    return any(found is store for found in _stores_on_this_stack())


def _stores_on_this_stack() -> Iterator[Any]:
    """Yield the stores which our own callers have begun."""
    frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]  # the documented way to one's callers
    while frame is not None:
        if frame.f_globals.get("__vega_plan__") and "_f" in frame.f_locals:
            yield frame.f_locals["_f"]
        frame = frame.f_back  # type: ignore[assignment]  # None ends the loop


def _chain(claim: Claim | None) -> list[Claim]:
    found: list[Claim] = []
    while claim is not None:
        found.append(claim)
        claim = claim.parent
    return found


def _enlist(claim: Claim, parent: Claim | None, waker: Callable[[], None]) -> bool:
    """Queue up for the end of a build, unless that end would wait for us."""
    mine = _chain(parent)
    with _lock:
        if claim.done:
            return False
        todo, seen = [claim], {claim}
        while todo:
            each = todo.pop()
            if each in mine:
                raise _circular(mine, claim.node)
            fresh = [other for other in each.waiting if other not in seen]
            seen.update(fresh)
            todo += fresh
        for each in mine:
            each.waiting.append(claim)
        claim.waiters.append(waker)
    return True


def _leave(claim: Claim, parent: Claim | None) -> None:
    with _lock:
        for each in _chain(parent):
            with suppress(ValueError):
                each.waiting.remove(claim)


def _wait(claim: Claim, parent: Claim | None) -> None:
    for store in _stores_on_this_stack():
        if _get(store, None):  # reserved by a plan whose constructor waits here: others must not wait for that
            break_up(store)
    gate = threading.Event()
    if _enlist(claim, parent, gate.set):
        try:
            gate.wait()
        finally:
            _leave(claim, parent)
    if claim.error is not None:
        raise claim.error


async def _await(claim: Claim, parent: Claim | None) -> None:
    import asyncio

    loop = asyncio.get_running_loop()
    gate = loop.create_future()

    def open_gate() -> None:
        if not gate.done():
            gate.set_result(None)

    def waker() -> None:
        with suppress(RuntimeError):  # the loop of a waiter may be closed by now
            loop.call_soon_threadsafe(open_gate)

    if _enlist(claim, parent, waker):
        try:
            await gate
        finally:
            _leave(claim, parent)
    if claim.error is not None:
        raise claim.error


def _circular(chain: list[Claim], node: Any) -> CircularDependencyError:
    path = " -> ".join(label(each.node.address) for each in reversed(chain))
    return CircularDependencyError(
        f"{label(node.address)} is asked for while it is being built",
        f"{path} -> {label(node.address)}, registered at {node.registration.site_text()}",
        f"let the factory take what it needs as parameters, or Lazy[{label(node.address)}]",
    )
