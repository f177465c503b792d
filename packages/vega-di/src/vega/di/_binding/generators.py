"""Bound generators: the scope lives as long as the iteration, and is ambient only while the body runs."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from typing import Any

from .._engine.singletons import abuild, build
from .._runtime.active_scope import ambient, ambient_of
from .._runtime.closing import afinish, finish
from .._runtime.owners import CLOSED
from .calls import BoundCall


def drive(bound_call: BoundCall, values: tuple[Any, ...]) -> Any:
    """Return the generator of a call."""
    return _adrive(bound_call, values) if bound_call.bound.is_async else _drive(bound_call, values)


def _start(bound_call: BoundCall) -> tuple[Any, Any]:
    """Return the scope of the services, and the same scope if the call has to close it, else None."""
    if not bound_call.plan.needs_scope:
        return None, None
    joined = ambient_of(bound_call.engine.container)
    if joined is not None:
        return joined, None
    opened: Any = bound_call.engine.epochs.scope_class()
    opened._store = opened._resources = None
    return opened, opened


def _drive(bound_call: BoundCall, values: tuple[Any, ...]) -> Generator[Any, Any, Any]:
    build(bound_call.engine, bound_call.node)
    scope, opened = _start(bound_call)
    error: BaseException | None = None
    try:
        body: Generator[Any, Any, Any] = bound_call.free(*values) if scope is None else bound_call.join(scope, *values)
        if opened is None:
            return (yield from body)
        return (yield from _stepped(body, opened))
    except BaseException as raised:
        error = raised
        raise
    finally:
        if opened is not None:
            opened._store = CLOSED
            finish(opened._resources or [], error)


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
        except BaseException as raised:  # noqa: BLE001  # passed to the body
            sent, step = raised, body.throw


async def _adrive(bound_call: BoundCall, values: tuple[Any, ...]) -> AsyncGenerator[Any, Any]:
    await abuild(bound_call.engine, bound_call.node)
    scope, opened = _start(bound_call)
    error: BaseException | None = None
    try:
        body = bound_call.free(*values) if scope is None else bound_call.join(scope, *values)
        if bound_call.plan.awaits:
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
            except BaseException as raised:  # noqa: BLE001  # passed to the body
                sent, step = raised, body.athrow
    except BaseException as raised:
        error = raised
        raise
    finally:
        if opened is not None:
            opened._store = CLOSED
            await afinish(opened._resources or [], error)
