"""Validation of injected parameters at start."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, final

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from vega.di import Container

from .._routing.injected_parameters import injected_names


@final
class InjectionProof:
    """Validation of injected parameters of an application's routes, WebSockets and dependencies.

    Args:
        container: must provide the services.
    """

    def __init__(self, container: Container) -> None:
        self._container = container
        self._bound: set[Any] = set()

    def mistakes(self, app: FastAPI) -> list[Exception]:
        """Return an error for each parameter without a provider, for the current routes of the application."""
        added = False
        for function in _functions(app):
            if function not in self._bound:
                self._bound.add(function)
                names = injected_names(function)
                given = [name for name in inspect.signature(function).parameters if name not in names]
                self._container.bind(function, given=given)
                added = True
        try:
            if added:
                self._container.validate()
        except ExceptionGroup as group:
            return list(group.exceptions)
        return []


def _functions(app: FastAPI) -> Iterator[Any]:
    """Yield the functions of routes and dependencies with injected parameters."""
    for route in iter_route_contexts(app.routes):
        waiting = [getattr(route, "dependant", None)]
        while waiting:
            dependant = waiting.pop()
            if dependant is None:
                continue
            waiting += dependant.dependencies
            call = getattr(dependant.call, "func", dependant.call)  # unwraps a partial
            bound = getattr(call, "__vega_bound__", None)
            if bound is not None:
                yield bound.function
