"""Proof at start that all calls at the edges can be made: use cases, and functions with injected parameters."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from importlib import import_module
from types import FunctionType
from typing import Any

from vega.di import InjectionError

from .._errors import ComponentError
from ..introspection import line_of
from .application import Application
from .reach import Reach, is_use_case

_INNER = frozenset({"services"})  # not an edge: reached through the container
_GATHERING = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def reached_use_cases(app: Application) -> list[type]:
    """Return the use cases reached from the discovered edges and handlers of an application."""
    found = app.found
    if found is None:
        return []
    reach = Reach(found.package)
    reach.read(_edges(app))
    return reach.use_cases


def add_calls(app: Application) -> list[ComponentError]:
    """Add reached use cases and edge functions to what the container validates; return those that nothing injects."""
    unbound = [_add_use_case(app, use_case) for use_case in reached_use_cases(app)]
    for function in _functions(app):
        _add_function(app, function)
    return [error for error in unbound if error is not None]


def unreached_use_cases(app: Application) -> list[type]:
    """Return the use cases of a project that no edge reaches, ordered by module."""
    reached = set(reached_use_cases(app))
    project, use_cases = app.project, list[type]()
    for file in sorted(file for layer in ("application", "domain") for file in (project.source / layer).rglob("*.py")):
        parts = file.relative_to(project.source.parent).with_suffix("").parts
        module = import_module(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
        use_cases += [
            value for value in vars(module).values() if is_use_case(value) and value.__module__ == module.__name__
        ]
    return [use_case for use_case in use_cases if use_case not in reached]


def _edges(app: Application) -> list[str]:
    found = app.found
    assert found is not None  # checked by the callers
    kinds = [kind for kind in found.by_kind if kind not in _INNER]
    return list(dict.fromkeys(module for kind in kinds for module in found.modules(kind)))


def _add_use_case(app: Application, use_case: Any) -> ComponentError | None:
    """Add the `call` of a use case to the container's proof; return the error of an unbound `call` with parameters."""
    call = use_case.call
    bound = getattr(call, "__vega_bound__", None)
    parameters = list(inspect.signature(inspect.unwrap(call)).parameters.values())
    if bound is not None:
        app.container.bind(bound.function, name=bound.name, scope=bound.scope, given=[parameters[0].name])
        return None
    needed = [p.name for p in parameters[1:] if p.default is p.empty and p.kind not in _GATHERING]
    if hasattr(call, "__wrapped__") or not needed:  # the decorator may supply parameters
        return None
    return ComponentError(
        f"nothing provides {', '.join(needed)} for {use_case.__qualname__}.call",
        line_of(call),
        "decorate call with @bind (from vega.di)",
    )


def _add_function(app: Application, function: FunctionType) -> None:
    """Add the marked parameters of a function to the container's proof; the caller supplies all others."""
    try:
        marked = app.container.injected(function)
    except InjectionError:  # unreadable annotations: reported by the edge of the function
        return
    if marked:
        given = [name for name in inspect.signature(function).parameters if name not in marked]
        app.container.bind(function, given=given)


def _functions(app: Application) -> Iterator[FunctionType]:
    """Yield the functions and methods defined in the modules of the edges."""
    if app.found is None:
        return
    for name in _edges(app):
        for value in vars(sys.modules[name]).values():
            if getattr(value, "__module__", None) != name:
                continue
            members = vars(value).values() if isinstance(value, type) else [value]
            for member in members:
                function = inspect.unwrap(member) if isinstance(member, FunctionType) else None
                if isinstance(function, FunctionType) and function.__name__ != "__init__":
                    yield function
