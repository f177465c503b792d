"""The response returned by `call_next`: mutable status and headers, and an unread body."""

from __future__ import annotations

from collections.abc import AsyncIterator
from operator import attrgetter
from typing import Any, NoReturn, TypeAlias, final

import anyio
from starlette.datastructures import MutableHeaders
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from .._errors import MiddlewareError
from .._lifecycle.stream_source import drive
from .._private_names import keeps_list
from .app_run import DROPPED, READ, AppRun

_CHUNK = 64 * 1024
_HAS_LIST = keeps_list()
_NAMES = 256  # maximum number of cached names, a bound for names chosen by clients
_ENCODED: dict[str, bytes] = {}
RawHeaders: TypeAlias = list[tuple[bytes, bytes]]


class _Headers(MutableHeaders):
    """Headers that are fast to set: changes are kept apart until the list is read (decision record 9).

    Args:
        raw: the list of headers, changed in place.
    """

    def __init__(self, raw: RawHeaders) -> None:
        self._raw = raw
        self._new: dict[bytes, bytes] = {}

    def __setitem__(self, key: str, value: str) -> None:
        self._new[_ENCODED.get(key) or _encoded(key)] = value.encode("latin-1")

    def joined(self) -> RawHeaders:
        """Return all headers."""
        new = self._new
        if new:
            self._new = {}
            for name, _ in self._raw:
                if name in new:
                    return self._replaced(new)
            self._raw += new.items()
        return self._raw

    def _replaced(self, new: dict[bytes, bytes]) -> RawHeaders:
        for name, value in new.items():
            super().__setitem__(name.decode("latin-1"), value.decode("latin-1"))
        return self._raw

    _list = property(joined)  # pyright: ignore[reportAssignmentType] # the attribute that MutableHeaders reads


class _Once:
    """A descriptor that creates the headers of a response at the first access."""

    def __get__(self, response: InlineResponse, _: type) -> MutableHeaders:
        if not _HAS_LIST:
            response._changeable = MutableHeaders(raw=response._bare)  # pyright: ignore[reportPrivateUsage]
        else:
            response._made = response._changeable = _Headers(response._bare)  # pyright: ignore[reportPrivateUsage]
        return response._changeable  # type: ignore[no-any-return]  # pyright: ignore[reportPrivateUsage]


@final
class InlineResponse(StreamingResponse):
    """The response of an application, before its first byte is sent.

    Attributes:
        status_code: mutable.
        headers: mutable; cookies can be set and deleted as on any response.
        body_iterator: the body, in chunks of bytes. Chunks read by a function are sent nevertheless; setting another
            iterator removes the content length.
        background: a task that runs after the application's own; None unless set.
    """

    # Created for each request: rare attributes have class-level defaults.
    background = None
    _changeable: Any = _Once()
    headers = property(attrgetter("_changeable"))  # pyright: ignore[reportIncompatibleMethodOverride] # a property
    _made: _Headers | None = None
    _kept: list[Message] | None = None
    _is_read = False
    _body: Any = None

    def __init__(self, app_run: AppRun) -> None:
        self._app_run = app_run
        self._start = start = app_run.inbox.pop(0)
        self.status_code = start["status"]
        self._bare = list(start.get("headers", ()))

    @property
    def raw_headers(self) -> RawHeaders:
        """The headers as bytes; mutable."""
        return self._bare if self._made is None else self._made.joined()

    @raw_headers.setter
    def raw_headers(self, raw: RawHeaders) -> None:
        self._bare = raw
        self._made = None
        self.__dict__.pop("_changeable", None)

    @property
    def body_iterator(self) -> Any:
        """The body, in chunks of bytes."""
        return self._read() if self._body is None else self._body

    @body_iterator.setter  # an attribute in the base class; computed on access here
    def body_iterator(self, chunks: Any) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]
        self._body = chunks

    async def _read(self) -> AsyncIterator[bytes]:
        for message in self._kept or ():
            async for chunk in _chunks(message):
                yield chunk
        while (fresh := await self._next_message()) is not None:
            if self._body is None:
                self._kept = self._kept or []
                self._kept.append(fresh)
            async for chunk in _chunks(fresh):
                yield chunk

    async def _next_message(self) -> Message | None:
        app_run = self._app_run
        if self._is_read:
            return None
        if app_run.mode == DROPPED:
            self._refuse_given_up()
        app_run.mode = READ
        while not app_run.inbox:
            if app_run.is_done:
                return None
            await app_run.run()
        message = app_run.inbox.pop(0)
        self._is_read = not message.get("more_body", False)
        return message

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._app_run.mode == DROPPED:
            self._refuse_given_up()
        raw = self._bare if self._made is None else self._made.joined()
        start = {**self._start, "status": self.status_code, "headers": raw}
        if self._body is None:
            await send(start)
            if self._kept or self._app_run.inbox:
                for message in (*(self._kept or ()), *self._app_run.inbox):
                    await send(message)
            await self._app_run.deliver(send)
        else:
            await self._send_other_body(start, send)
            await self._app_run.drop()
        background: Any = self.background  # may be set by a function
        if background is not None:
            await background()

    def _refuse_given_up(self) -> NoReturn:
        raise MiddlewareError(
            "a response was used after call_next was called again",
            "a middleware that calls call_next twice",
            "use the response of the last call_next",
        )

    async def _send_other_body(self, start: Message, send: Send) -> None:
        length = [(name, value) for name, value in self._start.get("headers", ()) if name.lower() == b"content-length"]
        start["headers"] = [header for header in self.raw_headers if header not in length]
        start.pop("trailers", None)
        await send(start)

        async def take(chunk: Any) -> None:
            data = chunk.encode(self.charset) if isinstance(chunk, str) else chunk
            await send({"type": "http.response.body", "body": data, "more_body": True})

        await drive(self._body, take)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _encoded(key: str) -> bytes:
    """Encode the name of a header, with a bounded cache."""
    name = key.lower().encode("latin-1")
    if len(_ENCODED) < _NAMES:
        _ENCODED[key] = name
    return name


async def _chunks(message: Message) -> AsyncIterator[bytes]:
    """Yield the bytes of a message, or of the file that the server was to send."""
    if message["type"] == "http.response.pathsend":
        async with await anyio.open_file(message["path"], "rb") as file:
            while chunk := await file.read(_CHUNK):
                yield chunk
    elif message.get("body"):
        yield bytes(message["body"])
