"""The warning for a use case that is constructed but never awaited."""

from __future__ import annotations

import inspect
import warnings
from abc import ABCMeta
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from .._errors import NeverAwaitedWarning
from .await_method import set_attribute

_construct: Callable[..., Any] = type.__call__
if TYPE_CHECKING:
    ProtocolType = ABCMeta
else:
    ProtocolType = type(Protocol)  # a subclass of ABCMeta; lets a use case implement a Protocol


class _ConstructorSignature:
    """The signature of the constructor; `inspect` would show the `__call__` of the metaclass instead.

    Classes with their own `__signature__`, such as pydantic dataclasses, keep it.
    """

    def __get__(self, use_case: type | None, owner: type) -> inspect.Signature:
        if use_case is None:
            raise AttributeError("__signature__")
        constructor = inspect.signature(getattr(use_case, "__init__"))  # noqa: B009 - mypy: of a class, not an object
        return constructor.replace(parameters=list(constructor.parameters.values())[1:])


class UseCaseType(ProtocolType):
    """The metaclass of use cases: marks fully constructed objects as not yet awaited."""

    if not TYPE_CHECKING:  # type checkers would use these parameters for every constructor

        def __call__(self, /, *args: Any, **values: Any) -> Any:
            """Construct a use case."""
            use_case = _construct(self, *args, **values)
            set_attribute(use_case, "_awaited", False)
            return use_case

        __signature__ = _ConstructorSignature()


def warn_unless_awaited(use_case: Any) -> None:
    """Warn about a fully constructed use case that was never awaited."""
    if getattr(use_case, "_awaited", True):
        return
    name = type(use_case).__name__
    warnings.warn(
        f"{name} was constructed but never awaited, so it did not run; write: await {name}(...)",
        NeverAwaitedWarning,
        stacklevel=3,
        source=use_case,
    )
