"""Rate limits: the three ways to count, headers, who is counted, and what happens without the store."""

import asyncio
import math
import os
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st

from vega.core import MemoryStore, StoreUnavailableError
from vega.testing import client_for
from vega.web import (
    ApiKeys,
    AuthenticationMiddleware,
    Limit,
    MiddlewarePipeline,
    Principal,
    RateLimitingMiddleware,
    RedisStore,
    Router,
    TrustedProxyMiddleware,
    WebError,
)
from vega.web._middleware.limits.senders import network_of
from vega.web._stores.rate_limits import take

Shop = Callable[..., FastAPI]
KEYS = 1_000_000 if os.environ.get("VEGA_FULL") == "1" else 20_000


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def passed(limit: Limit, times: list[float]) -> list[float]:
    """Return the times at which a request passed, in the memory of a process."""

    async def main() -> list[float]:
        clock = Clock()
        store, allowed = MemoryStore(clock=clock), []
        for moment in times:
            clock.now = 1_000_000.0 + moment
            if (await take(store, limit, "k", clock.now)).is_allowed:
                allowed.append(moment)
        return allowed

    return asyncio.run(main())


def most_in(times: list[float], span: float) -> int:
    return max((sum(start <= moment < start + span for moment in times) for start in times), default=0)


moments = st.lists(st.floats(0, 50, width=32), max_size=60).map(sorted)


@settings(deadline=None)
@given(times=moments, rate=st.integers(1, 5))
def test_a_fixed_window_lets_its_rate_pass_in_each_window(times: list[float], rate: int) -> None:
    allowed = passed(Limit(rate=rate, per=10, algorithm="fixed"), times)

    for window in range(6):
        asked = [moment for moment in times if window * 10 <= moment < window * 10 + 10]
        assert sum(window * 10 <= moment < window * 10 + 10 for moment in allowed) == min(rate, len(asked))


@settings(deadline=None)
@given(times=moments, rate=st.integers(1, 5))
def test_a_sliding_window_never_lets_more_than_twice_its_rate_pass_and_never_more_in_a_window(
    times: list[float], rate: int
) -> None:
    allowed = passed(Limit(rate=rate, per=10), times)

    assert all(sum(w * 10 <= moment < w * 10 + 10 for moment in allowed) <= rate for w in range(6))
    assert most_in(allowed, 10) <= 2 * rate - (rate > 1)


@settings(deadline=None)
@given(times=moments, rate=st.integers(1, 5), burst=st.integers(1, 5))
def test_a_bucket_lets_its_burst_pass_and_then_its_rate(times: list[float], rate: int, burst: int) -> None:
    allowed = passed(Limit(rate=rate, per=10, algorithm="bucket", burst=burst), times)

    for first in allowed:
        for last in allowed:
            if last >= first:
                between = sum(first <= moment <= last for moment in allowed)
                assert between <= burst + math.ceil((last - first) * rate / 10 + 1e-6)


@settings(deadline=None)
@given(times=moments, algorithm=st.sampled_from(["sliding", "fixed", "bucket"]))
def test_whoever_waits_as_long_as_told_passes(times: list[float], algorithm: Any) -> None:
    limit = Limit(rate=3, per=10, algorithm=algorithm)

    async def main() -> None:
        clock = Clock()
        store = MemoryStore(clock=clock)
        for moment in times:
            clock.now = max(clock.now, 1_000_000.0 + moment)
            verdict = await take(store, limit, "k", clock.now)
            if not verdict.is_allowed:
                clock.now += verdict.retry_after + 1e-3
                assert (await take(store, limit, "k", clock.now)).is_allowed
                return

    asyncio.run(main())


@pytest.mark.parametrize(
    "options", [{"rate": 0}, {"per": 0}, {"per": float("inf")}, {"burst": 0}, {"name": "a b"}, {"name": "é"}]
)
def test_a_limit_that_lets_nothing_pass_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(WebError):
        Limit(**{"rate": 1, "per": 1.0, **options})


def test_however_many_keys_stay_within_bounds() -> None:
    async def main() -> int:
        store, limit = MemoryStore(max_keys=1000), Limit(rate=1, per=60, algorithm="fixed")
        for number in range(KEYS):
            await take(store, limit, str(number), 0.0)
        return len(store)

    assert asyncio.run(main()) <= 1000


def test_networks_are_what_one_client_has() -> None:
    assert network_of("2001:db8::1") == network_of("2001:db8::2") != network_of("2001:db8:0:1::1")
    assert network_of("::ffff:192.0.2.7") == "192.0.2.7"
    assert network_of("testclient") == "testclient"


def routes() -> Router:
    router = Router()

    @router.get("/hello")
    async def hello() -> str:
        return "hello"

    @router.get("/health/live")
    async def live() -> str:
        return "live"

    return router


def ask(app: FastAPI, count: int, path: str = "/hello", **options: Any) -> list[httpx.Response]:
    async def main() -> list[httpx.Response]:
        async with client_for(app) as client:
            return [await client.get(path, **options) for _ in range(count)]

    return asyncio.run(main())


def test_who_asks_too_often_is_told_when_to_come_again(shop: Shop) -> None:
    limits = [Limit(rate=2, per=3600, algorithm="fixed"), Limit(rate=100, per=60, name="burst")]
    app = shop(routes(), pipeline=MiddlewarePipeline().use(RateLimitingMiddleware, limits=limits))

    first, second, third = ask(app, 3)

    assert [answer.status_code for answer in (first, second, third)] == [200, 200, 429]
    assert first.headers["ratelimit-policy"] == '"default";q=2;w=3600, "burst";q=100;w=60'
    assert first.headers["ratelimit"].startswith('"default";r=1;t=')
    assert third.headers["content-type"] == "application/problem+json"
    assert 0 < int(third.headers["retry-after"]) <= 3600
    assert third.headers["ratelimit"].startswith('"default";r=0;t=')


