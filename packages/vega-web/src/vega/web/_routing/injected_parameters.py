"""Injected parameters of endpoints and dependencies: `Inject[T]`, hidden from FastAPI."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial, update_wrapper
from types import FunctionType, MethodType
from typing import Annotated, Any, Final, final, get_args, get_origin, get_type_hints

from fastapi.params import Depends

from vega.di import Inject, Named, bind

_MARKED: Final[Any] = get_args(Inject[int])[1]
_FUNCTIONS: Final = (FunctionType, MethodType)


def without_injected(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """Return an endpoint whose marked parameters come from the current container, through a compiled plan.

    FastAPI sees a signature without the marked parameters; dependencies of the endpoint are treated alike. An endpoint
    without marked parameters is returned unchanged.
    """
    shown = _shown(endpoint)
    if shown is None:
        return endpoint
    function: Any = bind(endpoint) if injected_names(endpoint) else update_wrapper(partial(endpoint), endpoint)
    function.__signature__ = shown
    return function  # type: ignore[no-any-return]  # wraps the function


def injectable(dependencies: Sequence[Depends] | None) -> list[Depends]:
    """Return the dependencies of a route, router or application with functions callable by FastAPI."""
    return [_supplied(dependency, Any) for dependency in dependencies or ()]


def injected_names(function: Callable[..., Any]) -> frozenset[str]:
    """Return the names of a function's parameters marked for injection."""
    return frozenset(name for name, hint in _hints(function).items() if name != "return" and _is_marked(hint))


@final
class _Dependency(partial[Any]):
    """A dependency with injected parameters, equal to the original: FastAPI caches and overrides by equality.

    A subclass of partial, because FastAPI inspects the wrapped function to decide about await, iteration and threads.
    """

    written: Any
    __signature__: inspect.Signature

    def __hash__(self) -> int:
        return hash(self.written)

    def __eq__(self, other: object) -> bool:
        return bool(self.written == (other.written if isinstance(other, _Dependency) else other))


def _supplied(depends: Depends, hint: Any) -> Depends:
    """Return a dependency whose function, or class from the hint, gets services from the container."""
    written: Any = depends.dependency or hint
    shown = None if isinstance(written, _Dependency) or not callable(written) else _shown(written)
    if shown is None:
        return depends
    dependency = _Dependency(_bound(written) if injected_names(written) else written)
    dependency.written, dependency.__signature__ = written, shown
    return replace(depends, dependency=dependency)


def _bound(written: Any) -> Any:
    """Return a callable that passes services of the current container to a function, a class or an object."""
    if type(written) in {*_FUNCTIONS, partial}:
        return bind(written)
    bound: Any = bind(_factory(written) if isinstance(written, type) else written.__call__)
    bound.__wrapped__ = written  # FastAPI detects security schemes by this attribute
    return bound


def _factory(cls: type[Any]) -> Any:
    """Return a function that instantiates a class, with the parameters of the constructor."""

    def make(*args: Any, **options: Any) -> Any:
        return cls(*args, **options)

    factory: Any = update_wrapper(make, cls, updated=())
    hints, signature = _hints(cls), inspect.signature(cls)
    parameters = [parameter.replace(annotation=hints.get(name)) for name, parameter in signature.parameters.items()]
    factory.__annotations__, factory.__signature__ = hints, signature.replace(parameters=parameters)
    return factory


def _shown(function: Callable[..., Any]) -> inspect.Signature | None:
    """Return the signature for FastAPI, or None if the function's own signature fits."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # no signature: reported by FastAPI
        return None
    hints, shown, is_changed = _hints(function), list[inspect.Parameter](), False
    for name, parameter in signature.parameters.items():
        hint = hints.get(name, parameter.annotation)
        if _is_marked(hint):
            is_changed = True
            continue
        annotation, default = _with_services(hint, parameter.default)
        is_changed = is_changed or annotation is not hint or default is not parameter.default
        shown.append(parameter.replace(annotation=annotation, default=default))
    if not is_changed:
        return None
    return signature.replace(parameters=shown, return_annotation=hints.get("return", signature.return_annotation))


def _with_services(hint: Any, default: Any) -> tuple[Any, Any]:
    """Return annotation and default of a parameter, with dependencies that get services from the container."""
    plain, *marks = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    if isinstance(default, Depends):
        return hint, _supplied(default, plain)
    supplied = [_supplied(mark, plain) if isinstance(mark, Depends) else mark for mark in marks]
    if all(new is old for new, old in zip(supplied, marks, strict=True)):
        return hint, default
    unique = object()  # typing caches by equality, and a supplied dependency equals the original
    annotated: Any = Annotated
    return annotated[plain, *supplied, unique], default


def _hints(function: Any) -> dict[str, Any]:
    while isinstance(function, partial):
        function = function.func
    if isinstance(function, type):
        function = function.__init__  # type: ignore[misc]  # of the class itself
    elif not isinstance(function, _FUNCTIONS):
        function = type(function).__call__
    try:
        hints = get_type_hints(function, include_extras=True)
    except (NameError, TypeError):  # reported by FastAPI later
        return {}
    return {name: getattr(hint, "__value__", hint) for name, hint in hints.items()}  # unwraps `type` aliases


def _is_marked(hint: Any) -> bool:
    if get_origin(hint) is not Annotated:
        return False
    return any(isinstance(mark, Named) or mark in (_MARKED, Inject) for mark in get_args(hint)[1:])
