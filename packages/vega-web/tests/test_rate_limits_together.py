"""Several limits count together, and each request for its sender: the address first, then the user."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import HTTPConnection

from vega.core import MemoryStore, Store, StoreUnavailableError
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
    route_path,
)
from vega.web._stores.rate_limits import give_back, take, take_all

Shop = Callable[..., FastAPI]
ALGORITHMS: list[Any] = ["sliding", "fixed", "bucket"]
START = 1_000_000.0


async def run(store: Store, limits: Sequence[Limit], times: Sequence[float], clock: list[float]) -> list[float]:
    """Return the times at which a request passed."""
    passed = list[float]()
    for moment in times:
        clock[0] = START + moment
        if all(verdict.is_allowed for verdict in await take_all(store, limits, "k", clock[0])):
            passed.append(moment)
    return passed


@settings(deadline=None)
@given(
    times=st.lists(st.floats(0, 50, width=32), max_size=30).map(sorted),
    first=st.sampled_from(ALGORITHMS),
    second=st.sampled_from(ALGORITHMS),
    rates=st.tuples(st.integers(1, 5), st.integers(1, 5)),
)
def test_a_refused_request_counts_against_no_limit(
    times: list[float], first: Any, second: Any, rates: tuple[int, int]
) -> None:
    limits = [
        Limit(rate=rates[0], per=20, algorithm=first, name="first"),
        Limit(rate=rates[1], per=5, algorithm=second, name="second"),
    ]

    async def main() -> tuple[list[float], list[float], list[Any], list[Any]]:
        clock, other = [START], [START]
        store = MemoryStore(clock=lambda: clock[0])
        passed = await run(store, limits, times, clock)
        only = MemoryStore(clock=lambda: other[0])
        again = await run(only, limits, passed, other)
        other[0] = clock[0]
        after = [[await take(each, limit, "k", clock[0]) for limit in limits] for each in (store, only)]
        return passed, again, *([(v.is_allowed, v.remaining) for v in verdicts] for verdicts in after)

    passed, again, after, expected = asyncio.run(main())
    assert (again, after) == (passed, expected)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_redis_counts_together_whatever_comes_at_once(redis_url: str, algorithm: Any) -> None:
    limits = [
        Limit(rate=50, per=3600, algorithm=algorithm, name=f"wide-{algorithm}"),
        Limit(rate=5, per=3600, algorithm="fixed", name=f"narrow-{algorithm}"),
    ]

    async def main() -> tuple[int, int]:
        store = RedisStore(redis_url, timeout=20, prefix="together:")
        try:
            asked = await asyncio.gather(*(take_all(store, limits, "k", 1e6) for _ in range(20)))
            left = await take(store, limits[0], "k", 1e6)
        finally:
            await store.aclose()
        return sum(all(verdict.is_allowed for verdict in verdicts) for verdicts in asked), left.remaining

    assert asyncio.run(main()) == (5, 44)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_what_is_given_back_can_be_taken_again(algorithm: Any) -> None:
    limit = Limit(rate=2, per=60, algorithm=algorithm)

    async def main() -> list[int]:
        store = MemoryStore()
        first = await take(store, limit, "k", START)
        second = await take(store, limit, "k", START)
        refused = await take(store, limit, "k", START)
        await give_back(store, [second, refused], START)
        third = await take(store, limit, "k", START)
        await give_back(store, [first, third], START)
        await give_back(MemoryStore(), [first], START)  # a store that forgot
        return [first.remaining, second.remaining, third.remaining, (await take(store, limit, "k", START)).remaining]

    assert asyncio.run(main()) == [1, 0, 0, 1]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("ends", ["fails", "is cancelled"])
def test_a_request_that_ends_between_two_limits_counts_against_none(algorithm: Any, ends: str) -> None:
    limits = [Limit(rate=2, per=60, algorithm=algorithm), Limit(rate=2, per=60, name="second")]
    inner = MemoryStore()

    class Ending:
        """A store that is lost at the second limit."""

        async def increment(self, key: str, by: int = 1, *, ttl: float | None) -> int:
            if "second" in key:
                if ends == "fails":
                    raise StoreUnavailableError("gone")
                await asyncio.Event().wait()
            return await inner.increment(key, by, ttl=ttl)

        def __getattr__(self, name: str) -> Any:
            return getattr(inner, name)

    async def main() -> int:
        ending: Any = Ending()
        task = asyncio.create_task(take_all(ending, limits, "k", START))
        await asyncio.wait([task], timeout=0.01)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled() or isinstance(task.exception(), StoreUnavailableError)
        return (await take(inner, limits[0], "k", START)).remaining

    assert asyncio.run(main()) == 1


def routes() -> Router:
    router = Router()

    @router.get("/hello")
    async def hello() -> str:
        return "hello"

    @router.get("/free", without=["rate_limiting"])
    async def free() -> str:
        return "free"

    @router.get("/open", without=["authentication"])
    async def opened() -> str:
        return "open"

    return router


class Keys:
    """API keys that note how often they were looked up."""

    challenge = "ApiKey"

    def __init__(self) -> None:
        keys = {ApiKeys.digest(name): Principal(subject=name) for name in ("ada", "bob")}
        self._keys, self.asked = ApiKeys(keys), 0

    async def authenticate(self, connection: Any) -> Principal | None:
        self.asked += 1
        return await self._keys.authenticate(connection)


def guarded(shop: Shop, order: str, limit: Limit, **options: Any) -> tuple[FastAPI, Keys]:
    scheme = Keys()
    pipeline = MiddlewarePipeline()

    def limited(inner: MiddlewarePipeline) -> None:
        inner.use(RateLimitingMiddleware, limits=[limit], **options)

    if order.startswith("branch"):
        nested: Any = lambda inner: inner.use_when(lambda _: True, limited)  # noqa: E731 - a single expression
        pipeline.use_when(lambda _: True, limited if order == "branch" else nested, name="rate_limiting")
    else:
        limited(pipeline)
    pipeline.use(AuthenticationMiddleware, schemes=[scheme], priority=0 if order == "outside" else 1)
    return shop(routes(), pipeline=pipeline), scheme


def ask(app: FastAPI, *keys: str, path: str = "/hello") -> list[httpx.Response]:
    async def main() -> list[httpx.Response]:
        async with client_for(app) as client:
            return [await client.get(path, headers={"x-api-key": key} if key else {}) for key in keys]

    return asyncio.run(main())


orders = pytest.mark.parametrize("order", ["outside", "inside", "branch", "branch of a branch"])
TWO = Limit(rate=2, per=3600, algorithm="fixed")


@orders
def test_wrong_credentials_are_counted(shop: Shop, order: str) -> None:
    app, scheme = guarded(shop, order, TWO)

    answers = ask(app, "wrong", "wrong", "wrong", "ada", "")

    assert [answer.status_code for answer in answers] == [401, 401, 429, 429, 429]
    assert scheme.asked == 2
    assert int(answers[3].headers["retry-after"]) > 0


@orders
def test_users_behind_one_address_are_counted_each_for_themselves(shop: Shop, order: str) -> None:
    app, _ = guarded(shop, order, TWO)

    answers = ask(app, "ada", "ada", "ada", "bob", "bob", "bob", "", "", "")

    assert [answer.status_code for answer in answers] == [200, 200, 429] * 3
    assert [answer.headers["ratelimit"].partition(";t=")[0] for answer in answers[:3]] == [
        '"default";r=1',
        '"default";r=0',
        '"default";r=0',
    ]
    assert answers[0].headers["ratelimit-policy"] == '"default";q=2;w=3600'


@orders
def test_users_do_not_use_up_their_address(shop: Shop, order: str) -> None:
    app, _ = guarded(shop, order, Limit(rate=3, per=3600, algorithm="fixed"))

    assert [answer.status_code for answer in ask(app, "ada", "bob", "ada", "bob", "", "wrong")] == [200] * 5 + [401]


@orders
def test_what_is_not_limited_is_not_counted(shop: Shop, order: str) -> None:
    def statuses(path: str, *keys: str) -> list[int]:
        return [answer.status_code for answer in ask(guarded(shop, order, TWO, skip=["/hello"])[0], *keys, path=path)]

    assert statuses("/hello", "ada", "", "wrong", "ada") == [200, 200, 401, 200]
    assert statuses("/free", "ada", "ada", "ada") == [200] * 3
    assert statuses("/open", "ada", "ada", "ada") == [200, 200, 429]


@orders
@pytest.mark.parametrize(("on_failure", "status"), [("open", 200), ("closed", 503)])
def test_a_store_that_is_lost_leaves_the_declared_policy(shop: Shop, order: str, on_failure: Any, status: int) -> None:
    class Lost:
        """A store that fails from its second call on."""

        calls = 0

        async def increment(self, key: str, by: int = 1, *, ttl: float | None) -> int:
            self.calls += 1
            if self.calls > 1:
                raise StoreUnavailableError("gone")
            return 1

    app, _ = guarded(shop, order, TWO, store=Lost(), on_failure=on_failure)

    assert [answer.status_code for answer in ask(app, "ada", "ada")] == [status] * 2


def test_a_branch_for_some_senders_counts_only_those(shop: Shop) -> None:
    def is_unknown(connection: HTTPConnection) -> bool:
        return connection.scope["user"] is None

    pipeline = MiddlewarePipeline().use(AuthenticationMiddleware, schemes=[Keys()])
    pipeline.use_when(is_unknown, lambda inner: inner.use(RateLimitingMiddleware, limits=[TWO]), name="rate_limiting")
    app = shop(routes(), pipeline=pipeline)

    statuses = [answer.status_code for answer in ask(app, "ada", "ada", "ada", "", "wrong", "wrong", "ada", "")]

    assert statuses == [200, 200, 200, 200, 401, 429, 429, 429]


def test_a_branch_of_other_paths_counts_nothing(shop: Shop) -> None:
    pipeline = MiddlewarePipeline().use(AuthenticationMiddleware, schemes=[Keys()])
    pipeline.use_when(
        lambda connection: route_path(connection) == "/free",
        lambda inner: inner.use(RateLimitingMiddleware, limits=[TWO]),
        name="rate_limiting",
    )

    assert [answer.status_code for answer in ask(shop(routes(), pipeline=pipeline), *["wrong"] * 4)] == [401] * 4
