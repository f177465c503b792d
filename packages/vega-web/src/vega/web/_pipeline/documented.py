"""Additions of middleware and policies to documents of operations: their answers, and required credentials."""

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
    """One operation of an OpenAPI document, as middleware and policies see it.

    Attributes:
        path: the template of the path that routing takes, such as `/users/{id}`.
        method: in capitals.
        answers: descriptions of answers that middleware and policies give, by status.
        schemes: Security Scheme Objects (OpenAPI 3.1.1, 4.8.27) that find the user of a request, by name.
        needs_user: whether only a known user may pass.
    """

    path: str
    method: str
    answers: dict[int, str] = field(default_factory=dict[int, str])
    schemes: dict[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    needs_user: bool = False

    def ask(self, policy: Policy) -> None:
        """Note that a policy decides about the operation."""
        if policy is anybody:
            return
        self.needs_user = True
        self.answers[401] = _UNKNOWN
        if policy is not authenticated:
            self.answers[403] = "The user may not do this"

    def authenticate(self, schemes: Mapping[str, Mapping[str, Any]]) -> None:
        """Note the schemes that find the user; wrong credentials are refused wherever they are sent."""
        self.schemes |= schemes
        self.answers.setdefault(401, _UNKNOWN)


@runtime_checkable
class Documented(Protocol):
    """Middleware that answers some operations itself."""

    def document(self, operation: Operation) -> None:
        """Add to an operation what the middleware answers, and what it requires."""


@final
class DocumentedStack:
    """The middleware of a stack that documents itself; each is made once, around nothing.

    Args:
        stack: the resolved middleware.
        container: supplies what constructors ask for.
    """

    def __init__(self, stack: Stack, container: Container | None) -> None:
        self._stack = stack
        self._made = {entry: _made(entry, container) for entry in stack.order if entry.kind == "class"}
        self._branches = {entry: DocumentedStack(branch, container) for entry, branch in stack.branches.items()}

    def document(self, operation: Operation, without: frozenset[str] = frozenset()) -> None:
        """Add to an operation what its middleware adds.

        Args:
            operation: is extended.
            without: the names of middleware that its route opts out of.
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
    """Return whether a request of an operation may take a branch; it may where the predicate asks for more."""
    scope: dict[str, Any] = {
        "type": "http",
        "method": operation.method,
        "path": operation.path,
        "query_string": b"",
        "headers": [],
    }
    try:
        return bool(entry.target(Request({**scope, "root_path": "", "path_params": {}})))
    except Exception:  # noqa: BLE001 - a boundary: the user's predicate reads what a real request has
        return True


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve nothing."""
