"""The response that `call_next` gives: status and headers can be changed, the body is untouched unless asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from operator import itemgetter
from typing import Any, final

import anyio
from starlette.datastructures import MutableHeaders
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from ._downstream import DROPPED, READ, Downstream
from ._errors import MiddlewareError

_CHUNK = 64 * 1024
_NAME = itemgetter(0)
_NAMES = 256  # as many are remembered, whatever a client makes of names
_ENCODED: dict[str, bytes] = {}


@final
class LiveResponse(StreamingResponse):
    """What an application answers, before a byte of it was sent.

    Attributes:
        status_code: may be set.
        headers: may be changed; cookies can be set and deleted as on any response.
        body_iterator: the body, in chunks of bytes. What a function reads is sent all the same; another iterator
            may be set, which drops the content length.
        background: a task that runs after the application's own; None unless set.
    """

    # A response is made for each request: what few of them have has its default here.
    background = None
    _changed: _Headers | None = None
    _is_read = False
    _body: Any = None

    def __init__(self, downstream: Downstream) -> None:
        self._downstream = downstream
        self._start = start = downstream.inbox.pop(0)
        self.status_code = start["status"]
        self.raw_headers = list(start.get("headers", ()))
        self._kept: list[Message] = []

    @property
    def headers(self) -> MutableHeaders:
        """The headers, which can be changed."""
        if self._changed is None:
            self._changed = _Headers(raw=self.raw_headers)
        return self._changed

    @property
    def body_iterator(self) -> Any:
        """The body, in chunks of bytes."""
        return self._read() if self._body is None else self._body

    @body_iterator.setter  # the class above has an attribute; this one is read only when asked for
    def body_iterator(self, chunks: Any) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]
        self._body = chunks

    async def _read(self) -> AsyncIterator[bytes]:
        for message in self._kept:
            async for chunk in _chunks(message):
                yield chunk
        while (fresh := await self._next_message()) is not None:
            if self._body is None:
                self._kept.append(fresh)
            async for chunk in _chunks(fresh):
                yield chunk

    async def _next_message(self) -> Message | None:
        downstream = self._downstream
        if self._is_read:
            return None
        self._refuse_given_up()
        downstream.mode = READ
        while not downstream.inbox:
            if downstream.is_done:
                return None
            await downstream.run()
        message = downstream.inbox.pop(0)
        self._is_read = not message.get("more_body", False)
        return message

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._refuse_given_up()
        start = {**self._start, "status": self.status_code, "headers": self.raw_headers}
        if self._body is None:
            await send(start)
            if self._kept or self._downstream.inbox:
                for message in (*self._kept, *self._downstream.inbox):
                    await send(message)
            await self._downstream.deliver(send)
        else:
            await self._send_other_body(start, send)
            await self._downstream.drop()
        background: Any = self.background  # a function may set it
        if background is not None:
            await background()

    def _refuse_given_up(self) -> None:
        if self._downstream.mode == DROPPED:
            raise MiddlewareError(
                "a response was used that had been given up",
                "a middleware that calls call_next twice",
                "use what the last call_next gave",
            )

    async def _send_other_body(self, start: Message, send: Send) -> None:
        length = [(name, value) for name, value in self._start.get("headers", ()) if name.lower() == b"content-length"]
        start["headers"] = [header for header in self.raw_headers if header not in length]
        start.pop("trailers", None)
        await send(start)
        async for chunk in self._body:
            data = chunk.encode(self.charset) if isinstance(chunk, str) else chunk
            await send({"type": "http.response.body", "body": data, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class _Headers(MutableHeaders):
    """Headers that are quick to set when they are new, as they mostly are in middleware.

    The names are known as long as the list of headers is as long as it was, and ends with the header set last.
    """

    _names: set[bytes]
    _size = -1
    _last: object = None

    def __setitem__(self, key: str, value: str) -> None:
        headers = self._list
        if self._size != len(headers) or headers[-1] is not self._last:
            self._names = set(map(_NAME, headers))
        name = _ENCODED.get(key) or _encoded(key)
        if name in self._names:
            super().__setitem__(key, value)
            self._size = -1
        else:
            self._names.add(name)
            self._last = header = (name, value.encode("latin-1"))
            headers.append(header)
            self._size = len(headers)


def _encoded(key: str) -> bytes:
    """Encode the name of a header; the names that code writes are few, and are remembered."""
    name = key.lower().encode("latin-1")
    if len(_ENCODED) < _NAMES:
        _ENCODED[key] = name
    return name


async def _chunks(message: Message) -> AsyncIterator[bytes]:
    """Yield the bytes that a message stands for: its own, or those of a file that the server was to send."""
    if message["type"] == "http.response.pathsend":
        async with await anyio.open_file(message["path"], "rb") as file:
            while chunk := await file.read(_CHUNK):
                yield chunk
    elif message.get("body"):
        yield bytes(message["body"])
