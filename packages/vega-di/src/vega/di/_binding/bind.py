"""`@bind`: parameters filled from the current container at each call."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial, update_wrapper
from typing import Any, TypeVar, overload

from .._engine.context import ContainerSlot
from .._keys.scope import Scope

R = TypeVar("R")


@overload
def bind(function: Callable[..., R], /) -> Callable[..., R]: ...
@overload
def bind(
    *, name: str | None = None, scope: Scope | None = None, ambient: bool = True
) -> Callable[[Callable[..., R]], Callable[..., R]]: ...
def bind(function: Any = None, /, *, name: str | None = None, scope: Scope | None = None, ambient: bool = True) -> Any:
    """Fill the injectable parameters of a function or method at each call; given arguments win.

    A call joins the ambient scope of the current container. Without an ambient scope, and in a container with scoped
    services, the call opens a scope, ambient until its end; so the body, a factory, `Lazy` and `Provider` may request
    scoped services too. A parameter is injectable when the type is registered, or when `Inject` or `Named` marks the
    parameter; builtin types need a mark.

    Args:
        function: a function, coroutine function, generator or async generator, when used without parentheses.
        name: parameters whose type has a service of this name receive the named service; all others resolve unnamed.
        scope: ``SCOPED`` opens a scope even in a container without scoped services; ``TRANSIENT`` always opens a new
            scope; ``SINGLETON`` opens none, and refuses scoped parameters.
        ambient: False opens a scope for the parameters alone, invisible to the function. A call then costs no
            context variable, nearly half of a call written by hand.

    Raises:
        MissingProviderError: at a call, a parameter can be neither injected nor left out.
    """
    if function is None:
        return partial(bind_function, name=name, scope=scope, is_ambient=ambient)
    return bind_function(function, name=name, scope=scope, is_ambient=ambient)


def bind_function(
    function: Any,
    *,
    name: str | None = None,
    scope: Scope | None = None,
    given: Iterable[str] | None = None,
    container_slot: ContainerSlot | None = None,
    is_ambient: bool = True,
) -> Any:
    """Return the wrapper of a function; classmethods and staticmethods stay so."""
    from .bound_function import Bound  # loaded when something is bound
    from .wrapper import make_wrapper

    if type(function) in {classmethod, staticmethod}:
        inner = bind_function(
            function.__func__, name=name, scope=scope, given=given, container_slot=container_slot, is_ambient=is_ambient
        )
        return type(function)(inner)
    names = None if given is None else frozenset(given)
    bound = Bound(function, name=name, scope=scope, given=names, container_slot=container_slot, is_ambient=is_ambient)
    wrapper = make_wrapper(bound)
    update_wrapper(wrapper, function)
    wrapper.__vega_bound__ = bound
    return wrapper
