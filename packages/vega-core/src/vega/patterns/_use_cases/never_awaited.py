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


class UseCaseType(ProtocolType):
    """The metaclass of use cases: marks an object whose constructor has returned as not yet awaited."""

    if not TYPE_CHECKING:  # checkers would take these parameters for those of every constructor

        def __call__(self, /, *args: Any, **values: Any) -> Any:
            """Construct a use case."""
            use_case = _construct(self, *args, **values)
            set_attribute(use_case, "_awaited", False)
            return use_case

        @property
        def __signature__(self) -> inspect.Signature:
            """The signature of the constructor, which `inspect` would otherwise replace by that of `__call__`."""
            constructor = inspect.signature(self.__init__)
            return constructor.replace(parameters=list(constructor.parameters.values())[1:])


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
