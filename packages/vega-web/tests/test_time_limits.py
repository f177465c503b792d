"""Time limits and cancellations at each step of a request: the answer is whole or 504, never a head with an error."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import anyio
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.responses import PlainTextResponse, StreamingResponse
from starlette.types import Message

from vega.web import EventStream, MiddlewarePipeline, Router, TimeoutMiddleware

Shop = Callable[..., FastAPI]
Limit = Callable[[int], AbstractAsyncContextManager[None]]
STEPS = range(30)
held: list[str] = []
at = [0]  # the step at which a limit ends


async def _after(steps: int, act: Callable[[], object]) -> None:
    for _ in range(steps):
        await asyncio.sleep(0)
    act()


@asynccontextmanager
async def of_asyncio(steps: int) -> AsyncIterator[None]:
    """A limit of asyncio that ends after some steps of the event loop."""
    async with asyncio.timeout(None) as limit:
        task = asyncio.ensure_future(_after(steps, lambda: limit.reschedule(0)))
        try:
            yield
        finally:
            task.cancel()


@asynccontextmanager
async def of_anyio(steps: int) -> AsyncIterator[None]:
    """A limit of anyio that ends after some steps of the event loop."""
    with anyio.CancelScope() as scope:
        task = asyncio.ensure_future(_after(steps, scope.cancel))
        try:
            yield
        finally:
            task.cancel()
    if scope.cancelled_caught:
        raise TimeoutError


async def _pieces() -> AsyncIterator[str]:
    held.append("opened")
    try:
        for number in range(3):
            await asyncio.sleep(0)
            yield f"{number} "
    finally:
        held.append("closed")
        await asyncio.sleep(0)


def _routes(router: Any) -> Any:
    @router.get("/plain")
    async def plain() -> str:
        await asyncio.sleep(0)
        return "whole"

    @router.get("/stream")
    async def stream() -> StreamingResponse:
        await asyncio.sleep(0)
        return StreamingResponse(_pieces())

    @router.get("/events")
    async def events() -> EventStream:
        return EventStream(_pieces())

    return router


WHOLE = {"/plain": b'"whole"', "/stream": b"0 1 2 ", "/events": b"data: 0 \n\ndata: 1 \n\ndata: 2 \n\n"}


def _limited(limit: Limit, count: int) -> MiddlewarePipeline:
    """Return a pipeline of inline functions, the innermost of which has a limit."""
    pipeline = MiddlewarePipeline()

    async def passing(request: Any, call_next: Any) -> Any:
        return await call_next(request)

    async def limiting(request: Any, call_next: Any) -> Any:
        try:
            async with limit(at[0]):
                return await call_next(request)
        except TimeoutError:
            return PlainTextResponse("too late", 504)

    for number in range(count - 1):
        pipeline.use_inline(name=f"passing{number}")(passing)
    pipeline.use_inline(limiting)
    return pipeline


async def ask(app: Any, path: str, spec: str, while_asked: Callable[[Any], Awaitable[None]] | None = None) -> Any:
    """Ask for a page; return the messages and what was raised."""
    sent: list[Message] = []
    is_asked = False

    async def receive() -> Message:
        nonlocal is_asked
        if not is_asked:
            is_asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]  # never comes

    async def send(message: Message) -> None:
        await asyncio.sleep(0)
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b""}
    scope |= {"headers": [], "http_version": "1.1", "scheme": "http", "server": ("x", 80), "client": ("x", 1)}
    scope |= {"root_path": "", "asgi": {"version": "3.0", "spec_version": spec}}
    task = asyncio.ensure_future(app(scope, receive, send))
    if while_asked is not None:
        await while_asked(task)
    async with asyncio.timeout(10):
        await asyncio.wait({task})
    return sent, None if task.cancelled() else task.exception()


def outcome(sent: list[Message], path: str) -> str:
    body = b"".join(message.get("body", b"") for message in sent)
    is_whole = bool(sent) and sent[-1]["type"] == "http.response.body" and not sent[-1].get("more_body", False)
    if is_whole and sent[0]["status"] == 200 and body == WHOLE[path]:
        return "whole"
    return "too late" if is_whole and sent[0]["status"] == 504 else f"{body!r} of {sent}"


@pytest.mark.parametrize("spec", ["2.3", "2.4"])
@pytest.mark.parametrize("path", list(WHOLE))
@pytest.mark.parametrize("limit", [of_asyncio, of_anyio])
@pytest.mark.parametrize("count", [1, 10])
@pytest.mark.parametrize("router", [Router, APIRouter])
def test_a_limit_around_a_stream_holds_at_each_step(
    shop: Shop, limit: Limit, path: str, spec: str, count: int, router: Any
) -> None:
    async def main() -> set[str]:
        outcomes: set[str] = set()
        app = shop(_routes(router()), pipeline=_limited(limit, count))
        for steps in STEPS:
            held.clear()
            at[0] = steps
            sent, error = await ask(app, path, spec)
            assert error is None, steps
            assert held.count("opened") == held.count("closed"), steps
            outcomes.add(outcome(sent, path))
        assert len(asyncio.all_tasks()) == 1
        return outcomes

    assert "whole" in asyncio.run(main()) <= {"whole", "too late"}


@pytest.mark.parametrize("spec", ["2.3", "2.4"])
@pytest.mark.parametrize("path", list(WHOLE))
def test_the_time_limit_of_an_application_holds_whenever_it_ends(shop: Shop, path: str, spec: str) -> None:
    async def main() -> None:
        app = shop(_routes(Router()))
        await ask(app, path, spec)  # makes the middleware
        for steps in STEPS:
            limited = TimeoutMiddleware(app, seconds=1e-6 + 2e-5 * steps**2)
            sent, error = await ask(limited, path, spec)
            assert error is None, steps
            assert outcome(sent, path) in {"whole", "too late"}

    asyncio.run(main())


@pytest.mark.parametrize("spec", ["2.3", "2.4"])
@pytest.mark.parametrize("path", list(WHOLE))
@pytest.mark.parametrize("count", [0, 1, 10])
def test_a_request_cancelled_at_each_step_leaves_nothing_behind(shop: Shop, path: str, spec: str, count: int) -> None:
    async def main() -> None:
        at[0] = 10_000
        app = shop(_routes(Router()), pipeline=_limited(of_asyncio, count) if count else None)
        for steps in STEPS:
            held.clear()

            async def cancel(task: Any, steps: int = steps) -> None:
                await _after(steps, task.cancel)

            sent, error = await ask(app, path, spec, cancel)
            assert error is None, steps
            assert held.count("opened") == held.count("closed"), steps
            assert len(asyncio.all_tasks()) == 1, steps
            assert all(message.get("status", 200) == 200 for message in sent)

    asyncio.run(main())


@pytest.mark.parametrize("spec", ["2.3", "2.4"])
@pytest.mark.parametrize("path", list(WHOLE))
@pytest.mark.parametrize("count", [0, 1, 10])
def test_a_request_within_a_cancelled_scope_leaves_nothing_behind(shop: Shop, path: str, spec: str, count: int) -> None:
    async def main() -> set[bool]:
        at[0] = 10_000
        app = shop(_routes(Router()), pipeline=_limited(of_anyio, count) if count else None)
        cancelled: set[bool] = set()

        async def within(scope: Any, receive: Any, send: Any) -> None:
            with anyio.CancelScope() as outer:
                task = asyncio.ensure_future(_after(at[1], outer.cancel))
                await app(scope, receive, send)
            task.cancel()
            await asyncio.wait({task})
            cancelled.add(outer.cancelled_caught)

        for steps in STEPS:
            held.clear()
            at[1:] = [steps]
            sent, error = await ask(within, path, spec)
            assert error is None, steps
            assert held.count("opened") == held.count("closed"), steps
            assert len(asyncio.all_tasks()) == 1, steps
            assert all(message.get("status", 200) == 200 for message in sent)
        return cancelled

    assert True in asyncio.run(main())


@pytest.mark.parametrize("spec", ["2.3", "2.4"])
@pytest.mark.parametrize("count", [0, 1, 10])
@pytest.mark.parametrize("limit", [of_asyncio, of_anyio])
def test_a_limit_within_an_endpoint_or_its_source_holds_at_each_step(
    shop: Shop, spec: str, count: int, limit: Limit
) -> None:
    routes = Router()

    async def limited() -> AsyncIterator[str]:
        try:
            async with limit(at[1]):
                async for piece in _pieces():
                    yield piece
        except TimeoutError:
            yield "late"

    @routes.get("/limited")
    async def endpoint() -> StreamingResponse:
        with contextlib.suppress(TimeoutError):
            async with limit(at[1]):
                await asyncio.sleep(0)
        return StreamingResponse(limited())

    async def main() -> None:
        at[0] = 10_000
        app = shop(routes, pipeline=_limited(of_anyio, count) if count else None)
        for steps in range(12):
            held.clear()
            at[1:] = [steps]
            sent, error = await ask(app, "/limited", spec)
            body = b"".join(message.get("body", b"") for message in sent)
            assert error is None, steps
            assert body in {b"0 1 2 ", b"late", b"0 late", b"0 1 late", b"0 1 2 late"}
            assert sent[-1].get("more_body", False) is False
            assert len(asyncio.all_tasks()) == 1, steps

    asyncio.run(main())
