"""Server-sent events: streams that stay open, and end when the process does."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, final

from pydantic_core import to_json
from starlette.background import BackgroundTask
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from .._lifecycle.drain import drain_of


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSentEvent:
    r"""One event of a stream.

    Args:
        data: text, or anything that becomes JSON.
        event: its name; `message` for browsers when empty.
        id: what the client sends as `Last-Event-ID` when it comes again.
        retry: seconds after which the client is to come again.

    Raises:
        ValueError: a name or id of several lines.

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
            raise ValueError("the name and the id of an event are one line each")

    def encode(self) -> bytes:
        """Return the bytes of the event."""
        text = self.data if isinstance(self.data, str) else to_json(self.data).decode()
        lines = [f"event: {self.event}"] if self.event else []
        lines += [f"id: {self.id}"] if self.id else []
        lines += [f"retry: {int(self.retry * 1000)}"] if self.retry is not None else []
        lines += [f"data: {line}" for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
        return ("\n".join(lines) + "\n\n").encode()


@final
class EventStream(Response):
    """A stream of events; ends when its source does, when the client has gone, and when the process is about to end.

    The source is closed in any of these cases. At the end of the process clients are told to come again.

    Args:
        events: `ServerSentEvent`, text, or anything that becomes JSON; an async generator mostly.
        ping: seconds of silence after which a comment is sent, so that proxies keep the connection.
        headers: further headers.
        background: runs after the last byte.
    """

    media_type: str | None = "text/event-stream"

    def __init__(
        self,
        events: AsyncIterable[Any],
        *,
        ping: float = 15.0,
        headers: Mapping[str, str] | None = None,
        background: BackgroundTask | None = None,
    ) -> None:
        self._events, self._ping = events, ping
        self.status_code: int = 200
        self.background: BackgroundTask | None = background
        self.body: bytes | memoryview = b""
        self.init_headers({"cache-control": "no-store", "x-accel-buffering": "no", **(headers or {})})
        kept = [each for each in self.raw_headers if each[0] != b"content-length"]
        self.raw_headers: list[tuple[bytes, bytes]] = kept

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        ended = asyncio.get_running_loop().create_future()
        forget = drain_of(scope).add(lambda: None if ended.done() else ended.set_result(None))
        gone = asyncio.ensure_future(_until_gone(receive))
        source = aiter(self._events)
        try:
            await self._send_all(source, ended, gone, send)
            if not gone.done():
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            forget()
            gone.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await gone
            close = getattr(source, "aclose", None)
            if close is not None:
                await close()
        if self.background is not None:
            await self.background()

    async def _send_all(
        self, source: AsyncIterator[Any], ended: asyncio.Future[None], gone: asyncio.Future[None], send: Send
    ) -> None:
        coming: asyncio.Future[Any] | None = None
        try:
            while not ended.done() and not gone.done():
                coming = coming or asyncio.ensure_future(_next(source))
                await asyncio.wait({coming, ended, gone}, timeout=self._ping, return_when=asyncio.FIRST_COMPLETED)
                if coming.done():
                    event, coming = coming.result(), None
                    if event is _END:
                        return
                    await _send(send, _encoded(event))
                elif not ended.done() and not gone.done():
                    await _send(send, b":\n\n")
        finally:
            if coming is not None:
                coming.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await coming
        if ended.done() and not gone.done():
            await _send(send, b"retry: 1000\n\n")


_END = object()


async def _next(source: AsyncIterator[Any]) -> Any:
    try:
        return await anext(source)
    except StopAsyncIteration:
        return _END


def _encoded(event: Any) -> bytes:
    return (event if isinstance(event, ServerSentEvent) else ServerSentEvent(data=event)).encode()


async def _send(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
