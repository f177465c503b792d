"""Access in OpenAPI: required credentials, and the refusals of middleware and policies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from .._pipeline.documented import DocumentedStack, Operation
from .._pipeline.pipeline import stack_of
from .._pipeline.route_options import skipped_names
from .._pipeline.stack import Stack, around
from .._security.principal import Policy

_METHODS = frozenset({"GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"})


def document_access(app: FastAPI, document: dict[str, Any], content: Any) -> None:
    """Extend a document by security schemes, `security`, and the responses of middleware and policies.

    Args:
        app: the application whose routes and pipelines are read.
        document: extended in place.
        content: of the responses, by media type.
    """
    stacks = [DocumentedStack(*installed) for installed in _installed(app)]
    for context in iter_route_contexts(app.routes):
        path = document.get("paths", {}).get(getattr(context, "path_format", None))
        if not path or not getattr(context, "include_in_schema", False):
            continue
        for method in _METHODS & (context.methods or set()):
            described = path.get(method.lower())
            if described is not None:
                operation = Operation(str(context.path_format), method)
                _ask(operation, context, stacks)
                _extend(document, described, operation, content)


def _installed(app: FastAPI) -> Iterator[tuple[Stack, Any]]:
    """Yield the pipelines of an application with their containers, outermost first."""
    for middleware in app.user_middleware:
        if middleware.cls is around:  # type: ignore[comparison-overlap]  # a function that returns an application
            options: Any = middleware.kwargs
            yield options["stack"], options["container"]


def _ask(operation: Operation, context: Any, stacks: list[DocumentedStack]) -> None:
    without = skipped_names(context.endpoint)
    for stack in stacks:
        stack.document(operation, without)
    for pipeline in getattr(context.original_route, "pipelines", ()):
        DocumentedStack(stack_of(pipeline), None).document(operation)
    for policy in _policies(getattr(context, "dependant", None)):
        operation.ask(policy)


def _policies(dependant: Any) -> Iterator[Policy]:
    """Yield the policies of a route's `requires` dependencies."""
    waiting = [dependant] if dependant is not None else []
    while waiting:
        dependant = waiting.pop()
        waiting += dependant.dependencies
        policy = getattr(dependant.call, "__vega_policy__", None)
        if policy is not None:
            yield policy


def _extend(document: dict[str, Any], described: dict[str, Any], operation: Operation, content: Any) -> None:
    if "security" in described:  # set by security schemes of FastAPI among the dependencies
        operation.authenticate({})
    elif operation.needs_user and operation.schemes:
        schemes = document.setdefault("components", {}).setdefault("securitySchemes", {})
        described["security"] = [{_named(name, scheme, schemes): []} for name, scheme in operation.schemes.items()]
    for status, description in sorted(operation.answers.items()):
        described["responses"].setdefault(str(status), {"description": description, "content": content})


def _named(name: str, scheme: Any, schemes: dict[str, Any]) -> str:
    """Return the name of a scheme in a document, with a number appended if another scheme has the name."""
    names = (name if number == 1 else f"{name}{number}" for number in range(1, len(schemes) + 2))
    free = next(candidate for candidate in names if schemes.get(candidate, scheme) == scheme)
    schemes[free] = dict(scheme)
    return free
