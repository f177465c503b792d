"""A generator keeps time limits, cancel scopes, task groups and context variables over its `yield`, in one task."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import ContextVar
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from starlette.types import Message
from web_requests import ask

from vega.web import EventStream, MiddlewarePipeline, Router

Shop = Callable[..., FastAPI]
Source = Callable[[list[Any]], AsyncIterator[str]]
WHERE: ContextVar[str] = ContextVar("WHERE", default="outside")


async def with_a_variable(log: list[str]) -> AsyncIterator[str]:
    token = WHERE.set("inside")
    yield "a"
    log.append(WHERE.get())
    WHERE.reset(token)
    yield "b"


async def with_a_time_limit(log: list[str]) -> AsyncIterator[str]:
    try:
        async with asyncio.timeout(0.02):
            yield "a"
            await asyncio.sleep(5)
    except TimeoutError:
        log.append("too late")
    yield "b"


async def with_a_scope(log: list[str]) -> AsyncIterator[str]:
    with anyio.move_on_after(0.02) as scope:
        yield "a"
        await anyio.sleep(5)
    log.append(f"cancelled {scope.cancelled_caught}")
    yield "b"


async def with_a_group(log: list[str]) -> AsyncIterator[str]:
    async with anyio.create_task_group() as group:
        group.start_soon(_note_end, log)
        yield "a"
        await anyio.lowlevel.checkpoint()
        yield "b"
        group.cancel_scope.cancel()


async def with_a_task_group(log: list[str]) -> AsyncIterator[str]:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(_note_end(log))
        yield "a"
        await asyncio.sleep(0)
        task.cancel()
        yield "b"


async def _note_end(log: list[str]) -> None:
    try:
        await asyncio.sleep(5)
    finally:
        log.append("child ended")


SOURCES = [with_a_variable, with_a_time_limit, with_a_scope, with_a_group, with_a_task_group]


def _events(source: Source, log: list[str]) -> EventStream:
    return EventStream(source(log))


def _stream(source: Source, log: list[str]) -> StreamingResponse:
    return StreamingResponse(source(log))


def _app(shop: Shop, source: Source, kind: Callable[[Source, list[str]], Any], log: list[str], way: str) -> FastAPI:
    router, pipeline = Router(), MiddlewarePipeline()

    @router.get("/fast")
    async def fast() -> Any:
        return kind(source, log)

    @router.get("/slow")
    def slow() -> Any:
        return kind(source, log)

    if way == "replaced":

        @pipeline.use_inline
        async def replace(request: Any, call_next: Any) -> Any:
            response = await call_next(request)
            response.body_iterator = source(log)
            return response

        @router.get("/replaced")
        async def plain() -> str:
            return ""

    return shop(router, pipeline=pipeline)


WAYS = [(_events, "fast"), (_events, "slow"), (_stream, "fast"), (_stream, "slow"), (_stream, "replaced")]


@pytest.mark.parametrize(("kind", "way"), WAYS)
@pytest.mark.parametrize("source", SOURCES)
def test_what_a_generator_holds_lasts_over_its_yield(shop: Shop, source: Source, kind: Any, way: str) -> None:
    log: list[str] = []

    (answer,) = ask(_app(shop, source, kind, log, way), f"/{way}")

    assert answer.text.replace("data: ", "").replace("\n", "") == "ab"
    assert log in (["inside"], ["too late"], ["cancelled True"], ["child ended"])


@contextlib.contextmanager
def _noted(tasks: list[Any]) -> Iterator[None]:
    tasks.append(asyncio.current_task())
    try:
        yield
    finally:
        tasks.append(asyncio.current_task())


async def endless(tasks: list[Any]) -> AsyncIterator[str]:
    with _noted(tasks):
        while True:
            yield "a"


async def endless_in_a_scope(tasks: list[Any]) -> AsyncIterator[str]:
    with _noted(tasks), anyio.move_on_after(60):
        while True:
            yield "a"


async def endless_in_a_group(tasks: list[Any]) -> AsyncIterator[str]:
    with _noted(tasks):
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.sleep, 60)
            while True:
                yield "a"


async def endless_in_a_task_group(tasks: list[Any]) -> AsyncIterator[str]:
    with _noted(tasks):
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(60))
            while True:
                yield "a"


async def waiting(tasks: list[Any]) -> AsyncIterator[str]:
    with _noted(tasks):
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.sleep, 60)
            yield "a"
            await asyncio.sleep(60)


async def deaf(tasks: list[Any]) -> AsyncIterator[str]:
    with _noted(tasks):
        while True:
            try:
                yield "a"
                await asyncio.sleep(0)
            except asyncio.CancelledError:
                yield "not yet"


ENDLESS = [endless, endless_in_a_scope, endless_in_a_group, endless_in_a_task_group]
LEFT = [(source, kind, way, spec) for source in ENDLESS for kind, way in WAYS for spec in ("2.3", "2.4")]
LEFT += [(waiting, _events, way, spec) for way in ("fast", "slow") for spec in ("2.3", "2.4")]
LEFT += [(waiting, _stream, way, "2.3") for way in ("fast", "slow")]  # below 2.4 Starlette waits for the client too
LEFT += [(deaf, _events, "fast", spec) for spec in ("2.3", "2.4")]


@pytest.mark.parametrize(("source", "kind", "way", "spec"), LEFT)
def test_a_source_is_closed_in_the_task_that_began_it_when_the_client_leaves(
    shop: Shop, source: Source, kind: Any, way: str, spec: str
) -> None:
    tasks: list[Any] = []

    errors = asyncio.run(_left(_app(shop, source, kind, tasks, way), f"/{way}", spec))

    assert len(tasks) == 2
    assert tasks[0] is tasks[1]
    assert errors == []


async def _left(app: FastAPI, path: str, spec: str) -> list[Any]:
    """Ask for a page, and leave after its first bytes; return what the event loop had to report."""
    errors: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context))
    left, is_asked = asyncio.Event(), False

    async def receive() -> Message:
        nonlocal is_asked
        if not is_asked:
            is_asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        await asyncio.sleep(0)
        if left.is_set() and (spec == "2.4" or path == "/replaced"):
            raise OSError("gone")
        if message.get("body"):
            left.set()

    scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b""}
    scope |= {"headers": [], "http_version": "1.1", "scheme": "http", "server": ("x", 80), "client": ("x", 1)}
    scope |= {"root_path": "", "asgi": {"version": "3.0", "spec_version": spec}}
    with contextlib.suppress(Exception):
        await asyncio.wait_for(app(scope, receive, send), 2)
    await asyncio.sleep(0)
    return errors
