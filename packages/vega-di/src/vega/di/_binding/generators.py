"""Bound generators: the scope lives as long as the iteration, and is ambient only while the body runs."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from typing import Any

from .._runtime.closed_store import CLOSED
from .._runtime.closing import afinish, finish
from .._runtime.context import ambient
from .bound_function import Entry


def drive(entry: Entry, values: tuple[Any, ...]) -> Any:
    """Give the generator of one call."""
    return _adrive(entry, values) if entry.bound.is_async else _drive(entry, values)


def _start(entry: Entry) -> tuple[Any, Any]:
    """Give the scope to take services from, and the one that this call has to close, if any."""
    if not entry.needs_scope:
        return None, None
    container = entry.engine.container
    joined = container.ambient()
    if joined is not None:
        return joined, None
    opened = container.scope()
    return opened, opened


def _drive(entry: Entry, values: tuple[Any, ...]) -> Generator[Any, Any, Any]:
    entry.engine.build(entry.wiring.node)
    scope, opened = _start(entry)
    error: BaseException | None = None
    try:
        body: Generator[Any, Any, Any] = entry.free(*values) if scope is None else entry.join(scope, *values)
        if opened is None:
            return (yield from body)
        return (yield from _stepped(body, opened))
    except BaseException as raised:
        error = raised
        raise
    finally:
        if opened is not None:
            opened.v = CLOSED
            finish(opened.exits or [], error)


def _stepped(body: Generator[Any, Any, Any], scope: Any) -> Generator[Any, Any, Any]:
    step: Any = body.send
    sent: Any = None
    while True:
        token = ambient.set(scope)
        try:
            item = step(sent)
        except StopIteration as stop:
            return stop.value
        finally:
            ambient.reset(token)
        try:
            sent, step = (yield item), body.send
        except BaseException as raised:  # noqa: BLE001  # handed to the body, which decides
            sent, step = raised, body.throw


async def _adrive(entry: Entry, values: tuple[Any, ...]) -> AsyncGenerator[Any, Any]:
    await entry.engine.abuild(entry.wiring.node)
    scope, opened = _start(entry)
    error: BaseException | None = None
    try:
        body = entry.free(*values) if scope is None else entry.join(scope, *values)
        if entry.plan.awaits:
            body = await body
        step, sent = body.asend, None
        while True:
            token = ambient.set(scope if scope is not None else ambient.get())
            try:
                item = await step(sent)
            except StopAsyncIteration:
                return
            finally:
                ambient.reset(token)
            try:
                sent, step = (yield item), body.asend
            except BaseException as raised:  # noqa: BLE001  # handed to the body, which decides
                sent, step = raised, body.athrow
    except BaseException as raised:
        error = raised
        raise
    finally:
        if opened is not None:
            opened.v = CLOSED
            await afinish(opened.exits or [], error)
