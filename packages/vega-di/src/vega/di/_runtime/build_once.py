"""Single builds of services that threads, tasks and event loops request at the same time.

A store maps the slot of a service to the object, and ``~slot`` to the claim of its builder. A hit never comes
here. The claim is taken with ``dict.setdefault``, which is atomic.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from .claims import BUILT, Claim, PlanClaim, await_claim, break_up, get, lock, on_this_stack, wait

_building: ContextVar[Claim | None] = ContextVar("vega_di_building", default=None)
_pop: Callable[..., Any] = dict[int, Any].pop  # a closed store refuses its own methods


def once(owner: Any, node: Any, make: Callable[[Any], Any]) -> Any:
    """Return the object of `node` in the store of `owner`, building it unless it is built or being built.

    Raises:
        CircularDependencyError: the builder asks for what it is building.
    """
    slot = node.slot
    while True:
        store = owner._store  # the scope may end while one waits
        mine = Claim(node, _building.get())
        claim = store.setdefault(~slot, mine)
        if claim is mine:
            found = store.get(slot)
            batch = None if found is not None else _batch_with(store, slot, node)
            if found is None and batch is None:
                return _build(owner, store, mine, make)
            _release(store, slot, None)
            if batch is not None:
                wait(batch, mine.parent)
                continue
            return found
        claim = _claim_of(store, slot)
        if claim is not None:
            wait(claim, mine.parent)
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
        store = owner._store  # the scope may end while one waits
        mine = Claim(node, _building.get())
        claim = store.setdefault(~slot, mine)
        if claim is mine:
            found = store.get(slot)
            batch = None if found is not None else _batch_with(store, slot, node)
            if found is None and batch is None:
                return await _abuild(owner, store, mine, make)
            _release(store, slot, None)
            if batch is not None:
                await await_claim(batch, mine.parent)
                continue
            return found
        claim = _claim_of(store, slot)
        if claim is not None:
            await await_claim(claim, mine.parent)
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
    """Wake the waiters that came while generated code was building (it found its claim replaced).

    A claim stays: generated code counts the keys of the store to see whether another builder is there.
    """
    claim: Any = store[~slot]
    store[~slot] = BUILT
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
    with lock:
        reserved: Any = get(store, None)
        slots = reserved.slots if isinstance(reserved, Claim) else reserved
        if slots is None or slot not in slots or get(store, slot) is not None:
            return None
        if not on_this_stack(store):
            claim = reserved if isinstance(reserved, Claim) else Claim(node, None)
            claim.slots = slots
            store[None] = claim
            return claim
    break_up(store)
    return None


def _claim_of(store: dict[int, Any], slot: int) -> Claim | None:
    """Give the claim to wait for; a claim of generated code is replaced by one that can be waited for."""
    with lock:
        claim: Any = get(store, ~slot)
        if type(claim) is PlanClaim and get(store, slot) is None:
            claim = store[~slot] = claim.claim()
    return claim if type(claim) is Claim and get(store, slot) is None else None
