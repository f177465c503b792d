"""Errors of impossible requests: outside a scope, or from sync code."""

from __future__ import annotations

from .._errors import AsyncRequiredError, ScopeRequiredError
from .._graph.node import Node
from .._graph.paths import draw, shortest
from .._keys.labels import label
from .._keys.scope import Scope
from .._registration.registration import ASYNC


def async_required(node: Node) -> AsyncRequiredError:
    """Return the error with the service to be awaited, and the path to the service."""
    path = shortest(node, _awaits, lambda passed: passed.is_async) if node.kind not in ASYNC else [node]
    return AsyncRequiredError(
        f"{label(path[-1].address)} has to be awaited, and {label(node.address)} was requested from sync code",
        f"{draw(path)}, registered at {path[-1].registration.site_text()}",
        f"await container.aresolve({label(node.address)}), or make the caller async",
    )


def scope_required(node: Node) -> ScopeRequiredError:
    """Return the error with the scoped service, and the path to the service."""
    return ScopeRequiredError(
        f"{label(node.address)} lives in a scope, and none is open",
        f"{draw(shortest(node, scoped, lambda _: True))}, registered at {node.registration.site_text()}",
        "with container.scope() as scope: scope.resolve(...), or call it through @bind",
    )


def scoped(node: Node) -> bool:
    """Return whether a service lives in a scope."""
    return node.scope is Scope.SCOPED


def _awaits(node: Node) -> bool:
    return node.kind in ASYNC
