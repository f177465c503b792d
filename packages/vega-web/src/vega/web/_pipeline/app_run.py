"""Run the wrapped application in the current task and pause it at each message it sends.

The coroutine of the application is driven by hand. While the response may still change, every message suspends the
coroutine and returns control; once the response is open, messages pass directly to the server, and futures awaited by
the application are handed to the event loop unchanged. No task is started: context variables flow both ways, exceptions
surface at the caller, and a cancellation reaches the future awaited by the application.

If the application sends from a child task (as Starlette streams do below ASGI 2.4), the child task waits at a gate, and
the caller, who waits at a future called the relay, is woken.
"""

from __future__ import annotations

import asyncio
import types
from collections.abc import Awaitable, Generator
from typing import Any, Final, final

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

NOTHING: Final = object()


# Modes for messages of the application; plain numbers, since an enum costs a tenth of a request.
START: Final = 0  # the start of the response suspends
READ: Final = 1  # every message suspends: the body is being read
OPEN: Final = 2  # every message passes to the server
DROPPED: Final = 3  # the response was replaced: a last piece is dropped, a stream is refused


@final
class AppRun:
    """A run of an application for a request.

    Args:
        app: the application (ASGI 3.0).
        scope: the connection scope.
        receive: the application's `receive`.
        send: the server's `send`, for messages that pass.

    Attributes:
        inbox: messages not taken yet.
        pending: the future awaited by the application while a child task has sent a message; otherwise NOTHING.
    """

    # Created for each request: rare attributes have class-level defaults.
    mode = START
    is_done = False
    _task: asyncio.Task[Any] | None = None
    _gates: tuple[asyncio.Future[None], ...] = ()
    _relay: asyncio.Future[None] | None = None
    pending: Any = NOTHING
    _refused = False

    def __init__(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        self.inbox: list[Message] = []
        self._server = send
        started: Any = app(scope, receive, self._send)
        self._coroutine: Any = started if type(started) is types.CoroutineType else _await(started)

    @types.coroutine
    def deliver(self, send: Send) -> Generator[Any, Any, None]:
        """Pass all further messages, and run the application to its end."""
        self._server, self.mode = send, OPEN
        if self.is_done or self._gates or self.pending is not NOTHING:
            yield from self._steps()
            return
        try:
            yield from self._coroutine  # awaited futures need no handling
        finally:
            self.is_done = True

    async def drop(self) -> None:
        """End the application without its response: refuse a stream, discard a last piece and run the rest."""
        if self.is_done:
            return
        self.mode = DROPPED
        try:
            await self.run()
        except (OSError, ClientDisconnect):
            if not self._refused:
                raise
        except BaseExceptionGroup as group:
            rest = group.split((OSError, ClientDisconnect))[1] if self._refused else group
            if rest is not None:
                raise rest from None

    async def cancel(self, error: BaseException) -> None:
        """End the application by raising an error, such as a cancellation, at its current await."""
        self.mode = DROPPED
        if self.pending is not NOTHING and self.pending is not None:
            self.pending.cancel()
        self.pending = NOTHING
        try:
            await self.run(error)
        except asyncio.CancelledError:
            pass  # the caller re-raises the cancellation
        finally:
            self._open_gates()

    def close(self) -> None:
        """End the application immediately, without waiting: the event loop is closing."""
        self.is_done, self.mode = True, DROPPED
        self._coroutine.close()

    def _steps(self, failure: BaseException | None = None) -> Generator[Any, Any, None]:
        """Run until the application is suspended or done."""
        is_open = self.mode >= OPEN
        if self._gates and failure is None:
            self._open_gates()
        if self.is_done:
            return
        waited, self.pending = self.pending, NOTHING
        if not is_open:
            self._task = asyncio.current_task()
        try:
            while True:
                if waited is not NOTHING:
                    failure = yield from (self._wait_openly(waited) if is_open else self._wait_at_relay(waited))
                    if failure is None and not is_open and self._is_spoken_to():
                        self.pending = waited
                        return
                waited = self._coroutine.send(None) if failure is None else self._coroutine.throw(failure)
                failure = None
                if waited is self:
                    return
        except StopIteration:
            self.is_done = True
        except BaseException:
            self.is_done = True
            self._coroutine.close()  # already ended, unless the whole request is discarded
            raise

    run = types.coroutine(_steps)

    @staticmethod
    def _wait_openly(waited: Any) -> Generator[Any, Any, BaseException | None]:
        """Hand an awaited future to the event loop; return the error to raise in the application, if any."""
        if waited is not None and not waited._asyncio_future_blocking:
            waited._asyncio_future_blocking = True  # the mark of `await`, cleared at the relay
        try:
            yield waited
        except BaseException as error:  # noqa: BLE001 - raised in the application, by the caller
            return error
        return None

    def _wait_at_relay(self, waited: Any) -> Generator[Any, Any, BaseException | None]:
        """Wait for the application's future or a message from a child task, as `asyncio.Task` would."""
        if waited is None:
            return (yield from self._wait_openly(None))
        waited._asyncio_future_blocking = False  # cleared, as a task does; others may wait for the same future
        is_cancelled = False
        while not waited.done() and (is_cancelled or not self._is_spoken_to()):  # cancellations precede messages
            relay = self._relay = waited.get_loop().create_future()
            waited.add_done_callback(self._wake)
            try:
                yield from relay
            except asyncio.CancelledError as error:
                if not waited.cancel(*error.args):
                    return error
                is_cancelled = True
            except BaseException as error:  # noqa: BLE001 - raised in the application, by the caller
                return error
            finally:
                self._relay = None
                waited.remove_done_callback(self._wake)
        if not waited.done():
            return None
        try:
            waited.result()
        except BaseException as error:  # noqa: BLE001 - raised in the application, by the caller
            return error
        return None

    def _wake(self, _: object) -> None:
        if self._relay is not None and not self._relay.done():
            self._relay.set_result(None)

    def _send(self, message: Message) -> Awaitable[None]:
        """Take a message of the application; a passing message needs no coroutine here."""
        mode = self.mode
        if mode == OPEN or (mode == START and message["type"] != "http.response.start"):  # such as early hints
            return self._server(message)
        return self._stop_at(message)

    @types.coroutine
    def _stop_at(self, message: Message) -> Generator[Any, Any, None]:
        if self.mode == DROPPED:
            if message.get("more_body"):
                self._refused = True
                raise OSError("the response was replaced")
            return
        self.inbox.append(message)
        if asyncio.current_task() is self._task:
            yield self  # suspended: control returns to the runner
        else:
            gate = asyncio.get_running_loop().create_future()
            self._gates += (gate,)
            self._wake(None)
            try:
                yield from gate
            except asyncio.CancelledError:
                self._withdraw(message, gate)
                raise

    def _withdraw(self, message: Message, gate: asyncio.Future[None]) -> None:
        """Remove the message of a child task that was cancelled while waiting."""
        self._gates = tuple(other for other in self._gates if other is not gate)
        self.inbox[:] = [other for other in self.inbox if other is not message]

    def _is_spoken_to(self) -> bool:
        """Return whether a child task waits at its gate without being cancelled."""
        return any(not gate.done() for gate in self._gates)

    def _open_gates(self) -> None:
        gates, self._gates = self._gates, ()
        for gate in gates:
            if not gate.done():
                gate.set_result(None)


async def _await(awaitable: Any) -> None:
    await awaitable
