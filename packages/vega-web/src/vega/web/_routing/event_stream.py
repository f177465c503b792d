"""Server-sent events that end with the source, the client or the process."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import AsyncIterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, final

import anyio
from starlette.background import BackgroundTask
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from .._lifecycle.drain import drain_of
from .._lifecycle.stream_source import drive
from .._problems.finite import write_json

_MOMENT: Final = 0.05  # maximum seconds that the head of the response waits for the first event
_DEFAULTS: Final = {"cache-control": "no-store", "x-accel-buffering": "no"}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSentEvent:
    r"""An event of a stream.

    Args:
        data: a text, or any serialisable value.
        event: the name of the event; browsers use `message` when empty.
        id: the value that the client sends as `Last-Event-ID` when reconnecting.
        retry: seconds until the client reconnects; 0 or more, finite.

    Raises:
        ValueError: the name or id has several lines, or `retry` is out of range.

    Source: WHATWG HTML, section 9.2.6.

    >>> ServerSentEvent(data="a\nb", event="news", id="7").encode()
    b'event: news\nid: 7\ndata: a\ndata: b\n\n'
    """

    data: Any = ""
    event: str = ""
    id: str = ""
    retry: float | None = None

    def __post_init__(self) -> None:
        if any(sign in text for text in (self.event, self.id) for sign in "\r\n\0"):
            raise ValueError("the name and the id of an event must be single lines")
        if self.retry is not None and not (self.retry >= 0 and math.isfinite(self.retry)):
            raise ValueError(f"retry must be 0 seconds or more, not {self.retry}")

    def encode(self) -> bytes:
        """Return the bytes of the event.

        Raises:
            NotFiniteError: the data contains NaN or Infinity.
        """
        text = self.data if isinstance(self.data, str) else write_json(self.data).decode()
        lines = [f"event: {self.event}"] if self.event else []
        lines += [f"id: {self.id}"] if self.id else []
        lines += [f"retry: {int(self.retry * 1000)}"] if self.retry is not None else []
        lines += [f"data: {line}" for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
        return ("\n".join(lines) + "\n\n").encode()


@final
class EventStream(Response):
    """A stream of events; ends with its source, when the client leaves, and at shutdown.

    A single task drives the source from the first step to the end, so time limits, cancel scopes, task groups and
    context variables of a generator remain valid across its `yield`. When the client leaves and at shutdown, the source
    is cancelled and closed. At shutdown, clients are asked to reconnect. If the source fails before its first event,
    the error is handled as if raised by the route.

    Args:
        events: `ServerSentEvent`, text, or any serialisable values; usually an async generator.
        status_code: of the response; 200-299, since browsers do not reconnect otherwise (WHATWG HTML, section 9.2.3).
        ping: seconds of silence until a comment is sent, which keeps connections through proxies open; above 0.
        headers: further headers; override defaults of the same name.
        background: runs after the last byte.

    Raises:
        ValueError: `ping` is not above 0.
    """

    media_type: str | None = "text/event-stream"

    def __init__(
        self,
        events: AsyncIterable[Any],
        *,
        status_code: int = 200,
        ping: float = 15.0,
        headers: Mapping[str, str] | None = None,
        background: BackgroundTask | None = None,
    ) -> None:
        if not ping > 0:
            raise ValueError(f"ping must be above 0 seconds, not {ping}")
        self._events, self._ping = events, ping
        self.status_code: int = status_code
        self.background: BackgroundTask | None = background
        self.body: bytes | memoryview = b""
        overrides = {name.lower(): value for name, value in (headers or {}).items()}
        self.init_headers({**_DEFAULTS, **overrides})
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        ended = asyncio.get_running_loop().create_future()
        forget = drain_of(scope).add(lambda: None if ended.done() else ended.set_result(None))
        handover = _Handover()
        source = asyncio.ensure_future(drive(self._events, handover.put))
        try:
            await asyncio.wait({handover.ready, source, ended}, timeout=_MOMENT, return_when=asyncio.FIRST_COMPLETED)
            if not _has_failed(source):  # a failure is raised below, and becomes a problem document
                await self._send_whole(handover, source, ended, receive, send)
        finally:
            forget()
            await _end(source)
        _raise_failure(source)
        if self.background is not None:
            await self.background()

    async def _send_whole(
        self,
        handover: _Handover,
        source: asyncio.Future[None],
        ended: asyncio.Future[None],
        receive: Receive,
        send: Send,
    ) -> None:
        """Send head and events until the source, the client or the process ends, and close the source."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        gone = asyncio.ensure_future(_until_gone(receive))
        try:
            await self._send_all(handover, {source, ended, gone}, send)
            has_gone, is_cut = gone.done(), not source.done()
        except OSError:  # the client has left (ASGI 2.4)
            has_gone, is_cut = True, True
        finally:
            handover.close()
            await _end(source, gone)
        if not has_gone and not _has_failed(source):
            if is_cut:
                await _send(send, b"retry: 1000\n\n")
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send_all(self, handover: _Handover, ends: set[asyncio.Future[Any]], send: Send) -> None:
        """Send events until the source, the client or the process ends, including events already handed over."""
        while True:
            await asyncio.wait({handover.ready, *ends}, timeout=self._ping, return_when=asyncio.FIRST_COMPLETED)
            event, is_sent = handover.take()
            if event is not None:
                await _send(send, event)
            if any(end.done() for end in ends) and not handover.ready.done():
                return
            if event is None:
                await _send(send, b":\n\n")
            elif not is_sent.done():
                is_sent.set_result(None)


class _ClosedError(Exception):
    """The source yielded an event after the end of the stream."""


@final
class _Handover:
    """The handover of events from the source's task to the sending task, one at a time.

    Attributes:
        ready: done while an event waits.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._events: deque[tuple[bytes, asyncio.Future[None]]] = deque()
        self._is_closed = False
        self.ready: asyncio.Future[None] = self._loop.create_future()

    async def put(self, event: Any) -> None:
        """Hand over an event, and wait until sent."""
        if self._is_closed:
            raise _ClosedError
        is_sent = self._loop.create_future()
        self._events.append((_encoded(event), is_sent))
        if not self.ready.done():
            self.ready.set_result(None)
        await is_sent

    def take(self) -> tuple[bytes | None, asyncio.Future[None]]:
        """Return the next event, or None, and the future to resolve after sending."""
        event, is_sent = self._events.popleft() if self._events else (None, self._loop.create_future())
        if not self._events and self.ready.done():
            self.ready = self._loop.create_future()
        return event, is_sent

    def close(self) -> None:
        """Refuse further events."""
        self._is_closed = True


async def _end(*tasks: asyncio.Future[Any]) -> None:
    """Cancel tasks and wait for their end, even if the caller is cancelled."""
    for task in tasks:
        task.cancel()
    with anyio.CancelScope(shield=True):
        await asyncio.wait(tasks)


def _has_failed(source: asyncio.Future[None]) -> bool:
    return source.done() and not source.cancelled() and source.exception() is not None


def _raise_failure(source: asyncio.Future[None]) -> None:
    if _has_failed(source) and not isinstance(source.exception(), _ClosedError):
        source.result()


def _encoded(event: Any) -> bytes:
    return (event if isinstance(event, ServerSentEvent) else ServerSentEvent(data=event)).encode()


async def _send(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
