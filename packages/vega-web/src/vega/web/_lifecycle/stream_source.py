"""The source of a stream, such as an async generator, driven by one task from its first step to its end.

A generator may hold a time limit, a cancel scope, a task group or a context variable while it is suspended at a
`yield`. These belong to one task: a cancellation that comes while a value is being sent is raised at that `yield`,
and the generator is closed where it ran.
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
    """Pass each value of a source to a function, and close the source in this task.

    Args:
        source: an async generator mostly, which sees a cancellation of `take` at its `yield` and may go on.
        take: awaited with each value before the next one is asked for.
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
    """Close a source; a task group that it holds wraps the end of the generator, which is not a failure."""
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
    """Have a `StreamingResponse` drive its source; return any response as it is."""
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
