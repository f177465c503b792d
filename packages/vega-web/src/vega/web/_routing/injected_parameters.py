"""Parameters of endpoints that come from the container: `Inject[T]`, hidden from FastAPI."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any, Final, get_args, get_origin, get_type_hints

from vega.di import Inject, Named, bind

_MARKED: Final[Any] = get_args(Inject[int])[1]


def without_injected(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """Return an endpoint whose marked parameters are supplied by the current container, through a compiled plan.

    FastAPI reads the signature of what is returned, in which they are missing. An endpoint without any is returned
    as it is.
    """
    hints, injected = _hints(endpoint), injected_names(endpoint)
    if not injected:
        return endpoint
    signature = inspect.signature(endpoint)
    shown = [
        parameter.replace(annotation=hints.get(name, parameter.annotation))
        for name, parameter in signature.parameters.items()
        if name not in injected
    ]
    bound: Any = bind(endpoint)
    bound.__signature__ = signature.replace(
        parameters=shown, return_annotation=hints.get("return", signature.return_annotation)
    )
    return bound  # type: ignore[no-any-return]  # the wrapper of the function


def injected_names(function: Callable[..., Any]) -> frozenset[str]:
    """Return the parameters of a function that are marked to come from the container."""
    return frozenset(name for name, hint in _hints(function).items() if name != "return" and _is_marked(hint))


def _hints(endpoint: Callable[..., Any]) -> dict[str, Any]:
    try:
        return get_type_hints(endpoint, include_extras=True)
    except (NameError, TypeError):  # FastAPI reads it later, and says what it cannot
        return {}


def _is_marked(hint: Any) -> bool:
    if get_origin(hint) is not Annotated:
        return False
    return any(isinstance(each, Named) or each in (_MARKED, Inject) for each in get_args(hint)[1:])
