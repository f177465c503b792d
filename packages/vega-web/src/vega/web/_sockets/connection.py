"""The life of one WebSocket connection."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any, Final, NamedTuple, final

from pydantic import ValidationError
from starlette.requests import HTTPConnection
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketState

from vega.core import Application
from vega.core.disclosure import disclose

from .._errors import ForbiddenError, MessageKindError, NotFiniteError, UnauthenticatedError
from .._lifecycle.drain import Drain
from .._lifecycle.request_scope import origin_of
from .._problems.denial import deny
from .._problems.error_map import STATUS, ErrorMap, Mapped, phrase
from .._problems.problems import REQUEST_ID
from .._security.principal import authorize, principal_of
from .handler import WebSocketHandler
from .messages import Read, caller_of, reader_of, refusal, size_of, written
from .rooms import Rooms
from .send_queue import SendQueue

_log = logging.getLogger("vega.web")
_PATIENCE: Final = 1.0  # seconds for a client to take the last messages
_TOO_BIG, _GOING, _FAILED, _SILENT = 1009, 1012, 1011, 4408


class Surroundings(NamedTuple):
    """What every connection of an application shares."""

    application: Application
    rooms: Rooms
    drain: Drain
    errors: ErrorMap


@final
class SocketEndpoint:
    """ASGI application (ASGI 3.0) that runs a handler for each connection.

    Args:
        handler: the class; its annotations are read here, once.
        around: what connections share.
    """

    def __init__(self, handler: type[WebSocketHandler], around: Surroundings) -> None:
        self._handler, self._around = handler, around
        self._read: Read = reader_of(handler.on_message)
        self._call: Callable[..., Any] = caller_of(handler.on_message)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        policy = self._handler.policy
        if policy is not None:
            try:
                await authorize(policy, principal_of(HTTPConnection(scope)), HTTPConnection(scope))
            except UnauthenticatedError as error:
                await deny(scope, receive, send, 401, detail=error.what)
                return
            except ForbiddenError as error:
                await deny(scope, receive, send, 403, detail=error.what)
                return
        await _Connection(self._handler(), self._around, self._read, self._call, scope, receive, send).run()


class _Connection:
    """One connection: received from in one task, sent to through a queue."""

    def __init__(
        self, handler: WebSocketHandler, around: Surroundings, read: Read, call: Any, scope: Scope, *ends: Any
    ) -> None:
        self._handler, self._around, self._read, self._call = handler, around, read, call
        receive, send = ends
        self._code: int | None = None  # with which to close; None while nobody asked to
        self._task, self._is_waiting = asyncio.current_task(), False
        self._last = asyncio.get_running_loop().time()
        self._socket = WebSocket(scope, receive, send)
        self._send_queue = SendQueue(send, limit=handler.queue, overflow=handler.overflow, stop=self.stop)
        handler.attach(self._socket, self._send_queue, around.rooms)

    def stop(self, code: int) -> None:
        """Have the connection closed, now or when the message at hand is handled."""
        if self._code is None:
            self._code = code
            if self._is_waiting and self._task is not None:
                self._task.cancel()

    async def run(self) -> None:
        """Connect, handle message after message, and disconnect, whatever happens."""
        forget = self._around.drain.add(lambda: self.stop(_GOING))
        beat = self._start_beating()
        try:
            await self._connect()
            while self._code is None and self._socket.application_state is WebSocketState.CONNECTED:
                message = await self._receive()
                if message is None:
                    break
                await self._handle(message)
        except Exception as error:  # noqa: BLE001 - a boundary: it is logged and told by the close code
            self._fail(error)
        finally:
            if beat is not None:
                beat.cancel()
            try:
                await self._disconnect()
            finally:
                forget()

    async def _connect(self) -> None:
        async with self._unit_of_work():
            await self._handler.on_connect()

    def _unit_of_work(self) -> AbstractAsyncContextManager[object]:
        origin = partial(origin_of, self._socket.scope)
        return self._around.application.activate({WebSocket: self._socket}, origin=origin)

    async def _receive(self) -> Message | None:
        """Return the next message; None when the connection is over."""
        self._is_waiting = True
        try:
            message = await self._socket.receive()
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if self._code is None or task is None or task.uncancel():
                raise
            return None
        finally:
            self._is_waiting = False
        self._last = asyncio.get_running_loop().time()
        if message["type"] != "websocket.receive":
            return None
        if size_of(message) > self._handler.max_size:
            self._code = _TOO_BIG
            return None
        return message

    async def _handle(self, message: Message) -> None:
        try:
            value = self._read(message)
        except (ValidationError, MessageKindError) as error:
            self._send_queue.push(written(refusal(error)))
            return
        try:
            async with self._unit_of_work():
                await self._call(self._handler, value)
        except Exception as error:
            mapped = self._around.errors.find(error)
            seen = disclose(error, is_named=mapped is not None)
            mapped = mapped or Mapped(status=STATUS[seen.kind])
            if isinstance(error, NotFiniteError):  # nothing was sent, and the connection is sound
                _log.error("%s cannot send a message", type(self._handler).__qualname__, exc_info=error)
            elif mapped.status >= 500:
                raise
            title = mapped.title or phrase(mapped.status)
            told: dict[str, Any] = {"type": "error", "status": mapped.status, "title": title}
            if mapped.status < 500:
                told |= {"detail": seen.detail, **({"errors": list(seen.fields)} if seen.fields else {})}
            self._send_queue.push(written(told))

    def _fail(self, error: Exception) -> None:
        """Note what a handler raised; that of a client which has gone is no failure."""
        if self._socket.client_state is WebSocketState.DISCONNECTED:
            return
        extra = {"request_id": self._socket.scope.get(REQUEST_ID, "")}
        _log.error("%s failed", type(self._handler).__qualname__, exc_info=error, extra=extra)
        self._code = _FAILED

    async def _disconnect(self) -> None:
        handler = self._handler
        try:
            for room in handler.joined:
                await handler.leave(room)
        finally:
            try:
                async with self._unit_of_work():
                    await handler.on_disconnect()
            finally:
                is_open = self._socket.client_state is not WebSocketState.DISCONNECTED
                is_open = is_open and self._socket.application_state is not WebSocketState.DISCONNECTED
                code = self._code if self._code is not None else 1000
                await self._send_queue.close({"type": "websocket.close", "code": code} if is_open else None, _PATIENCE)

    def _start_beating(self) -> _Beat | None:
        seconds = self._handler.heartbeat
        return _Beat(self, seconds) if seconds is not None else None

    def beat(self, seconds: float, now: float) -> None:
        """Ask a client that has been silent whether it is there; close where it does not answer."""
        silent = now - self._last
        if silent >= 2 * seconds:
            self.stop(_SILENT)
        elif silent >= seconds and self._socket.application_state is WebSocketState.CONNECTED:
            self._send_queue.push(written({"type": "ping"}))


class _Beat:
    """Looks after a connection from time to time."""

    def __init__(self, connection: _Connection, seconds: float) -> None:
        self._connection, self._seconds = connection, seconds
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(seconds, self._run)

    def _run(self) -> None:
        self._connection.beat(self._seconds, self._loop.time())
        self._timer = self._loop.call_later(self._seconds, self._run)

    def cancel(self) -> None:
        """Look no more."""
        self._timer.cancel()
