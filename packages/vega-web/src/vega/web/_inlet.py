"""The request as inline middleware sees it: what a function reads is handed down once more."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import final

from starlette.requests import Request
from starlette.types import Message, Receive, Scope

from ._errors import MiddlewareError


@final
class Inlet:
    """The messages of one request: read by functions, and by what comes after them.

    Args:
        receive: the server's.
    """

    __slots__ = ("_read", "_receive", "_was_empty", "is_taken")

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._read: list[Message] = []
        self.is_taken = self._was_empty = False

    async def read(self) -> Message:
        """Return the next message, to a function; keep it for the application."""
        message = await self._receive()
        self._read.append(message)
        return message

    def hand_down(self) -> Receive:
        """Return what gives the application every message, those that functions have read first.

        Raises:
            MiddlewareError: an earlier run has taken the body, which nobody kept.
        """
        if not self.is_taken:
            return _Replay(self).receive
        if not self._was_empty:
            raise MiddlewareError(
                "call_next was called again after the body of the request had gone",
                "a middleware that calls call_next twice",
                "await request.body() before the first call_next; it is then kept",
            )
        return _Replay(self, [{"type": "http.request", "body": b"", "more_body": False}]).receive

    async def take(self) -> Message:
        """Return the next message, to the application."""
        message = await self._receive()
        if message["type"] == "http.request":
            self._was_empty = not (self.is_taken or message.get("body") or message.get("more_body"))
            self.is_taken = True
        return message

    def kept(self, index: int) -> Message | None:
        """Return a message that functions have read, or None when there is none."""
        return self._read[index] if index < len(self._read) else None


class _Replay:
    """Gives one run of the application what was read before it, then what comes."""

    __slots__ = ("_first", "_index", "_inlet")

    def __init__(self, inlet: Inlet, first: list[Message] | None = None) -> None:
        self._inlet, self._index, self._first = inlet, 0, first

    async def receive(self) -> Message:
        if self._first:
            return self._first.pop()
        message = self._inlet.kept(self._index)
        if message is None:
            return await self._inlet.take()
        self._index += 1
        return message


@final
class InlineRequest(Request):
    """The request that a function gets: its body may be read before `call_next`, and goes down all the same."""

    def __init__(self, scope: Scope, inlet: Inlet) -> None:
        super().__init__(scope, inlet.read)
        self.inlet = inlet

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """Yield the body.

        Raises:
            MiddlewareError: the application has taken it.
        """
        if self.inlet.is_taken:
            raise MiddlewareError(
                "the body of the request was read after call_next, when it had gone",
                f"{self.method} {self.url.path}",
                "await request.body() before call_next; it goes down all the same",
            )
        async for chunk in super().stream():
            yield chunk
