"""Idempotency keys and requests that end early: what comes later executes, and a cancelled one leaves no stuck key."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import anyio
import httpx
import pytest
from fastapi import FastAPI, HTTPException
from starlette.types import Receive, Scope, Send

from vega.core import MemoryStore
from vega.testing import client_for
from vega.web import IdempotencyMiddleware, MiddlewarePipeline, Router
from vega.web._stores.uninterrupted import uninterrupted

Shop = Callable[..., FastAPI]


@pytest.mark.parametrize("headers", [None, {"retry-after": "1"}])
@pytest.mark.parametrize("status", [400, 404, 408, 409, 425, 429, 503])
def test_an_answer_that_says_later_frees_the_key(shop: Shop, status: int, headers: dict[str, str] | None) -> None:
    router, asked = Router(), list[int]()

    @router.post("/orders", status_code=201)
    async def order() -> str:
        asked.append(1)
        if len(asked) == 1:
            raise HTTPException(status, headers=headers)
        return "placed"

    async def main() -> list[int]:
        async with client_for(shop(router, pipeline=MiddlewarePipeline().use(IdempotencyMiddleware))) as client:
            key = {"idempotency-key": "a"}
            return [(await client.post("/orders", headers=key)).status_code for _ in range(2)]

    is_later = headers is not None or status not in {400, 404}
    assert asyncio.run(main()) == [status, 201 if is_later else status]


def test_the_key_is_free_when_the_answer_arrives(shop: Shop) -> None:
    store = MemoryStore()
    router, kept = Router(), list[int]()

    @router.post("/orders")
    async def order() -> str:
        raise HTTPException(503)

    app = shop(router, pipeline=MiddlewarePipeline().use(IdempotencyMiddleware, store=store))

    async def noting(scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Any) -> None:
            kept.append(len(store))
            await send(message)

        await app(scope, receive, sending)

    async def main() -> None:
        async with client_for(app):
            transport = httpx.ASGITransport(noting)
            async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
                await client.post("/orders", headers={"idempotency-key": "a"})

    asyncio.run(main())
    assert set(kept) == {0}


class Remote:
    """A store on the network: it acts, and answers later."""

    def __init__(self) -> None:
        self.inner = MemoryStore()

    def __getattr__(self, name: str) -> Any:
        async def call(*args: Any, **options: Any) -> Any:
            await asyncio.sleep(0)
            result = await getattr(self.inner, name)(*args, **options)
            await asyncio.sleep(0)
            return result

        return call


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await asyncio.sleep(0)
    await send({"type": "http.response.start", "status": 201, "headers": []})
    await send({"type": "http.response.body", "body": b"done"})


async def request(app: Any, *, cancel_at: int | None = None, scoped: bool = False) -> tuple[int | None, bool]:
    """Return the status, None where there is none, and whether it was cancelled in that turn of the event loop."""
    key = [(b"idempotency-key", b"k1")]
    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": key}
    status, bodies = list[int](), [{"type": "http.request", "body": b"{}", "more_body": False}]
    is_over = was_cancelled = False

    async def receive() -> Any:
        return bodies.pop()

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            status.append(message["status"])

    def turn(left: int) -> None:
        nonlocal was_cancelled
        if left:
            asyncio.get_running_loop().call_soon(turn, left - 1)
        elif not is_over:
            was_cancelled = True
            (limit.cancel if scoped else task.cancel)()

    task: Any = asyncio.current_task()
    with anyio.CancelScope() as limit:
        if cancel_at is not None:
            turn(cancel_at)
        try:
            await app(scope, receive, send)
        except asyncio.CancelledError:
            if scoped:
                raise
            task.uncancel()
        finally:
            is_over = True
    return (status[0] if status else None), was_cancelled


@pytest.mark.parametrize("scoped", [False, True])
def test_a_request_cancelled_in_any_turn_leaves_no_stuck_key(scoped: bool) -> None:
    async def main() -> list[tuple[int | None, int | None]]:
        found = list[tuple[int | None, int | None]]()
        for turn in range(100):
            remote: Any = Remote()
            app = IdempotencyMiddleware(application, store=remote, lease=60)
            first, was_cancelled = await asyncio.create_task(request(app, cancel_at=turn, scoped=scoped))
            again, _ = await asyncio.create_task(request(app))
            found.append((first, again))
            if not was_cancelled:
                return found
        return found

    found = asyncio.run(main())
    assert 8 < len(found) < 100  # it was cancelled in each of its turns, and once not at all
    assert {again for _, again in found} == {201}
    assert {first for first, _ in found} <= {None, 201}


async def cancelled_at_once(call: Any, *, scoped: bool) -> None:
    task = asyncio.current_task()
    assert task is not None
    with anyio.CancelScope() as scope:
        asyncio.get_running_loop().call_soon(scope.cancel if scoped else task.cancel)
        await uninterrupted(call)
        await asyncio.sleep(1)


@pytest.mark.parametrize(("scoped", "fails"), [(False, False), (False, True), (True, False)])
def test_a_call_ends_before_a_cancellation(scoped: bool, fails: bool) -> None:
    done = list[str]()

    async def work() -> None:
        await asyncio.sleep(0.01)
        done.append("ended")
        if fails:
            raise ValueError

    async def main() -> bool:
        task = asyncio.create_task(cancelled_at_once(work(), scoped=scoped))
        await asyncio.wait([task])
        return task.cancelled()

    assert (asyncio.run(main()), done) == (not scoped, ["ended"])


def test_a_call_that_is_not_interrupted_gives_its_result_or_error() -> None:
    async def divide(number: int) -> float:
        return 1 / number

    async def main() -> float:
        with pytest.raises(ZeroDivisionError):
            await uninterrupted(divide(0))
        return await uninterrupted(divide(2))

    assert asyncio.run(main()) == 0.5
