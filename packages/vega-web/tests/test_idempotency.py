"""Idempotency keys: one execution, equal answers, and no wrong replay whatever fails."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from starlette.responses import PlainTextResponse, Response

from vega.core import MemoryStore, Store, StoreUnavailableError
from vega.testing import client_for
from vega.web import (
    ApiKeys,
    AuthenticationMiddleware,
    IdempotencyMiddleware,
    MiddlewarePipeline,
    Principal,
    RedisStore,
    Router,
)

Shop = Callable[..., FastAPI]


class Orders:
    def __init__(self) -> None:
        self.made: list[bytes] = []
        self.fails = 0
        self.gate: asyncio.Event | None = None


def app_of(shop: Shop, orders: Orders, **options: Any) -> FastAPI:
    router = Router()

    @router.post("/orders", status_code=201)
    async def order(request: Request) -> Response:
        if orders.gate is not None:
            await orders.gate.wait()
        if orders.fails:
            orders.fails -= 1
            raise RuntimeError("no luck")
        orders.made.append(await request.body())
        headers = {"x-number": str(len(orders.made)), "set-cookie": "a=b"}
        return PlainTextResponse(f"order {len(orders.made)}", 201, headers)

    @router.get("/orders")
    async def listed() -> int:
        return len(orders.made)

    @router.post("/export")
    async def export() -> StreamingResponse:
        async def parts() -> AsyncIterator[str]:
            orders.made.append(b"export")
            for _ in range(4):
                yield "x" * 100

        return StreamingResponse(parts())

    return shop(router, pipeline=MiddlewarePipeline().use(IdempotencyMiddleware, **options))


def post(app: FastAPI, *keys: str | None, body: bytes = b"tea", path: str = "/orders") -> list[httpx.Response]:
    async def main() -> list[httpx.Response]:
        async with client_for(app) as client:
            headers = [{} if key is None else {"idempotency-key": key} for key in keys]
            return [await client.post(path, content=body, headers=each) for each in headers]

    return asyncio.run(main())


def test_a_repetition_gets_the_first_answer(shop: Shop) -> None:
    orders = Orders()

    first, second, other = post(app_of(shop, orders), "a", "a", "b")

    assert (first.status_code, first.text) == (second.status_code, second.text) == (201, "order 1")
    assert second.headers["idempotency-replayed"] == "true"
    assert second.headers["x-number"] == "1"
    assert "set-cookie" not in second.headers
    assert (other.text, len(orders.made)) == ("order 2", 2)


def test_without_a_key_every_request_executes_unless_one_is_required(shop: Shop) -> None:
    orders = Orders()

    assert [answer.status_code for answer in post(app_of(shop, orders), None, None)] == [201, 201]
    assert post(app_of(shop, orders, required=True), None)[0].status_code == 400
    assert len(orders.made) == 2


@pytest.mark.parametrize("key", ["", "a b", "x" * 256])
def test_a_malformed_key_is_refused(shop: Shop, key: str) -> None:
    assert post(app_of(shop, Orders()), key)[0].status_code == 400


def test_one_key_is_for_one_request(shop: Shop) -> None:
    orders = Orders()

    async def main() -> list[int]:
        async with client_for(app_of(shop, orders)) as client:
            key = {"idempotency-key": "a"}
            return [
                (await client.post("/orders", content=b"tea", headers=key)).status_code,
                (await client.post("/orders", content=b"milk", headers=key)).status_code,
                (await client.post("/orders?x=1", content=b"tea", headers=key)).status_code,
                (await client.post("/export", content=b"tea", headers=key)).status_code,
                (await client.get("/orders", headers=key)).status_code,
            ]

    assert asyncio.run(main()) == [201, 422, 422, 422, 200]
    assert len(orders.made) == 1


def test_a_failure_is_not_kept(shop: Shop) -> None:
    orders = Orders()
    orders.fails = 1

    failed, done, again = post(app_of(shop, orders), "a", "a", "a")

    assert [answer.status_code for answer in (failed, done, again)] == [500, 201, 201]
    assert orders.made == [b"tea"]


@pytest.mark.parametrize("kind", ["memory", "redis"])
def test_of_fifty_at_once_one_executes(shop: Shop, kind: str, request: pytest.FixtureRequest) -> None:
    orders = Orders()

    async def main() -> tuple[list[httpx.Response], httpx.Response]:
        redis = (
            RedisStore(request.getfixturevalue("redis_url"), prefix="fifty:", timeout=20) if kind == "redis" else None
        )
        orders.gate = asyncio.Event()
        async with client_for(app_of(shop, orders, store=redis or MemoryStore())) as client:
            key = {"idempotency-key": "a"}
            asked = [asyncio.ensure_future(client.post("/orders", content=b"tea", headers=key)) for _ in range(50)]
            await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
            orders.gate.set()
            answers = await asyncio.gather(*asked)
            later = await client.post("/orders", content=b"tea", headers=key)
            if redis is not None:
                await redis.aclose()
            return answers, later

    answers, later = asyncio.run(main())
    assert orders.made == [b"tea"]
    assert {answer.status_code for answer in answers} == {201, 409}
    assert {answer.text for answer in answers if answer.status_code == 201} == {later.text} == {"order 1"}
    assert {answer.headers.get("retry-after") for answer in answers if answer.status_code == 409} == {"1"}


def test_users_have_keys_of_their_own(shop: Shop) -> None:
    orders = Orders()
    keys = {ApiKeys.digest(name): Principal(subject=name) for name in ("ada", "eve")}
    app = app_of(shop, orders)
    pipeline = MiddlewarePipeline().use(AuthenticationMiddleware, schemes=[ApiKeys(keys)])
    pipeline.install(app)

    async def main() -> list[str]:
        async with client_for(app) as client:
            headers = [{"idempotency-key": "a", "x-api-key": name} for name in ("ada", "eve", "ada")]
            return [(await client.post("/orders", headers=each)).text for each in headers]

    assert asyncio.run(main()) == ["order 1", "order 2", "order 1"]


def test_a_body_or_answer_that_is_too_large_is_not_kept(shop: Shop) -> None:
    orders = Orders()
    app = app_of(shop, orders, max_bytes=250)

    async def main() -> list[httpx.Response]:
        async with client_for(app) as client:
            return [
                await client.post("/orders", content=b"x" * 251, headers={"idempotency-key": "a"}),
                await client.post("/export", headers={"idempotency-key": "b"}),
                await client.post("/export", headers={"idempotency-key": "b"}),
            ]

    large, first, second = asyncio.run(main())
    assert (large.status_code, len(first.text), len(second.text)) == (413, 400, 400)
    assert orders.made == [b"export", b"export"]


class Flaky:
    """A store that fails at a step."""

    def __init__(self, step: str) -> None:
        self.step, self.store = step, MemoryStore()

    def __getattr__(self, name: str) -> Any:
        if name == self.step:

            async def gone(*_: Any, **__: Any) -> Any:
                raise StoreUnavailableError("gone")

            return gone
        return getattr(self.store, name)


def test_without_the_store_nothing_is_executed(shop: Shop) -> None:
    orders = Orders()
    store: Any = Flaky("add")

    (answer,) = post(app_of(shop, orders, store=store), "a")

    assert (answer.status_code, answer.headers["retry-after"], orders.made) == (503, "1", [])


def test_an_answer_that_could_not_be_kept_is_not_done_again(shop: Shop) -> None:
    orders = Orders()
    store: Any = Flaky("swap")

    first, second = post(app_of(shop, orders, store=store), "a", "a")

    assert (first.status_code, second.status_code, orders.made) == (201, 409, [b"tea"])


def test_a_process_that_died_leaves_the_key_claimed(shop: Shop) -> None:
    orders, store = Orders(), MemoryStore()
    real: Store = store

    class Dying:
        """Dies between the execution and the keeping of its answer: neither is undone."""

        async def swap(self, *_: Any, **__: Any) -> bool:
            raise KeyboardInterrupt

        async def delete(self, *_: Any, **__: Any) -> bool:
            return False

        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

    dying: Any = Dying()
    with pytest.raises(KeyboardInterrupt):
        post(app_of(shop, orders, store=dying), "a")

    (answer,) = post(app_of(shop, orders, store=store), "a")
    assert (answer.status_code, orders.made) == (409, [b"tea"])


def test_an_answer_after_the_lease_is_not_kept(shop: Shop) -> None:
    orders, store = Orders(), MemoryStore()

    async def main() -> list[int]:
        orders.gate = asyncio.Event()
        async with client_for(app_of(shop, orders, store=store, lease=0.01)) as client:
            key = {"idempotency-key": "a"}
            first = asyncio.ensure_future(client.post("/orders", content=b"tea", headers=key))
            await asyncio.sleep(0.05)
            orders.gate.set()
            return [(await first).status_code, len(store)]

    status, _ = asyncio.run(main())
    assert status == 201


def test_other_paths_and_methods_take_no_keys(shop: Shop) -> None:
    orders = Orders()

    assert [answer.text for answer in post(app_of(shop, orders, paths=["/x"]), "a", "a")] == ["order 1", "order 2"]


def test_a_client_that_goes_before_its_body_came_executes_nothing(shop: Shop) -> None:
    orders = Orders()
    app = app_of(shop, orders)

    async def main() -> list[Any]:
        sent: list[Any] = []
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/orders",
            "raw_path": b"/orders",
            "query_string": b"",
            "headers": [(b"idempotency-key", b"a")],
            "http_version": "1.1",
            "scheme": "http",
            "server": ("x", 80),
            "client": ("x", 1),
            "asgi": {"version": "3.0"},
        }

        async def receive() -> Any:
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        await app(scope, receive, send)
        return sent

    assert asyncio.run(main()) == []
    assert orders.made == []
