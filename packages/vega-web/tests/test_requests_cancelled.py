"""Requests that are cancelled at each of their awaits: resources close once, units are whole, the log is clean."""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import pytest
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from vega.core import Application, MemoryStore
from vega.core.extend import Project
from vega.data import Database, SQLAlchemyRepository
from vega.di import Container, Inject, Scope
from vega.events import EventBus
from vega.web import EventStream, MiddlewarePipeline, Router, TimeoutMiddleware, create_app
from vega.web.middleware import IdempotencyMiddleware

PATHS = [("POST", "/unit"), ("GET", "/rows"), ("GET", "/events")]
FIRST, SECOND, UNDONE = 100, 102, 101  # what the two ends of a unit write, and a savepoint that is undone


@dataclass
class Row:
    n: int
    id: int | None = None


class Resource:
    """A scoped service whose beginning and end wait."""

    opened = 0
    closed = 0


async def resource() -> AsyncIterator[Resource]:
    made = Resource()
    await asyncio.sleep(0)
    Resource.opened += 1
    try:
        yield made
    finally:
        Resource.closed += 1
        await asyncio.sleep(0)


class Cancelled:
    """Awaits a call, and cancels at one of its awaits.

    Args:
        call: what is awaited.
        at: the number of the await, from 0.
        late: cancel when the await has ended and its result is on the way, instead of while it waits.
        cancel: ends the call.
    """

    def __init__(self, call: Awaitable[None], at: int, late: bool, cancel: Callable[[], object]) -> None:
        self._call, self._left, self._late, self._cancel = call, at, late, cancel

    @property
    def has_cancelled(self) -> bool:
        return self._left < 0

    def __await__(self) -> Generator[Any, Any, None]:
        running: Any = self._call.__await__()
        step: Callable[[], Any] = _sending(running)
        while True:
            try:
                waited = step()
            except StopIteration:
                return
            if self._left == 0:
                self._end(waited)
            self._left -= 1
            try:
                yield waited
            except BaseException as error:  # noqa: BLE001 - raised where the call waits
                step = _throwing(running, error)
            else:
                step = _sending(running)

    def _end(self, waited: Any) -> None:
        if waited is None or not self._late:
            asyncio.get_running_loop().call_soon(self._cancel)
        else:
            waited.add_done_callback(lambda _: self._cancel())


def _throwing(running: Any, error: BaseException) -> Callable[[], Any]:
    return lambda: running.throw(error)


def _sending(running: Any) -> Callable[[], Any]:
    return lambda: running.send(None)


async def by_task(call: Awaitable[None], at: int, late: bool) -> bool:
    task = asyncio.current_task()
    assert task is not None
    cancelled = Cancelled(call, at, late, task.cancel)
    with suppress(asyncio.CancelledError):
        await cancelled
    task.uncancel()
    return cancelled.has_cancelled


async def by_scope(call: Awaitable[None], at: int, late: bool) -> bool:
    with anyio.CancelScope() as scope:
        cancelled = Cancelled(call, at, late, scope.cancel)
        await cancelled
    return cancelled.has_cancelled


def serve(database: Database, rows: SQLAlchemyRepository[Row]) -> FastAPI:
    container = Container()
    container.register_factory(Resource, resource, scope=Scope.SCOPED)
    pipeline = MiddlewarePipeline()
    pipeline.use(TimeoutMiddleware, seconds=30)
    pipeline.use(IdempotencyMiddleware, store=MemoryStore())

    @pipeline.use_inline
    async def first(request: Request, call_next: Any, held: Inject[Resource]) -> Response:
        response: Response = await call_next(request)
        await asyncio.sleep(0)
        response.headers["x-held"] = "yes"
        return response

    application = Application(Project(root=Path(), package="none"), container=container, bus=EventBus())
    app = create_app(application, pipeline=pipeline)
    router = Router()

    @router.post("/unit")
    async def unit(held: Inject[Resource]) -> int:
        async with database.unit() as work:
            await rows.add(Row(FIRST))
            with suppress(LookupError):
                async with work.begin(savepoint=True):
                    await rows.add(Row(UNDONE))
                    raise LookupError
            await rows.add(Row(SECOND))
        return 1

    @router.get("/rows")
    async def stream(held: Inject[Resource]) -> StreamingResponse:
        async def lines() -> AsyncIterator[str]:
            async for row in rows.stream(batch=2):
                yield f"{row.n}\n"

        return StreamingResponse(lines())

    @router.get("/events")
    async def events(held: Inject[Resource]) -> EventStream:
        async def source() -> AsyncIterator[int]:
            Resource.opened += 1
            try:
                for number in range(3):
                    await asyncio.sleep(0)
                    yield number
            finally:
                Resource.closed += 1
                await asyncio.sleep(0)

        return EventStream(source())

    app.include_router(router)
    return app


