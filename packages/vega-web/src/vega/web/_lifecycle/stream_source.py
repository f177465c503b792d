"""Sources of streams, such as async generators, driven by one task from the first step to the end.

A generator may hold a timeout, a cancel scope, a task group or a context variable while suspended at a `yield`. All of
these belong to one task: a cancellation during the sending of a value is raised at the `yield`, and the generator is
closed in the task that ran it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

from starlette.responses import StreamingResponse
from starlette.types import Send

T = TypeVar("T")


async def drive(source: AsyncIterable[T], take: Callable[[T], Awaitable[object]]) -> None:
    """Pass each value of a source to a function, and close the source in the same task.

    Args:
        source: usually an async generator; a cancellation of `take` is raised at its `yield`, and the generator may
            continue.
        take: awaited with each value before the next value is requested.
    """
    values = aiter(source)
    try:
        value = await anext(values)
        while True:
            try:
                await take(value)
            except asyncio.CancelledError as error:
                throw: Any = getattr(values, "athrow", None)
                if throw is None:
                    raise
                value = await throw(error)
            else:
                value = await anext(values)
    except StopAsyncIteration:
        return
    finally:
        await _close(values)


async def _close(values: AsyncIterator[Any]) -> None:
    """Close a source; the end of a generator may arrive wrapped by its task group, which is not a failure."""
    close: Any = getattr(values, "aclose", None)
    if close is None:
        return
    try:
        await close()
    except BaseExceptionGroup as group:
        rest = group.split(GeneratorExit)[1]
        if rest is not None:
            raise rest from None


def own_stream(response: Any) -> Any:
    """Make a `StreamingResponse` drive its source with `drive`; return any other response unchanged."""
    if isinstance(response, StreamingResponse) and type(response).stream_response is StreamingResponse.stream_response:
        response.stream_response = partial(_stream, response)  # type: ignore[method-assign]  # this response only
    return response


async def _stream(response: StreamingResponse, send: Send) -> None:
    async def take(chunk: Any) -> None:
        data = chunk.encode(response.charset) if isinstance(chunk, str) else chunk
        await send({"type": "http.response.body", "body": data, "more_body": True})

    await send({"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers})
    await drive(response.body_iterator, take)
    await send({"type": "http.response.body", "body": b"", "more_body": False})
