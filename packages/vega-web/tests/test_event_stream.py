"""Server-sent events: their form, and how a stream ends."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.background import BackgroundTask
from starlette.types import Message
from web_requests import ask

from vega.web import EventStream, Router, ServerSentEvent

Shop = Callable[..., FastAPI]


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
    with pytest.raises(ValueError, match="single lines"):
        ServerSentEvent(**options)


@pytest.mark.parametrize("retry", [-1, float("nan"), float("inf")])
def test_an_event_asks_for_a_time_that_is_one(retry: float) -> None:
    with pytest.raises(ValueError, match="retry"):
        ServerSentEvent(retry=retry)


@pytest.mark.parametrize("ping", [0, -1, float("nan")])
def test_a_stream_is_not_silent_for_less_than_no_time(ping: float) -> None:
    with pytest.raises(ValueError, match="ping"):
        EventStream(_none(), ping=ping)


async def _none() -> AsyncIterator[str]:
    for value in ():
        yield value


@pytest.mark.parametrize("name", ["Cache-Control", "CACHE-CONTROL", "cache-control"])
def test_the_options_of_a_stream_are_honoured(shop: Shop, name: str) -> None:
    router = Router()

    @router.get("/given")
    async def given() -> EventStream:
        return EventStream(_none(), status_code=202, headers={name: "no-cache", "Content-Type": "text/event-stream"})

    @router.get("/set")
    async def later() -> EventStream:
        stream = EventStream(_none())
        stream.status_code = 203
        stream.headers[name] = "no-cache"
        stream.set_cookie("seen", "1")
        return stream

    given_answer, set_answer = ask(shop(router), "/given", "/set")

    assert (given_answer.status_code, set_answer.status_code) == (202, 203)
    assert given_answer.headers.get_list("cache-control") == ["no-cache"]
    assert given_answer.headers.get_list("content-type") == ["text/event-stream"]
    assert set_answer.headers.get_list("cache-control") == ["no-cache"]
    assert set_answer.cookies["seen"] == "1"


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
