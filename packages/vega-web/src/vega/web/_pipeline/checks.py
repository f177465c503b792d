"""Checks of middleware, at registration and when the pipeline is built."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

from starlette.middleware.base import BaseHTTPMiddleware

from vega.core import ConfigurationErrors
from vega.di import Container

from .order import MiddlewareEntry, misuse


def takes(function: Any, count: int, *, exactly: bool = True) -> bool:
    """Return whether an object can be called with a number of arguments, or, if not exactly, with at least as many."""
    try:
        signature = inspect.signature(function)
        (signature.bind if exactly else signature.bind_partial)(*range(count))
    except TypeError:
        return False
    return True


def refuse(errors: list[Exception]) -> None:
    """Raise the collected errors, if any."""
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise ConfigurationErrors(f"the middleware cannot be built: {len(errors)} mistakes", errors)


def injected(function: Any, given: int, container: Container | None) -> Mapping[str, Any]:
    """Return the services that a container passes to a function after its first parameters, by parameter."""
    if container is None:
        return {}
    names = list(inspect.signature(function).parameters)
    return _provided(container, function, names[:given]) if len(names) > given else {}


def _provided(container: Container, function: Any, given: Iterable[str]) -> Mapping[str, Any]:
    """Return the injectable parameters that the container provides; a marked one may lack a provider."""
    wanted = container.injected(function, given=given)
    return {name: key for name, key in wanted.items() if container.provides(key)}


def supplied(entry: MiddlewareEntry, container: Container | None) -> dict[str, Any]:
    """Return the services that a container passes to the constructor of a middleware, by parameter."""
    if container is None:
        return {}
    return {name: container.resolve(key) for name, key in _wanted(entry, container).items()}


def _wanted(entry: MiddlewareEntry, container: Container | None) -> Mapping[str, Any]:
    if container is None:
        return {}
    try:
        signature = inspect.signature(entry.target)
        given = signature.bind_partial(None, *entry.args, **entry.options).arguments
    except (TypeError, ValueError):
        return {}
    needed = {
        name for name, parameter in signature.parameters.items() if parameter.default is parameter.empty
    } - given.keys()
    if not needed:
        return {}
    return {name: key for name, key in _provided(container, entry.target, given).items() if name in needed}


def check_inline(entry: MiddlewareEntry, container: Container | None, errors: list[Exception]) -> None:
    """Add an error if parameters of an inline function, besides request and call_next, have no registered service."""
    signature = inspect.signature(entry.target)
    try:
        signature.bind(None, None, **injected(entry.target, 2, container))
    except TypeError as error:
        fix = "write: async def name(request, call_next); further parameters need a registered service"
        errors.append(misuse(f"cannot be called: {error}", entry.target, fix))


def is_trap(target: object) -> bool:
    """Return whether an object is a class of middleware known to violate the guarantees of a pipeline."""
    return isinstance(target, type) and issubclass(target, BaseHTTPMiddleware)


def check_class(entry: MiddlewareEntry, container: Container | None, errors: list[Exception]) -> None:
    """Add an error if the options of a class do not fit its constructor; warn about known traps."""
    target: Any = entry.target
    if is_trap(target):
        warnings.warn(
            f"{target.__qualname__} derives from BaseHTTPMiddleware, which ends a broken stream as if it were whole "
            "and hides context variables; write it with use_inline or as plain ASGI",
            stacklevel=4,
        )
    try:
        signature = inspect.signature(target)
    except (TypeError, ValueError):
        return  # built in C, without a signature
    try:
        signature.bind(None, *entry.args, **entry.options, **_wanted(entry, container))
    except TypeError as error:
        errors.append(misuse(f"cannot be created: {error}", target, f"its constructor is {signature}"))
