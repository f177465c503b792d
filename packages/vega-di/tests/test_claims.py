"""Build claims: waiting for a build in progress, step by step, as races of threads and tasks rarely do."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from vega.di._runtime import build_once, claims


class Thing: ...


class Late(dict[Any, Any]):
    """A store in which another builder's claim is seen, and is gone when it is looked at."""

    def __init__(self, found: object = None) -> None:
        super().__init__()
        self.found = found
        self.asked = 0

    def setdefault(self, key: Any, default: Any = None) -> Any:
        self.asked += 1
        if self.asked > 1:
            return super().setdefault(key, default)
        if self.found is not None:
            self[~key] = self.found
        return claims.Claim(None, None)


NODE = SimpleNamespace(slot=7, address=Thing)


def made(owner: Any) -> Thing:
    return Thing()


async def amade(owner: Any) -> Thing:
    return Thing()


def test_a_claim_that_ended_without_a_result_is_taken_up() -> None:
    owner = SimpleNamespace(_store=Late())

    assert type(build_once.once(owner, NODE, made)) is Thing
    assert owner._store.asked == 2


def test_a_claim_that_ended_without_a_result_is_taken_up_by_a_task() -> None:
    owner = SimpleNamespace(_store=Late())

    assert type(asyncio.run(build_once.aonce(owner, NODE, amade))) is Thing
    assert owner._store.asked == 2


def test_a_claim_that_ended_with_a_result_gives_it() -> None:
    there = Thing()

    assert build_once.once(SimpleNamespace(_store=Late(there)), NODE, made) is there
    assert asyncio.run(build_once.aonce(SimpleNamespace(_store=Late(there)), NODE, amade)) is there


def test_nobody_waits_for_a_build_that_has_ended() -> None:
    claim = claims.Claim(NODE, None)
    claim.end(None)

    claims.wait(claim, None)
    asyncio.run(claims.await_claim(claim, None))

    assert claim.waiters == []


def test_who_comes_after_a_build_that_failed_gets_its_error() -> None:
    claim = claims.Claim(NODE, None)
    claim.end(ValueError("no"))

    with pytest.raises(ValueError, match="no"):
        claims.wait(claim, None)
    with pytest.raises(ValueError, match="no"):
        asyncio.run(claims.await_claim(claim, None))


def test_a_waiter_that_is_cancelled_as_the_build_ends_is_cancelled() -> None:
    async def main() -> None:
        claim = claims.Claim(NODE, None)
        waiting = asyncio.create_task(claims.await_claim(claim, None))
        await asyncio.sleep(0)
        claim.end(None)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await asyncio.sleep(0)
        assert claim.waiting == []

    asyncio.run(main())


def test_a_wake_without_waiters_leaves_the_claim_of_the_plan() -> None:
    store: dict[int, Any] = {~7: claims.PlanClaim(NODE)}

    build_once.wake(store, 7)

    assert store == {~7: claims.BUILT}
