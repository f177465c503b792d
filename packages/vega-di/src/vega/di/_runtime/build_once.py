"""Single builds of services that threads, tasks and event loops request at the same time.

A store maps the slot of a service to its object, and ``~slot`` to the claim of its builder. A hit never enters this
module. The first builder takes the claim with ``dict.setdefault``, which is atomic; every other builder waits for the
claim, then looks at the store again. A failed build gives up its claim, and passes its error to the waiters.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from .claims import BUILT, Claim, PlanClaim, await_claim, break_up, get, lock, stores_on_this_stack, wait

_building: ContextVar[Claim | None] = ContextVar("vega_di_building", default=None)
_pop: Callable[..., Any] = dict[int, Any].pop  # a closed store refuses its own methods


def once(owner: Any, node: Any, make: Callable[[Any], Any]) -> Any:
    """Return the object of `node` in the store of `owner`, building it unless it is built or being built.

    Raises:
        CircularDependencyError: the builder requests the service that it is building.
    """
    while True:
        store = owner._store  # read in each round: the scope may close during a wait
        claim = Claim(node, _building.get())
        result = _begin(store, claim)
        if result is claim:
            with _Build(store, claim):
                built = store[node.slot] = make(owner)
            return built
        if type(result) is Claim:
            wait(result, claim.parent)
            result = store.get(node.slot)
        if result is not None:
            return result


async def aonce(owner: Any, node: Any, make: Callable[[Any], Any]) -> Any:
    """Do the same as `once` for a service that has to be awaited."""
    while True:
        store = owner._store
        claim = Claim(node, _building.get())
        result = _begin(store, claim)
        if result is claim:
            with _Build(store, claim):
                built = store[node.slot] = await make(owner)
            return built
        if type(result) is Claim:
            await await_claim(result, claim.parent)
            result = store.get(node.slot)
        if result is not None:
            return result


def _begin(store: Any, claim: Claim) -> Any:
    """Take a claim; return it, or the object that exists, or the claim to wait for, or None to begin again."""
    slot = claim.node.slot
    if store.setdefault(~slot, claim) is not claim:
        other = _claim_of(store, slot)
        return store.get(slot) if other is None else other
    built = store.get(slot)
    batch = None if built is not None else _batch_with(store, slot, claim.node)
    if built is None and batch is None:
        return claim
    release(store, slot, None)
    return built if batch is None else batch


class _Build:
    """The block in which a claim is held; its error goes to the waiters."""

    __slots__ = ("_claim", "_store", "_token")

    def __init__(self, store: Any, claim: Claim) -> None:
        self._store = store
        self._claim = claim

    def __enter__(self) -> None:
        self._token = _building.set(self._claim)

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        _building.reset(self._token)
        release(self._store, self._claim.node.slot, error)


def release(store: dict[int, Any], slot: int, error: BaseException | None) -> None:
    """Give up a claim, and wake its waiters with the error of the build."""
    claim: Any = _pop(store, ~slot, None)
    if isinstance(claim, Claim):
        claim.end(error)


def wake(store: Any, slot: int) -> None:
    """Wake the builders that waited for generated code, whose claim they replaced.

    A claim stays: generated code counts the keys of the store to detect other builders.
    """
    claim: Any = store[~slot]
    store[~slot] = BUILT
    if isinstance(claim, Claim):
        claim.end(None)


def _batch_with(store: dict[Any, Any], slot: int, node: Any) -> Claim | None:
    """Return the claim of a plan that is about to build a service together with others, or None.

    Such a plan reserves its slots under the key None. A constructor of the plan that requests one of them breaks the
    reservation; each service is then built at its own request.
    """
    with lock:
        reserved: Any = get(store, None)
        slots = reserved.slots if isinstance(reserved, Claim) else reserved
        if slots is None or slot not in slots or get(store, slot) is not None:
            return None
        if not any(begun is store for begun in stores_on_this_stack()):
            claim = reserved if isinstance(reserved, Claim) else Claim(node, None)
            claim.slots = slots
            store[None] = claim
            return claim
    break_up(store)
    return None


def _claim_of(store: dict[int, Any], slot: int) -> Claim | None:
    """Return the claim to wait for; replace a claim of generated code by one with waiters."""
    with lock:
        claim: Any = get(store, ~slot)
        if type(claim) is PlanClaim and get(store, slot) is None:
            claim = store[~slot] = claim.claim()
    return claim if type(claim) is Claim and get(store, slot) is None else None