def test_the_roadmap_s_form_has_a_limit(shop: Shop) -> None:
    app = shop(routes(), pipeline=MiddlewarePipeline().use(RateLimitingMiddleware))

    (answer,) = ask(app, 1)

    assert answer.headers["ratelimit-policy"] == '"default";q=100;w=60'


def test_some_paths_are_not_counted(shop: Shop) -> None:
    limits = [Limit(rate=1, per=3600, algorithm="fixed")]
    app = shop(routes(), pipeline=MiddlewarePipeline().use(RateLimitingMiddleware, limits=limits))

    assert {answer.status_code for answer in ask(app, 3, "/health/live")} == {200}


def test_users_are_counted_each_for_themselves(shop: Shop) -> None:
    keys = {ApiKeys.digest(name): Principal(subject=name) for name in ("ada", "eve")}
    pipeline = MiddlewarePipeline().use(AuthenticationMiddleware, schemes=[ApiKeys(keys)])
    pipeline.use(RateLimitingMiddleware, limits=[Limit(rate=1, per=3600, algorithm="fixed")])
    app = shop(routes(), pipeline=pipeline)

    async def main() -> list[int]:
        async with client_for(app) as client:
            return [
                (await client.get("/hello", headers={"x-api-key": name})).status_code for name in ("ada", "eve", "ada")
            ]

    assert asyncio.run(main()) == [200, 200, 429]


def test_a_spoofed_address_changes_nothing(shop: Shop) -> None:
    pipeline = MiddlewarePipeline().use(TrustedProxyMiddleware, trusted=["10.0.0.0/8"])
    pipeline.use(RateLimitingMiddleware, limits=[Limit(rate=1, per=3600, algorithm="fixed")])
    app = shop(routes(), pipeline=pipeline)

    async def main() -> list[int]:
        async with client_for(app) as client:
            spoofed = [{"x-forwarded-for": f"203.0.113.{number}"} for number in range(3)]
            return [(await client.get("/hello", headers=each)).status_code for each in spoofed]

    assert asyncio.run(main()) == [200, 429, 429]


def test_the_key_may_be_another(shop: Shop) -> None:
    limits = [Limit(rate=1, per=3600, algorithm="fixed")]
    pipeline = MiddlewarePipeline()
    pipeline.use(RateLimitingMiddleware, limits=limits, key=lambda connection: connection.headers.get("tenant", ""))

    async def main() -> list[int]:
        async with client_for(shop(routes(), pipeline=pipeline)) as client:
            return [(await client.get("/hello", headers={"tenant": each})).status_code for each in "aba"]

    assert asyncio.run(main()) == [200, 200, 429]


class Gone:
    """A store that cannot be reached."""

    async def increment(self, key: str, by: int = 1, *, ttl: float | None) -> int:
        raise StoreUnavailableError("gone")


@pytest.mark.parametrize(("on_failure", "status"), [("open", 200), ("closed", 503)])
def test_without_the_store_the_declared_policy_holds(shop: Shop, on_failure: Any, status: int) -> None:
    pipeline = MiddlewarePipeline()
    gone: Any = Gone()
    pipeline.use(RateLimitingMiddleware, store=gone, on_failure=on_failure)

    (answer,) = ask(shop(routes(), pipeline=pipeline), 1)

    assert answer.status_code == status


@pytest.mark.parametrize(("algorithm", "rate"), [("sliding", 100), ("fixed", 100), ("bucket", 20)])
def test_redis_counts_exactly_whoever_asks_at_once(redis_url: str, algorithm: Any, rate: int) -> None:
    limit = Limit(rate=rate, per=3600, algorithm=algorithm, name=f"exact-{algorithm}")

    async def main() -> int:
        stores = [RedisStore(redis_url, timeout=20) for _ in range(4)]
        asked = [take(stores[number % 4], limit, "k", 1e6) for number in range(3 * rate)]
        try:
            verdicts = await asyncio.gather(*asked)
        finally:
            for store in stores:
                await store.aclose()
        return sum(verdict.is_allowed for verdict in verdicts)

    assert asyncio.run(main()) == rate


def test_a_bucket_that_everybody_takes_from_refuses_in_the_end() -> None:
    class Contended:
        async def get(self, key: str) -> bytes | None:
            return None

        async def add(self, key: str, value: bytes, *, ttl: float | None) -> bool:
            return False

    async def main() -> bool:
        contended: Any = Contended()
        return (await take(contended, Limit(rate=1, per=1, algorithm="bucket"), "k", 0.0)).is_allowed

    assert asyncio.run(main()) is False


@pytest.mark.parametrize(("on_failure", "status"), [("open", 200), ("closed", 503)])
def test_a_redis_that_dies_midway_leaves_the_declared_policy(
    shop: Shop, start_valkey: Any, on_failure: Any, status: int
) -> None:
    async def main() -> tuple[list[int], list[int]]:
        with start_valkey() as (url, process):
            store = RedisStore(url)
            pipeline = MiddlewarePipeline().use(RateLimitingMiddleware, store=store, on_failure=on_failure)
            async with client_for(shop(routes(), pipeline=pipeline)) as client:
                before = [(await client.get("/hello")).status_code for _ in range(3)]
                process.kill()
                process.wait()
                after = [(await client.get("/hello")).status_code for _ in range(50)]
            await store.aclose()
        return before, after

    assert asyncio.run(main()) == ([200] * 3, [status] * 50)
