"""Builds the ASGI application of an ordered pipeline: functions in a row fold into one node."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any, TypeAlias, final

from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from ._inline import InlineChain
from ._order import Entry, MiddlewareStep, misuse, word

Predicate: TypeAlias = Callable[[HTTPConnection], bool]


@final
class Branch:
    """ASGI application (ASGI 3.0) that takes a way round for the connections that a predicate picks.

    Args:
        app: where both ways meet.
        predicate: asked once for each HTTP request and each WebSocket.
        way: the middleware of the branch, around `app`.
    """

    def __init__(self, app: ASGIApp, predicate: Predicate, way: ASGIApp) -> None:
        self._app, self._predicate, self._way = app, predicate, way

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in {"http", "websocket"} and self._predicate(HTTPConnection(scope)):
            await self._way(scope, receive, send)
        else:
            await self._app(scope, receive, send)


@final
class Stack:
    """The resolved middleware of a pipeline.

    Args:
        order: the outermost first.
        branches: the stacks of the branches among them.
        left_out: what `when` left out.
    """

    def __init__(self, order: Sequence[Entry], branches: dict[Entry, Stack], left_out: Sequence[Entry]) -> None:
        self.order, self.branches, self.left_out = tuple(order), branches, tuple(left_out)

    def nodes(self) -> Iterator[list[Entry]]:
        """Yield the entries of each ASGI node, the outermost first."""
        for is_inline, run in groupby(self.order, key=lambda entry: entry.kind == "inline"):
            if is_inline:
                yield list(run)
            else:
                yield from ([entry] for entry in run)

    def build(self, app: ASGIApp) -> ASGIApp:
        """Return an application with the middleware around it."""
        for node in reversed(list(self.nodes())):
            (entry, *_) = node
            if entry.kind == "inline":
                app = InlineChain(app, [function.target for function in node])
            elif entry.kind == "branch":
                app = Branch(app, entry.target, self.branches[entry].build(app))
            else:
                app = entry.target(app, *entry.args, **entry.options)
        return app


def steps(stack: Stack, depth: int = 0) -> Iterator[MiddlewareStep]:
    """Yield what a stack is made of, branches included."""
    nodes = {entry: number for number, node in enumerate(stack.nodes(), 1) for entry in node}
    for position, entry in enumerate(stack.order, 1):
        yield _step(entry, position, nodes[entry], _reasons(entry), depth)
        if entry in stack.branches:
            yield from steps(stack.branches[entry], depth + 1)
    for entry in stack.left_out:
        yield _step(entry, None, None, ("left out by when",), depth)


def _step(entry: Entry, position: int | None, node: int | None, reasons: tuple[str, ...], depth: int) -> MiddlewareStep:
    return MiddlewareStep(name=entry.name, kind=entry.kind, position=position, node=node, reasons=reasons, depth=depth)


def _reasons(entry: Entry) -> tuple[str, ...]:
    reasons = [f"before {word(reference)}" for reference in entry.before]
    reasons += [f"after {word(reference)}" for reference in entry.after]
    if entry.priority:
        reasons.append(f"priority {entry.priority}")
    return (*reasons, f"added {_ordinal(entry.index + 1)}")


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number % 100 not in {11, 12, 13} else "th"
    return f"{number}{ending}"


def around(app: ASGIApp, stack: Stack) -> ASGIApp:
    """Build a stack; the form that `add_middleware` takes."""
    return stack.build(app)


def check_class(entry: Entry, errors: list[Exception]) -> None:
    """Add an error when the options of a class do not fit its constructor; warn of one that is a known trap."""
    target: Any = entry.target
    if isinstance(target, type) and issubclass(target, BaseHTTPMiddleware):
        warnings.warn(
            f"{target.__qualname__} derives from BaseHTTPMiddleware, which ends a broken stream as if it were whole "
            "and hides context variables; write it with use_inline or as plain ASGI",
            stacklevel=4,
        )
    try:
        signature = inspect.signature(target)
    except (TypeError, ValueError):
        return  # built in C: its constructor tells
    try:
        signature.bind(None, *entry.args, **entry.options)
    except TypeError as error:
        errors.append(misuse(f"cannot be made: {error}", target, f"its constructor is {signature}"))
