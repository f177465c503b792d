"""The warning of a use case that is constructed and never awaited."""

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
    ProtocolType = type(Protocol)  # a subclass of ABCMeta; a use case may implement a Protocol so


class _ConstructorSignature:
    """The signature of a constructor, which `inspect` would otherwise replace by that of the metaclass's `__call__`.

    A class that has a signature of its own keeps it, as a pydantic dataclass does.
    """

    def __get__(self, use_case: type | None, owner: type) -> inspect.Signature:
        if use_case is None:
            raise AttributeError("__signature__")
        constructor = inspect.signature(getattr(use_case, "__init__"))  # noqa: B009 - mypy: of a class, not an object
        return constructor.replace(parameters=list(constructor.parameters.values())[1:])


class UseCaseType(ProtocolType):
    """The metaclass of use cases: marks an object whose constructor has returned as not yet awaited."""

    if not TYPE_CHECKING:  # checkers would take these parameters for those of every constructor

        def __call__(self, /, *args: Any, **values: Any) -> Any:
            """Construct a use case."""
            use_case = _construct(self, *args, **values)
            set_attribute(use_case, "_awaited", False)
            return use_case

        __signature__ = _ConstructorSignature()


def warn_unless_awaited(use_case: Any) -> None:
    """Warn of a use case whose constructor returned and that was never awaited."""
    if getattr(use_case, "_awaited", True):
        return
    name = type(use_case).__name__
    warnings.warn(
        f"{name} was made but never awaited, so it did not run; write: await {name}(...)",
        NeverAwaitedWarning,
        stacklevel=3,
        source=use_case,
    )
