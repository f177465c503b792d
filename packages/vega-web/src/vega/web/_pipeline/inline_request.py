"""The request of inline functions, whose body remains available to the application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from typing import final

from starlette.requests import empty_send
from starlette.types import Message, Receive, Scope, Send

from .._errors import MiddlewareError
from .app_run import AppRun
from .client_watch import ClientWatch
from .fast_request import FastRequest


@final
class InlineRequest(FastRequest):
    """The request passed to inline functions; a body read before `call_next` is replayed to the application.

    Args:
        scope: the connection scope.
        receive: the server's `receive`.
        send: the server's `send`.

    Attributes:
        app_run: the last run of the inner application; None before the first.
        task: the task that handles the request.
        to_server: the server's `send`.
    """

    # Created for each request: rare attributes have class-level defaults.
    app_run: AppRun | None = None
    _is_taken = False
    _was_empty = False
    _kept: list[Message] | None = None
    _index = 0
    _reads = 0  # pending reads of the application
    _watch: ClientWatch | None = None

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        super().__init__(scope, self._read, empty_send)
        self._from_server, self.to_server, self.task = receive, send, asyncio.current_task()

    async def _read(self) -> Message:
        """Return the next message to a function, and keep the message for the application."""
        message = await self._from_server()
        if self._kept is None:
            self._kept = []
        self._kept.append(message)
        return message

    def hand_down(self) -> Receive:
        """Return a `receive` for a run of the application, which first replays messages read by functions.

        Raises:
            MiddlewareError: an earlier run has consumed the body.
        """
        if self._is_taken and not self._was_empty:
            raise MiddlewareError(
                "call_next was called again after the body of the request was consumed",
                "a middleware that calls call_next twice",
                "await request.body() before the first call_next, which keeps the body",
            )
        self._index = 0
        return self.give

    def send_watched(self, message: Message) -> Awaitable[None]:
        """Send to a server below ASGI 2.4, and watch for the client's departure during a streamed response.

        Raises:
            OSError: the client has left, as in ASGI 2.4.
        """
        if message["type"] == "http.response.body":
            watch = self._watch
            if not message.get("more_body"):
                if watch is not None:
                    watch.stop()
            elif watch is not None:
                watch.check()
            elif not self._reads and self.task is not None:
                self._watch = ClientWatch(self._from_server, self.task)
        return self.to_server(message)

    async def has_lost_client(self, error: BaseException | None) -> bool:
        """End the watch; return whether the departure of the client is the response's only error."""
        return self._watch is not None and await self._watch.end(error)

    async def give(self) -> Message:
        """Return the next message to the application; an empty body is kept for another run."""
        if self._kept is not None and self._index < len(self._kept):
            self._index += 1
            return self._kept[self._index - 1]
        self._reads += 1
        try:
            message = await (self._from_server() if self._watch is None else self._watch.receive())
        finally:
            self._reads -= 1
        if message["type"] == "http.request":
            self._was_empty = not (self._is_taken or message.get("body") or message.get("more_body"))
            self._is_taken = True
            if self._was_empty:
                self._kept = [*(self._kept or ()), message]
                self._index += 1
        return message

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """Yield the body.

        Raises:
            MiddlewareError: the application has consumed the body.
        """
        if self._is_taken:
            raise MiddlewareError(
                "the body of the request was read after call_next, which had consumed it",
                f"{self.method} {self.url.path}",
                "await request.body() before call_next; the application still receives the body",
            )
        async for chunk in super().stream():
            yield chunk

    async def release(self, error: BaseException | None) -> None:
        """End a run without delivery: its cleanup and background tasks run, and a cancellation reaches its await."""
        app_run = self.app_run
        if app_run is None or app_run.is_done:
            return
        if error is None or isinstance(error, Exception):
            await app_run.drop()
        elif isinstance(error, GeneratorExit):
            app_run.close()
        else:
            await app_run.cancel(error)
