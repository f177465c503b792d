"""Construction of the ASGI application of an ordered pipeline; consecutive inline functions share a node."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import groupby
from typing import Any, Protocol, TypeAlias, final, runtime_checkable

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from vega.di import Container

from .._errors import MiddlewareOrderError
from .._security.counting import RequestCounter
from .checks import injected, supplied
from .inline import InlineChain, InlineFunction
from .order import MiddlewareEntry, MiddlewareStep, word
from .route_options import RouteOptions, Skippable, skippable, table_of


@runtime_checkable
class _Authenticator(Protocol):
    """Middleware that authenticates requests, and makes rate limits count before and after."""

    def count_by(self, inner: Sequence[tuple[str, RequestCounter]]) -> None: ...


Predicate: TypeAlias = Callable[[HTTPConnection], bool]


@final
class Branch:
    """ASGI application (ASGI 3.0) that routes some connections through a branch, as selected by a predicate.

    Args:
        app: the application where both ways meet.
        predicate: called for each HTTP request and each WebSocket.
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
class BranchCounter:
    """A rate limit within a branch, for outer authentication: counts only connections that take the branch.

    Args:
        predicate: the branch's predicate.
        counter: the rate limit.
    """

    def __init__(self, predicate: Predicate, counter: RequestCounter) -> None:
        self._predicate, self._counter = predicate, counter

    async def admit(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Count a request in the branch for its current sender; undo the count of any other request."""
        if self._predicate(HTTPConnection(scope)):
            return await self._counter.admit(scope, receive, send)
        await self._counter.release(scope)
        return True

    async def release(self, scope: Scope) -> None:
        """Undo the count of a request."""
        await self._counter.release(scope)


@final
class Stack:
    """The resolved middleware of a pipeline.

    Args:
        order: the entries, outermost first.
        branches: the stacks of the branches.
        left_out: entries excluded by `when`.
    """

    def __init__(
        self,
        order: Sequence[MiddlewareEntry],
        branches: dict[MiddlewareEntry, Stack],
        left_out: Sequence[MiddlewareEntry],
    ) -> None:
        self.order, self.branches, self.left_out = tuple(order), branches, tuple(left_out)

    def having(self, attribute: str) -> Iterator[MiddlewareEntry]:
        """Yield the entries, including those of branches, whose class has a true attribute of a name."""
        for entry in self.order:
            if entry in self.branches:
                yield from self.branches[entry].having(attribute)
            elif getattr(entry.target, attribute, False) is True:
                yield entry

    def nodes(self) -> Iterator[list[MiddlewareEntry]]:
        """Yield the entries of each ASGI node, outermost first."""
        for is_inline, run in groupby(self.order, key=lambda entry: entry.kind == "inline"):
            if is_inline:
                yield list(run)
            else:
                yield from ([entry] for entry in run)

    def build(
        self, app: ASGIApp, container: Container | None = None, excluded: AbstractSet[str] = frozenset()
    ) -> ASGIApp:
        """Return an application wrapped in the middleware.

        Args:
            app: the innermost application.
            container: supplies services to constructors and inline functions.
            excluded: the names skipped by some route.
        """
        return self._build(app, container, excluded, [])

    def _build(
        self,
        app: ASGIApp,
        container: Container | None,
        excluded: AbstractSet[str],
        counters: list[tuple[str, RequestCounter]],
    ) -> ASGIApp:
        """Return the wrapped application, and append its rate limits, with the names that exclude them, to a list."""
        for node in reversed(list(self.nodes())):
            (entry, *_) = node
            if entry.kind == "inline":
                app = InlineChain(app, [_function(member, container, excluded) for member in node])
                continue
            if entry.kind == "branch":
                inner: list[tuple[str, RequestCounter]] = []
                inside = self.branches[entry]._build(app, container, frozenset(), inner)
                way: ASGIApp = Branch(app, entry.target, inside)
                counters += [(entry.name, BranchCounter(entry.target, counter)) for _, counter in inner]
            else:
                way = entry.target(app, *entry.args, **supplied(entry, container), **entry.options)
                middleware: Any = way
                if isinstance(middleware, RequestCounter):
                    counters.append((entry.name, middleware))
                elif counters and isinstance(middleware, _Authenticator):
                    middleware.count_by(counters)
            app = Skippable(app, entry.name, way) if entry.name in excluded else way
        return app


def check_identity(stack: Stack, errors: list[Exception]) -> None:
    """Add an error if middleware that reads the principal is outside of middleware that sets it.

    The class attributes `reads_principal` and `sets_principal` declare the roles. Different branches are not compared,
    because a connection may take either branch.
    """
    readers: list[tuple[MiddlewareEntry, bool]] = []
    for entry in stack.order:
        is_branch = entry in stack.branches
        inner = stack.branches[entry] if is_branch else Stack([entry], {}, ())
        for setter in inner.having("sets_principal"):
            errors += [_misplaced(reader, setter) for reader, is_inner in readers if not (is_inner and is_branch)]
        readers += [(reader, is_branch) for reader in inner.having("reads_principal")]


def _misplaced(reader: MiddlewareEntry, setter: MiddlewareEntry) -> MiddlewareOrderError:
    return MiddlewareOrderError(
        f"{reader.name} reads the user of a request before {setter.name} finds it",
        f"{reader.name} is outside of {setter.name} in the pipeline",
        f"add {setter.name} first, or give {reader.name} the option after={setter.name!r}",
    )


def _function(entry: MiddlewareEntry, container: Container | None, excluded: AbstractSet[str]) -> InlineFunction:
    function: InlineFunction = entry.target
    if injected(function, 2, container):
        assert container is not None
        function = container.bind(function)
    return skippable(entry.name, function) if entry.name in excluded else function


def steps(stack: Stack, depth: int = 0) -> Iterator[MiddlewareStep]:
    """Yield the steps of a stack, including branches."""
    nodes = {entry: number for number, node in enumerate(stack.nodes(), 1) for entry in node}
    for position, entry in enumerate(stack.order, 1):
        yield _step(entry, position, nodes[entry], _reasons(entry), depth)
        if entry in stack.branches:
            yield from steps(stack.branches[entry], depth + 1)
    for entry in stack.left_out:
        yield _step(entry, None, None, ("left out by when",), depth)


def _step(
    entry: MiddlewareEntry, position: int | None, node: int | None, reasons: tuple[str, ...], depth: int
) -> MiddlewareStep:
    return MiddlewareStep(name=entry.name, kind=entry.kind, position=position, node=node, reasons=reasons, depth=depth)


def _reasons(entry: MiddlewareEntry) -> tuple[str, ...]:
    reasons = [f"before {word(reference)}" for reference in entry.before]
    reasons += [f"after {word(reference)}" for reference in entry.after]
    if entry.priority:
        reasons.append(f"priority {entry.priority}")
    return (*reasons, f"added {_ordinal(entry.index + 1)}")


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number % 100 not in {11, 12, 13} else "th"
    return f"{number}{ending}"


def around(app: ASGIApp, stack: Stack, routes: Callable[[], Any], container: Container | None) -> ASGIApp:
    """Build a stack at the start of its application; has the signature required by `add_middleware`.

    Raises:
        MiddlewareOrderError: a route skips a name that is not in the pipeline.
    """
    rows = table_of(routes())
    excluded = frozenset[str]().union(*(row.names for row in rows))
    unknown = excluded - {entry.name for entry in (*stack.order, *stack.left_out)}
    if unknown:
        available = ", ".join(sorted({repr(entry.name) for entry in stack.order})) or "nothing"
        names = ", ".join(sorted(unknown))
        raise MiddlewareOrderError(
            f"no middleware is called {names}", f"without={names} of a route", f"the pipeline holds {available}"
        )
    built = stack.build(app, container, excluded)
    return RouteOptions(built, rows) if any(row.has_options for row in rows) else built
