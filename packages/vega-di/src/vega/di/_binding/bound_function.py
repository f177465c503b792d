"""A function with injected parameters: signature and options of its calls."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from .._engine.context import ContainerSlot
from .._errors import InvalidRegistrationError
from .._keys.key import label
from .._keys.scope import Scope
from .._registration.registration import code_flags

_SPREAD: dict[Any, str] = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}


class Bound:
    """A bound function: its signature, and the options of its calls.

    Args:
        function: the user's function.
        name: the preferred name of services.
        scope: as in `bind`; None opens a scope at need.
        given: the parameters of the callers; all others must be injectable. None: every parameter that is not.
        container_slot: the slot of the container; None for the current container of every call.
        is_ambient: whether a scope opened by a call is ambient for the function.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        name: str | None = None,
        scope: Scope | None = None,
        given: frozenset[str] | None = None,
        container_slot: ContainerSlot | None = None,
        is_ambient: bool = True,
    ) -> None:
        self.function = function
        self.name = name
        self.scope = scope
        self.given = given
        self.container_slot = container_slot
        self.is_ambient = is_ambient
        self.hints: Any = None
        self.signature = _signature_of(function)
        self.shape = [(each.name, _spread(each)) for each in self.signature.parameters.values()]
        self.variable = {each for each, spread in self.shape if spread in {"*", "**"}}
        flags = code_flags(function)
        self.is_coroutine = bool(flags & inspect.CO_COROUTINE)
        self.is_generator = bool(flags & (inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR))
        self.is_async = bool(flags & (inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR))
        self.wrapper: Any = None
        self.first_code: Any = None


def _spread(parameter: inspect.Parameter) -> str:
    if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
        return f"{parameter.name}="
    return _SPREAD.get(parameter.kind, "")


def _signature_of(function: Any) -> inspect.Signature:
    if isinstance(function, type) or not callable(function):
        raise InvalidRegistrationError(
            f"{label(function)} cannot be bound: it is not a function",
            "@bind",
            "bind the method that does the work; a class gets its dependencies through its constructor",
        )
    return inspect.signature(function)


def signature_text(bound: Bound) -> str:
    """Return the text of the parameters of the wrapper: the names of the user, all optional."""
    empty = inspect.Parameter.empty
    parameters = [
        each.replace(annotation=empty, default=empty if each.kind in _SPREAD else ...)
        for each in bound.signature.parameters.values()
    ]
    return str(inspect.Signature(parameters))[1:-1]
