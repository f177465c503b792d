"""`RedisStore` keeps the contract of `Store`, as `MemoryStore` does; what it does when its server is gone."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from vega.core import MemoryStore, Store, StoreError, StoreUnavailableError
from vega.web import RedisStore

Work = Callable[[Store], Awaitable[Any]]


@pytest.fixture(params=["memory", "redis"])
def run(request: pytest.FixtureRequest) -> Callable[[Work], Any]:
    def with_store(work: Work) -> Any:
        async def main() -> Any:
            if request.param == "memory":
                return await work(MemoryStore())
            prefix = f"{request.node.name}:"
            store = RedisStore(request.getfixturevalue("redis_url"), prefix=prefix, timeout=30)
            try:
                return await work(store)
            finally:
                await store.aclose()

        return asyncio.run(main())

    return with_store


def test_a_value_is_kept_replaced_and_taken_away(run: Any) -> None:
    async def work(store: Store) -> list[Any]:
        assert isinstance(store, Store)
        await store.set("k", b"one", ttl=None)
        await store.set("k", b"two", ttl=60)
        return [
            await store.get("k"),
            await store.delete("k", expected=b"one"),
            await store.delete("k", expected=b"two"),
            await store.delete("k"),
            await store.get("k"),
        ]

    assert run(work) == [b"two", False, True, False, None]


def test_of_many_claims_one_is_granted(run: Any) -> None:
    async def work(store: Store) -> list[bool]:
        return await asyncio.gather(*(store.add("k", b"%d" % n, ttl=60) for n in range(20)))

    assert sum(run(work)) == 1


def test_only_the_owner_swaps(run: Any) -> None:
    async def work(store: Store) -> list[Any]:
        none = await store.swap("k", b"a", b"b", ttl=1)
        await store.set("k", b"a", ttl=None)
        return [
            none,
            await store.swap("k", b"x", b"b", ttl=None),
            await store.swap("k", b"a", b"b", ttl=None),
            await store.swap("k", b"b", b"c", ttl=60),
            await store.get("k"),
        ]

    assert run(work) == [False, False, True, True, b"c"]


def test_a_counter_counts_and_keeps_its_time(run: Any) -> None:
    async def work(store: Store) -> list[Any]:
        counted = [await store.increment("n", ttl=None), await store.increment("n", 5, ttl=60)]
        counted.append(await store.increment("n", -2, ttl=None))
        await store.increment("short", ttl=0.02)
        await store.increment("short", ttl=60)
        await asyncio.sleep(0.06)
        return [*counted, await store.get("n"), await store.get("short")]

    assert run(work) == [1, 6, 4, b"4", None]


def test_what_has_run_out_is_absent(run: Any) -> None:
    async def work(store: Store) -> list[Any]:
        await store.set("k", b"v", ttl=0.02)
        await store.add("l", b"v", ttl=0.02)
        await store.set("m", b"v", ttl=None)
        await store.swap("m", b"v", b"w", ttl=0.02)
        await asyncio.sleep(0.06)
        return [await store.get("k"), await store.add("l", b"w", ttl=1), await store.get("m")]

    assert run(work) == [None, True, None]


@pytest.mark.parametrize("ttl", [0, -1, float("inf"), float("nan")])
def test_a_wrong_time_key_or_counter_is_refused(run: Any, ttl: float) -> None:
    async def work(store: Store) -> None:
        await store.set("text", b"v", ttl=None)
        for step in (
            lambda: store.set("k", b"v", ttl=ttl),
            lambda: store.get(""),
            lambda: store.increment("text", ttl=None),
        ):
            with pytest.raises(StoreError):
                await step()

    run(work)


def test_a_server_that_is_gone_is_told_at_once_and_asked_again_later(start_valkey: Any) -> None:
    async def main(url: str, process: Any) -> tuple[float, bytes | None]:
        store = RedisStore(url, pause=0.05)
        await store.set("k", b"v", ttl=None)
        process.kill()
        process.wait()
        start = time.monotonic()
        for _ in range(100):
            with pytest.raises(StoreUnavailableError):
                await store.get("k")
        spent = time.monotonic() - start
        with start_valkey() as (_, _process):
            await asyncio.sleep(0.06)
            found = await store.get("k")
        await store.aclose()
        await store.aclose()
        return spent, found

    with start_valkey() as (url, process):
        spent, found = asyncio.run(main(url, process))

    assert spent < 5  # a hundred calls; each would wait for half a second
    assert found is None


def test_a_store_serves_several_event_loops(redis_url: str) -> None:
    store = RedisStore(redis_url, prefix="loops:")

    async def main() -> int:
        try:
            return await store.increment("n", ttl=60)
        finally:
            await store.aclose()

    first = asyncio.run(main())
    assert asyncio.run(main()) == first + 1


def test_more_callers_than_connections_wait_for_one(redis_url: str) -> None:
    async def main() -> list[int]:
        store = RedisStore(redis_url, timeout=30, connections=2)
        totals = await asyncio.gather(*(store.increment("many", ttl=60) for _ in range(150)))
        await store.aclose()
        return totals

    assert sorted(asyncio.run(main())) == list(range(1, 151))


def test_a_store_without_connections_is_refused() -> None:
    with pytest.raises(StoreError, match="admits no calls"):
        RedisStore("redis://localhost", connections=0)
