"""Proves that the container has what endpoints and their dependencies take from it."""

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
    """The proof of the injected parameters of an application's routes and WebSockets, dependencies included.

    Args:
        container: which has to provide them.
    """

    def __init__(self, container: Container) -> None:
        self._container = container
        self._bound: set[Any] = set()

    def mistakes(self, app: FastAPI) -> list[Exception]:
        """Return an error for each parameter that nothing provides, of the routes that the application has by now."""
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
    """Yield the functions behind the routes that have injected parameters."""
    for route in iter_route_contexts(app.routes):
        waiting = [getattr(route, "dependant", None)]
        while waiting:
            dependant = waiting.pop()
            if dependant is None:
                continue
            waiting += dependant.dependencies
            call = getattr(dependant.call, "func", dependant.call)  # of a partial
            bound = getattr(call, "__vega_bound__", None)
            if bound is not None:
                yield bound.function
