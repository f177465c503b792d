"""The queue of messages to one socket: sent at once while the client keeps up, bounded when it does not."""

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
    """Sends messages to one socket.

    A message is sent in the task of whoever pushes it, as far as that goes without waiting, which is all the way while
    the client keeps up. Where it does not, a task of the socket's own waits, and further messages queue behind it.

    Args:
        send: the server's, of the socket.
        limit: how many messages may wait.
        overflow: what becomes of one more: the oldest that waits is dropped for it, or the socket is closed (1013);
            a `Coalescing` first puts a message in the place of one that waits and says the same of an older state.
        stop: called with the close code where the socket is to be closed.
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
        self._numbers = count()  # keys of what nothing takes the place of
        self._task: asyncio.Task[None] | None = None
        self.dropped: int = 0
        self.is_closed: bool = False

    @property
    def waiting(self) -> int:
        """How many messages wait behind the one that is being sent."""
        return len(self._queue)

    def push(self, message: Message) -> None:
        """Send a message, now or when those before it have gone; never waits, never raises."""
        if self._task is not None or self.is_closed:
            self._enqueue(message)
            return
        running: Any = self._send(message).__await__()
        try:
            waited = running.send(None)
        except StopIteration:
            return
        except Exception:  # noqa: BLE001 - the client has gone: the receiving side hears of it and ends the socket
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
        """Send a message and wait until it has gone to the server."""
        self.push(message)
        await self.flush()

    async def flush(self) -> None:
        """Wait until nothing waits any more."""
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
        """Send what waits and a last message, as far as the client takes it in time; then nothing more.

        Args:
            message: the last one; None for none.
            patience: seconds for what waits.
            slow: seconds for the last message where the client was too slow for the others; `patience` when None.
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
        if message is not None and (was_closed or is_stuck):  # also after a stuck one: the server has that already
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience if slow is None else slow):
                    await _last(self._send, message)


async def _last(send: Send, message: Message) -> None:
    with contextlib.suppress(Exception):  # the client has gone; there is nobody to tell
        await send(message)


@final
class _Resumed:
    """Goes on with a coroutine that waits for something already."""

    __slots__ = ("_running", "_waited")

    def __init__(self, running: Any, waited: Any) -> None:
        self._running, self._waited = running, waited

    def __await__(self) -> Generator[Any, Any, None]:
        waited = self._waited
        while True:
            failure: BaseException | None = None
            try:
                yield waited
            except BaseException as error:  # noqa: BLE001 - raised where the coroutine waits
                failure = error
            try:
                waited = self._running.send(None) if failure is None else self._running.throw(failure)
            except StopIteration:
                return
