"""The send queue of a socket: immediate for fast clients, bounded for slow ones."""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Callable, Generator, Hashable
from itertools import count
from typing import Any, Final, final

from starlette.types import Message, Send

from .coalescing import Coalescing, Overflow

TRY_AGAIN_LATER: Final = 1013


@final
class SendQueue:
    """A queue of messages to a socket.

    The task that pushes a message drives the sending until the first wait, which for a fast client means to the end.
    For a slow client, a task of the queue takes over, and further messages wait.

    Args:
        send: the `send` of the socket's server.
        limit: the maximum number of waiting messages.
        overflow: the policy for a full queue: drop the oldest waiting message, or close the socket (1013); a
            `Coalescing` first replaces a waiting message with the same key.
        stop: called with the close code to close the socket.
    """

    __slots__ = (
        "_coalescing",
        "_drops",
        "_limit",
        "_numbers",
        "_queue",
        "_send",
        "_stop",
        "_task",
        "dropped",
        "is_closed",
    )

    def __init__(self, send: Send, *, limit: int, overflow: Overflow, stop: Callable[[int], None]) -> None:
        self._send, self._limit, self._stop = send, limit, stop
        self._coalescing = overflow if isinstance(overflow, Coalescing) else None
        self._drops = (overflow.otherwise if isinstance(overflow, Coalescing) else overflow) == "drop_oldest"
        self._queue: OrderedDict[Hashable, Message] = OrderedDict()
        self._numbers = count()  # keys of messages that cannot be replaced
        self._task: asyncio.Task[None] | None = None
        self.dropped: int = 0
        self.is_closed: bool = False

    @property
    def waiting(self) -> int:
        """The number of messages that wait behind the current one."""
        return len(self._queue)

    def push(self, message: Message) -> None:
        """Send a message, now or after those before it, without blocking or raising."""
        if self._task is not None or self.is_closed:
            self._enqueue(message)
            return
        running: Any = self._send(message).__await__()
        try:
            waited = running.send(None)
        except StopIteration:
            return
        except Exception:  # noqa: BLE001 - the client has left: the receiving side notices and ends the socket
            self.is_closed = True
            return
        self._task = asyncio.get_running_loop().create_task(self._finish(running, waited))

    def _enqueue(self, message: Message) -> None:
        if self.is_closed:
            return
        key = self._coalescing.key_of(message) if self._coalescing is not None else None
        if key is not None and key in self._queue:
            self._queue[key] = message
            self.dropped += 1
            return
        if len(self._queue) >= self._limit:
            if not self._drops:
                self._queue.clear()
                self.is_closed = True
                self._stop(TRY_AGAIN_LATER)
                return
            self._queue.popitem(last=False)
            self.dropped += 1
        self._queue[next(self._numbers) if key is None else key] = message

    async def send(self, message: Message) -> None:
        """Send a message and wait until the server has taken it."""
        self.push(message)
        await self.flush()

    async def flush(self) -> None:
        """Wait until the queue is empty."""
        while self._task is not None:
            await asyncio.wait({self._task})

    async def _finish(self, running: Any, waited: Any) -> None:
        try:
            await _Resumed(running, waited)
            while self._queue:
                await self._send(self._queue.popitem(last=False)[1])
        except Exception:  # noqa: BLE001 - as in push
            self.is_closed = True
        finally:
            self._task = None

    async def close(self, message: Message | None, patience: float, slow: float | None = None) -> None:
        """Send waiting messages and a last message within a time limit; then send nothing more.

        Args:
            message: the last message, or None.
            patience: seconds for waiting messages.
            slow: seconds for the last message if the client was too slow for the others; `patience` when None.
        """
        if message is not None and not self.is_closed:
            self.push(message)
        was_closed = self.is_closed
        self.is_closed = True
        task, is_stuck = self._task, False
        if task is not None:
            await asyncio.wait({task}, timeout=patience)
            is_stuck = not task.done()
            if is_stuck:
                task.cancel()
                await asyncio.wait({task})
        if message is not None and (
            was_closed or is_stuck
        ):  # also behind a stuck message, which the server already has
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience if slow is None else slow):
                    await _last(self._send, message)


async def _last(send: Send, message: Message) -> None:
    with contextlib.suppress(Exception):  # the client has left
        await send(message)


@final
class _Resumed:
    """An awaitable that resumes a coroutine suspended at a future."""

    __slots__ = ("_running", "_waited")

    def __init__(self, running: Any, waited: Any) -> None:
        self._running, self._waited = running, waited

    def __await__(self) -> Generator[Any, Any, None]:
        waited = self._waited
        while True:
            failure: BaseException | None = None
            try:
                yield waited
            except BaseException as error:  # noqa: BLE001 - raised in the coroutine
                failure = error
            try:
                waited = self._running.send(None) if failure is None else self._running.throw(failure)
            except StopIteration:
                return