def request(app: FastAPI, method: str, path: str, spec: str, number: int, sent: list[Message]) -> Awaitable[None]:
    messages: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        if messages:
            return messages.pop()
        await asyncio.Event().wait()
        raise AssertionError("not reached")

    async def send(message: Message) -> None:
        sent.append(dict(message))
        await asyncio.sleep(0)

    key = b"idempotency-key", f"k{number}".encode()
    scope = {"type": "http", "asgi": {"version": "3.0", "spec_version": spec}, "method": method, "path": path}
    scope |= {"raw_path": path.encode(), "query_string": b"", "root_path": "", "scheme": "http"}
    scope |= {"headers": [(b"host", b"testserver"), key], "server": ("testserver", 80), "client": ("127.0.0.1", 1)}
    result: Awaitable[None] = app(scope, receive, send)
    return result


async def nothing_left(before: set[asyncio.Task[Any]], database: Database) -> None:
    """Wait for the end of transactions, which may outlast a request that is cancelled."""
    pool: Any = database.engine.pool
    while asyncio.all_tasks() - before or pool.checkedout():  # noqa: ASYNC110 - nothing says so
        await asyncio.sleep(0.001)


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("cancel", [by_task, by_scope])
@pytest.mark.parametrize(("method", "path"), PATHS)
@pytest.mark.parametrize("spec", ["2.3", "2.4"])
def test_a_request_that_is_cancelled_at_any_await_leaves_nothing_behind(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    spec: str,
    method: str,
    path: str,
    cancel: Callable[[Awaitable[None], int, bool], Awaitable[bool]],
    late: bool,
) -> None:
    reported = list[Any]()

    async def main() -> int:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
        async with Database(f"sqlite:///{tmp_path}/x.db", package="-", pool_size=2, pool_timeout=2) as database:
            rows = SQLAlchemyRepository(Row, database=database)
            await database.create_all()
            await rows.add_many([Row(n) for n in range(7)])
            app = serve(database, rows)
            async with app.router.lifespan_context(app):
                number = 0
                while await _cancelled(app, number, database):
                    number += 1
                assert number > 5
            stored = [row.n for row in await rows.query().get()]
            assert stored.count(FIRST) == stored.count(SECOND)
            assert UNDONE not in stored
        return number

    async def _cancelled(app: FastAPI, number: int, database: Database) -> bool:
        Resource.opened = Resource.closed = 0
        before, sent = asyncio.all_tasks(), list[Message]()
        async with asyncio.timeout(5):
            was_cancelled = await cancel(request(app, method, path, spec, number, sent), number, late)
            assert Resource.opened == Resource.closed
            await nothing_left(before, database)
        kinds = [message["type"] for message in sent]
        assert kinds.count("http.response.start") <= 1
        if sent:
            assert sent[0]["status"] == 200
        if not was_cancelled:
            assert not sent[-1].get("more_body", False)
        return was_cancelled

    with caplog.at_level(logging.WARNING):
        count = asyncio.run(main(), debug=False)
        gc.collect()
    assert count
    assert [record.getMessage() for record in caplog.records] == []
    assert reported == []
