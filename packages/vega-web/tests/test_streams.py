"""Server-sent events, health, and the parameters of lists."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI
from starlette.background import BackgroundTask
from starlette.types import Message

from vega.data import InMemoryRepository
from vega.patterns.query import FilterSet, Page
from vega.testing import client_for
from vega.web import (
    EventStream,
    FilterParameters,
    Health,
    PageRequest,
    RouteError,
    Router,
    ServerSentEvent,
    WebError,
    paging,
)

Shop = Callable[..., FastAPI]


def ask(app: FastAPI, *paths: str) -> list[httpx.Response]:
    async def main() -> list[httpx.Response]:
        async with client_for(app) as client:
            return [await client.get(path) for path in paths]

    return asyncio.run(main())


def test_events_are_written_as_the_standard_says(shop: Shop) -> None:
    router = Router()

    async def events() -> AsyncIterator[Any]:
        yield "hello\nworld"
        yield {"a": 1}
        yield ServerSentEvent(data="x", event="news", id="7", retry=2.5)

    @router.get("/events")
    async def stream() -> EventStream:
        return EventStream(events(), headers={"x-more": "1"})

    (answer,) = ask(shop(router), "/events")

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.text == ('data: hello\ndata: world\n\ndata: {"a":1}\n\nevent: news\nid: 7\nretry: 2500\ndata: x\n\n')


@pytest.mark.parametrize("options", [{"event": "a\nb"}, {"id": "a\rb"}, {"id": "\0"}])
def test_an_event_cannot_forge_another(options: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="one line"):
        ServerSentEvent(**options)


class Stream:
    """One endless stream, in process."""

    def __init__(self, shop: Shop, *, ping: float = 15.0, fails: bool = False) -> None:
        self.log: list[str] = []
        self.gate = asyncio.Event()
        router = Router()

        async def events() -> AsyncIterator[str]:
            try:
                yield "first"
                await self.gate.wait()
                if fails:
                    raise RuntimeError("no more")
                yield "second"
            finally:
                self.log.append("closed")

        @router.get("/events")
        async def stream() -> EventStream:
            return EventStream(events(), ping=ping, background=BackgroundTask(self.log.append, "background"))

        self.app = shop(router)
        self.sent: list[Message] = []
        self.arrived = asyncio.Event()
        self.left = asyncio.Event()
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/events",
            "raw_path": b"/events",
            "query_string": b"",
            "headers": [],
            "http_version": "1.1",
            "scheme": "http",
            "server": ("x", 80),
            "client": ("x", 1),
            "root_path": "",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
        }
        self.task = asyncio.ensure_future(self.app(scope, self._receive, self._send))

    async def _receive(self) -> Message:
        if not self.sent:
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        self.sent.append(message)
        self.arrived.set()

    async def body(self, text: bytes) -> None:
        while not any(text in message.get("body", b"") for message in self.sent):
            self.arrived.clear()
            await asyncio.wait_for(self.arrived.wait(), 5)


def test_a_stream_ends_with_the_process_and_clients_are_told_to_come_again(shop: Shop) -> None:
    async def main() -> Stream:
        stream = Stream(shop)
        await stream.body(b"first")
        stream.app.state.vega_drain.begin()
        await asyncio.wait_for(stream.task, 5)
        return stream

    stream = asyncio.run(main())
    assert stream.log == ["closed", "background"]
    assert [message.get("body") for message in stream.sent[-2:]] == [b"retry: 1000\n\n", b""]
    assert stream.sent[-1]["more_body"] is False


def test_a_stream_ends_when_its_client_has_gone(shop: Shop) -> None:
    async def main() -> Stream:
        stream = Stream(shop)
        await stream.body(b"first")
        stream.left.set()
        await asyncio.wait_for(stream.task, 5)
        return stream

    stream = asyncio.run(main())
    assert stream.log == ["closed", "background"]
    assert b"second" not in b"".join(message.get("body", b"") for message in stream.sent)


def test_silence_is_filled_with_comments_and_nothing_is_lost(shop: Shop) -> None:
    async def main() -> Stream:
        stream = Stream(shop, ping=0.01)
        await stream.body(b":\n\n")
        stream.gate.set()
        await asyncio.wait_for(stream.task, 5)
        return stream

    stream = asyncio.run(main())
    assert b"data: second\n\n" in [message.get("body") for message in stream.sent]


def test_a_source_that_fails_breaks_its_stream(shop: Shop) -> None:
    async def main() -> Stream:
        stream = Stream(shop, fails=True)
        await stream.body(b"first")
        stream.gate.set()
        with pytest.raises(RuntimeError, match="no more"):
            await asyncio.wait_for(stream.task, 5)
        return stream

    stream = asyncio.run(main())
    assert stream.log == ["closed"]
    assert stream.sent[-1]["more_body"]


async def good() -> None: ...


async def bad() -> None:
    raise RuntimeError("password=hunter2")


async def late() -> None:
    await asyncio.sleep(60)


def test_ready_runs_the_checks_and_live_asks_nobody(shop: Shop) -> None:
    health = Health(cache=0).check("good", good, tags=["db"]).check("bad", bad, tags=["queue"])
    health.check("late", late, timeout=0.01, tags=["queue"]).check("false", lambda: False, tags=["queue"])

    live, ready, database, other = ask(
        shop(health=health), "/health/live", "/health/ready", "/health/ready?tag=db", "/health/ready?tag=x"
    )

    assert (live.status_code, live.json()) == (200, {"status": "ok"})
    assert ready.status_code == other.status_code == 503
    assert {name: check["status"] for name, check in ready.json()["checks"].items()} == {
        "good": "ok",
        "bad": "failing",
        "late": "timeout",
        "false": "failing",
    }
    assert (database.status_code, list(database.json()["checks"])) == (200, ["good"])
    assert "hunter2" not in ready.text
    assert ready.headers["cache-control"] == "no-store"


def test_whoever_asks_at_once_or_soon_gets_the_same_answer(shop: Shop) -> None:
    count = 0

    async def counting() -> None:
        nonlocal count
        count += 1
        await asyncio.sleep(0.01)

    async def main() -> None:
        async with client_for(shop(health=Health(cache=60).check("counting", counting))) as client:
            await asyncio.gather(*(client.get("/health/ready") for _ in range(20)))
            await client.get("/health/ready")

    asyncio.run(main())
    assert count == 1


def test_a_process_that_ends_is_not_ready(shop: Shop) -> None:
    app = shop()
    app.state.vega_drain.begin()

    live, ready = ask(app, "/health/live", "/health/ready")

    assert (live.status_code, ready.status_code, ready.json()) == (200, 503, {"status": "draining"})


def test_two_checks_of_one_name_are_refused() -> None:
    with pytest.raises(WebError, match="two checks"):
        Health().check("a", good).check("a", good)


@dataclass
class Author:
    name: str


@dataclass
class Book:
    id: int
    title: str
    price: float
    published: date | None = None
    author: Author | None = None


FILTERS = FilterSet(
    allow={
        "id": {"eq", "in"},
        "title": {"ilike"},
        "price": {"le"},
        "published": {"is_null", "ge"},
        "author.name": {"eq"},
    },
    sort={"price", "title"},
    max_limit=50,
)


class Books(InMemoryRepository[Book]):
    """All books."""


BOOKS = [Book(1, "Tea", 9.5, date(2024, 1, 1), Author("Ada")), Book(2, "Milk", 3.0), Book(3, "Teapot", 20.0)]


def library() -> Router:
    router = Router()

    @router.get("/books")
    async def books(asked: Annotated[list[tuple[str, str]], Depends(FilterParameters(FILTERS, Book))]) -> Page[Book]:
        repository = Books()
        for book in BOOKS:
            await repository.add(book)
        return await FILTERS.page(repository.query(), asked)

    @router.get("/pages")
    async def pages(page: Annotated[PageRequest, Depends(paging(size=5, max_size=10))]) -> list[int]:
        return [page.number, page.size, page.offset]

    return router


@pytest.mark.parametrize(
    ("query", "status", "ids"),
    [
        ("", 200, [1, 2, 3]),
        ("title__ilike=tea%25&sort=-price", 200, [3, 1]),
        ("id__in=1,2&price__le=5", 200, [2]),
        ("published__is_null=true", 200, [2, 3]),
        ("published__ge=2024-01-01", 200, [1]),
        ("size=1&page=2&sort=price", 200, [1]),
        ("price__le=cheap", 422, None),
        ("published__ge=yesterday", 422, None),
        ("size=51", 422, None),
        ("page=0", 422, None),
        ("price__ge=1", 422, None),
        ("sort=id", 422, None),
        ("password=x", 422, None),
    ],
)
def test_lists_are_filtered_as_declared_and_no_otherwise(shop: Shop, query: str, status: int, ids: Any) -> None:
    (answer,) = ask(shop(library()), f"/books?{query}")

    assert answer.status_code == status
    assert ids is None or [book["id"] for book in answer.json()["items"]] == ids


def test_filters_are_told_in_openapi(shop: Shop) -> None:
    (answer,) = ask(shop(library()), "/openapi.json")

    parameters = {each["name"]: each for each in answer.json()["paths"]["/books"]["get"]["parameters"]}
    assert set(parameters) == {
        "author.name",
        "id",
        "id__in",
        "price__le",
        "published__ge",
        "published__is_null",
        "title__ilike",
        "sort",
        "page",
        "size",
    }
    assert parameters["price__le"]["schema"]["anyOf"][0]["type"] == "number"
    assert parameters["published__ge"]["schema"]["anyOf"][0]["format"] == "date"
    assert parameters["published__is_null"]["schema"]["anyOf"][0]["type"] == "boolean"
    assert parameters["size"]["schema"]["anyOf"][0]["maximum"] == 50
    assert "price, title" in parameters["sort"]["description"]


def test_filters_may_be_counted_by_limit_and_offset() -> None:
    names = list(FilterParameters(FILTERS, Book, numbered=False).__signature__.parameters)

    assert names[-2:] == ["limit", "offset"]


def test_a_filter_of_a_field_that_is_not_there_is_refused() -> None:
    with pytest.raises(RouteError, match="no field cover"):
        FilterParameters(FilterSet(allow={"cover": {"eq"}}), Book)


def test_pages_have_bounds(shop: Shop) -> None:
    queries = ("", "?page=3&size=10", "?size=11", "?page=0")
    default, asked, large, zero = ask(shop(library()), *(f"/pages{query}" for query in queries))

    assert (default.json(), asked.json()) == ([1, 5, 0], [3, 10, 20])
    assert (large.status_code, zero.status_code) == (422, 422)
