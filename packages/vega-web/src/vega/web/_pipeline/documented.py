"""OpenAPI contributions of middleware and policies: responses, and required credentials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, final, runtime_checkable

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from vega.di import Container

from .._security.principal import Policy, anybody, authenticated
from .checks import supplied
from .order import MiddlewareEntry
from .stack import Stack

_UNKNOWN: Final = "No valid credentials were sent"


@final
@dataclass(slots=True)
class Operation:
    """An operation of an OpenAPI document, as seen by middleware and policies.

    Attributes:
        path: the path template, as compared by routing, such as `/users/{id}`.
        method: in upper case.
        answers: descriptions of responses by middleware and policies, by status.
        schemes: Security Scheme Objects (OpenAPI 3.1.1, 4.8.27) that authenticate requests, by name.
        needs_user: whether anonymous requests are refused.
    """

    path: str
    method: str
    answers: dict[int, str] = field(default_factory=dict[int, str])
    schemes: dict[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    needs_user: bool = False

    def ask(self, policy: Policy) -> None:
        """Record that the operation requires a policy."""
        if policy is anybody:
            return
        self.needs_user = True
        self.answers[401] = _UNKNOWN
        if policy is not authenticated:
            self.answers[403] = "The user may not do this"

    def authenticate(self, schemes: Mapping[str, Mapping[str, Any]]) -> None:
        """Record the authentication schemes; invalid credentials are refused even if credentials are optional."""
        self.schemes |= schemes
        self.answers.setdefault(401, _UNKNOWN)


@runtime_checkable
class Documented(Protocol):
    """Middleware that responds to some operations itself."""

    def document(self, operation: Operation) -> None:
        """Add the middleware's responses and requirements to an operation."""


@final
class DocumentedStack:
    """The middleware of a stack that documents itself; instances are created once, without an application.

    Args:
        stack: the resolved middleware.
        container: supplies services to constructors.
    """

    def __init__(self, stack: Stack, container: Container | None) -> None:
        self._stack = stack
        self._made = {entry: _made(entry, container) for entry in stack.order if entry.kind == "class"}
        self._branches = {entry: DocumentedStack(branch, container) for entry, branch in stack.branches.items()}

    def document(self, operation: Operation, without: frozenset[str] = frozenset()) -> None:
        """Add the contributions of all middleware to an operation.

        Args:
            operation: extended in place.
            without: the names of middleware that the route skips.
        """
        for entry in self._stack.order:
            if entry.name in without:
                continue
            if entry in self._branches:
                if _is_taken(entry, operation):
                    self._branches[entry].document(operation)
            elif (middleware := self._made.get(entry)) is not None:
                middleware.document(operation)


def _made(entry: MiddlewareEntry, container: Container | None) -> Documented | None:
    target: Any = entry.target
    if not callable(getattr(target, "document", None)):
        return None
    middleware = target(_nothing, *entry.args, **supplied(entry, container), **entry.options)
    return middleware if isinstance(middleware, Documented) else None


def _is_taken(entry: MiddlewareEntry, operation: Operation) -> bool:
    """Return whether requests of an operation may take a branch; also true if the predicate needs a real request."""
    scope: dict[str, Any] = {
        "type": "http",
        "method": operation.method,
        "path": operation.path,
        "query_string": b"",
        "headers": [],
    }
    try:
        return bool(entry.target(Request({**scope, "root_path": "", "path_params": {}})))
    except Exception:  # noqa: BLE001 - a boundary: the predicate may need a real request
        return True


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve nothing."""
