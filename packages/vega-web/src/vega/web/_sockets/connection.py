"""The lifetime of a WebSocket connection."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any, Final, NamedTuple, final

import anyio
from pydantic import ValidationError
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketState

from vega.core import Application
from vega.core.disclosure import disclose

from .._errors import ForbiddenError, MessageKindError, NotFiniteError, UnauthenticatedError
from .._lifecycle.drain import Drain
from .._lifecycle.request_scope import origin_of
from .._problems.denial import close_code, refuse_handshake
from .._problems.error_map import STATUS, ErrorMap, Mapped, phrase
from .._problems.problems import REQUEST_ID
from .._security.principal import REAUTHENTICATE, anybody, authenticated, authorize, current
from .handler import WebSocketHandler
from .messages import Read, caller_of, reader_of, refusal, size_of, written
from .rooms import Rooms
from .send_queue import TRY_AGAIN_LATER, SendQueue

_log = logging.getLogger("vega.web")
_PATIENCE: Final = 1.0  # seconds for a client to take the last messages
_SLOW: Final = 10.0  # seconds for a slow client to take its close code
_FRESH: Final = 1.0  # seconds for which a check of credentials remains valid
_TOO_BIG, _GOING, _FAILED, _SILENT = 1009, 1012, 1011, 4408


class Surroundings(NamedTuple):
    """Objects shared by all connections of an application."""

    application: Application
    rooms: Rooms
    drain: Drain
    errors: ErrorMap


@final
class SocketEndpoint:
    """ASGI application (ASGI 3.0) that runs a handler for each connection.

    Args:
        handler: the class; its annotations are read once, here.
        surroundings: objects shared by connections.
    """

    def __init__(self, handler: type[WebSocketHandler], surroundings: Surroundings) -> None:
        self._handler, self._surroundings = handler, surroundings
        self._read: Read = reader_of(handler.on_message)
        self._call: Callable[..., Any] = caller_of(handler.on_message)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = _Connection(self._handler(), self._surroundings, self._read, self._call, scope, receive, send)
        try:
            await connection.run()
        except Exception as error:
            if not connection.is_refused:
                raise
            await refuse_handshake(error, scope, send)


class _Connection:
    """A connection: one task receives, a queue sends."""

    def __init__(
        self, handler: WebSocketHandler, surroundings: Surroundings, read: Read, call: Any, scope: Scope, *ends: Any
    ) -> None:
        self._handler, self._surroundings, self._read, self._call = handler, surroundings, read, call
        receive, send = ends
        self._code: int | None = None  # the close code; None until a close is requested
        self._task, self._is_waiting = asyncio.current_task(), False
        self._loop = asyncio.get_running_loop()
        self._last = self._checked = self._loop.time()
        self._rechecking: asyncio.Task[None] | None = None
        self._is_guarded = handler.recheck is not None and (handler.policy is not None or REAUTHENTICATE in scope)
        self.is_refused = False
        self._socket = WebSocket(scope, receive, send)
        self._send_queue = SendQueue(send, limit=handler.queue, overflow=handler.overflow, stop=self.stop)
        handler.attach(self._socket, self._send_queue, surroundings.rooms)

    def stop(self, code: int) -> None:
        """Request a close, effective now or after the current message."""
        if self._code is None:
            self._code = code
            if self._is_waiting and self._task is not None:
                self._task.cancel()

    async def run(self) -> None:
        """Connect, handle messages in order, and disconnect in any case.

        Raises:
            Exception: the error that refused the handshake; `is_refused` is then true.
        """
        unregister = self._surroundings.drain.add(lambda: self.stop(_GOING))
        timers = self._start_timers()
        is_connected = False
        try:
            await self._connect()
            is_connected = self._socket.application_state is WebSocketState.CONNECTED
            while self._code is None and self._socket.application_state is WebSocketState.CONNECTED:
                message = await self._receive()
                if message is None:
                    break
                await self._handle(message)
        except Exception as error:
            self.is_refused = await self._may_refuse()
            if self.is_refused:
                raise
            self._fail(error)
        finally:
            for timer in timers:
                timer.cancel()
            try:
                await self._disconnect(is_connected)
            finally:
                unregister()

    async def _connect(self) -> None:
        policy = self._handler.policy
        if policy is not None:
            await authorize(policy, self._handler.principal, self._socket)
        async with self._unit_of_work():
            await self._handler.on_connect()

    async def _may_refuse(self) -> bool:
        """Return whether the handshake is still unanswered."""
        if self._socket.application_state is not WebSocketState.CONNECTING:
            return False
        if self._socket.client_state is WebSocketState.CONNECTING:
            await self._socket.receive()  # websocket.connect
        return self._socket.client_state is WebSocketState.CONNECTED

    async def _recheck(self) -> None:
        """Stop if the credentials of the handshake have become invalid, or the policy denies access."""
        self._checked = self._loop.time()
        ask = self._socket.scope.get(REAUTHENTICATE)
        try:
            if ask is not None:
                previous, self._socket.scope["user"] = self._handler.principal, await ask()
                await authorize(authenticated if previous is not None else anybody, self._handler.principal)
            if self._handler.policy is not None:
                await authorize(self._handler.policy, self._handler.principal, self._socket)
        except (UnauthenticatedError, ForbiddenError) as error:
            self.stop(close_code(STATUS[error.kind]))
        except Exception as error:  # noqa: BLE001 - a boundary: such as an unavailable store; checked again later
            name = type(self._handler).__qualname__
            _log.warning("%s cannot check its session: %r", name, error, extra=self._log_fields())

    def _unit_of_work(self) -> AbstractAsyncContextManager[object]:
        origin = partial(origin_of, self._socket.scope)
        return self._surroundings.application.activate({WebSocket: self._socket}, origin=origin)

    async def _receive(self) -> Message | None:
        """Return the next message, or None at the end of the connection."""
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
        self._last = self._loop.time()
        if message["type"] != "websocket.receive":
            return None
        if size_of(message) > self._handler.max_size:
            self._code = _TOO_BIG
            return None
        return message

    async def _handle(self, message: Message) -> None:
        if self._is_guarded and self._last - self._checked > _FRESH:
            await self._recheck()
            if self._code is not None:
                return
            current.set(self._handler.principal)
        try:
            value = self._read(message)
        except (ValidationError, MessageKindError) as error:
            self._send_queue.push(written(refusal(error)))
            return
        try:
            async with self._unit_of_work():
                await self._call(self._handler, value)
        except Exception as error:  # noqa: BLE001 - a boundary: reported or re-raised
            self._report(error)

    def _report(self, error: Exception) -> None:
        """Send an error caused by a message to the client; raise an internal error, which ends the connection."""
        mapped = self._surroundings.errors.find(error)
        seen = disclose(self._surroundings.errors.cause_of(error), is_named=mapped is not None)
        mapped, name = mapped or Mapped(status=STATUS[seen.kind]), type(self._handler).__qualname__
        extra = self._log_fields()
        if isinstance(error, NotFiniteError):  # nothing was sent, and the connection is intact
            _log.error("%s cannot send a message", name, exc_info=error, extra=extra)
        elif mapped.status == 500:
            raise error
        elif mapped.status > 500:
            _log.warning("%s answered %d: %r", name, mapped.status, error, extra=extra)
        title = mapped.title or phrase(mapped.status)
        content: dict[str, Any] = {"type": "error", "status": mapped.status, "title": title}
        if mapped.status < 500:
            content |= {"detail": seen.detail, **({"errors": list(seen.fields)} if seen.fields else {})}
        self._send_queue.push(written(content))

    def _log_fields(self) -> dict[str, str]:
        return {"request_id": self._socket.scope.get(REQUEST_ID, "")}

    def _fail(self, error: Exception) -> None:
        """Log an error of a handler, unless caused by a client that left."""
        if self._socket.client_state is WebSocketState.DISCONNECTED:
            return
        _log.error("%s failed", type(self._handler).__qualname__, exc_info=error, extra=self._log_fields())
        self._code = _FAILED

    async def _disconnect(self, is_connected: bool) -> None:
        handler = self._handler
        try:
            with anyio.CancelScope(shield=True):
                await handler.detach()
        finally:
            try:
                if is_connected:
                    async with self._unit_of_work():
                        await handler.on_disconnect()
            finally:
                is_open = self._socket.client_state is not WebSocketState.DISCONNECTED
                is_open = is_open and self._socket.application_state is not WebSocketState.DISCONNECTED
                code = self._code if self._code is not None else 1000
                last = {"type": "websocket.close", "code": code} if is_open and not self.is_refused else None
                await self._send_queue.close(last, _PATIENCE, _SLOW if code == TRY_AGAIN_LATER else None)

    def _start_timers(self) -> list[_Timer]:
        """Start the periodic checks of the connection."""
        timers: list[_Timer] = []
        if self._handler.heartbeat is not None:
            timers.append(_Timer(self._handler.heartbeat, self._beat))
        if self._is_guarded and self._handler.recheck is not None:
            timers.append(_Timer(self._handler.recheck, self._recheck_now))
        return timers

    def _recheck_now(self, _: float) -> None:
        if self._rechecking is None or self._rechecking.done():
            self._rechecking = self._loop.create_task(self._recheck())

    def _beat(self, seconds: float) -> None:
        """Ping a silent client; close the connection without a reply."""
        silent = self._loop.time() - self._last
        if silent >= 2 * seconds:
            self.stop(_SILENT)
        elif silent >= seconds and self._socket.application_state is WebSocketState.CONNECTED:
            self._send_queue.push(written({"type": "ping"}))


class _Timer:
    """A periodic call of a function."""

    def __init__(self, seconds: float, call: Callable[[float], None]) -> None:
        self._seconds, self._call = seconds, call
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(seconds, self._run)

    def _run(self) -> None:
        self._timer = self._loop.call_later(self._seconds, self._run)
        self._call(self._seconds)

    def cancel(self) -> None:
        """Stop."""
        self._timer.cancel()
