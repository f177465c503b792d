"""`@bind`: parameters filled from the current container at each call."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, overload

from ._container import Container, current_scope, read
from ._current import get_container
from ._scope import Scope

P = ParamSpec("P")
R = TypeVar("R")


@overload
def bind(function: Callable[..., R], /) -> Callable[..., R]: ...
@overload
def bind(*, name: str | None = None, scope: Scope | None = None) -> Callable[[Callable[..., R]], Callable[..., R]]: ...
def bind(function: Any = None, /, *, name: str | None = None, scope: Scope | None = None) -> Any:
    """Fill the injectable parameters of a function or method at each call; given arguments win."""
    if function is None:
        return lambda decorated: bound(decorated, name, get_container)
    return bound(function, name, get_container)


def bound(function: Callable[..., Any], name: str | None, container: Callable[[], Container]) -> Callable[..., Any]:
    """Wrap `function`; what it lacks comes from the ambient scope, or from one opened for the call."""
    parameters: list[Any] = []

    def fill(scope: Any, given: inspect.BoundArguments) -> None:
        for parameter, key, service, _ in parameters or read(function):
            wanted = service or (name if container().provides(key, name) else None)
            if parameter not in given.arguments and container().provides(key, wanted):
                given.arguments[parameter] = scope.take(key, wanted)

    signature = inspect.signature(function)

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def acall(*args: Any, **kwargs: Any) -> Any:
            given = signature.bind_partial(*args, **kwargs)
            ambient = current_scope()
            if ambient is not None and ambient.container is container():
                fill(ambient, given)
                return await function(*given.args, **given.kwargs)
            async with container().scope() as scope:
                fill(scope, given)
                for key, value in given.arguments.items():
                    given.arguments[key] = await value if inspect.iscoroutine(value) else value
                return await function(*given.args, **given.kwargs)

        return acall

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        given = signature.bind_partial(*args, **kwargs)
        ambient = current_scope()
        if ambient is not None and ambient.container is container():
            fill(ambient, given)
            return function(*given.args, **given.kwargs)
        with container().scope() as scope:
            fill(scope, given)
            return function(*given.args, **given.kwargs)

    return call
