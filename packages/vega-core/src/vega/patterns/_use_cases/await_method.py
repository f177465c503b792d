"""The `__await__` of an examined use case class, without the checks of the first run."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from .._errors import InvalidUseCaseError
from .behaviours import Behaviour, get_behaviours, in_use, run_through, sorted_behaviours

set_attribute: Callable[[object, str, object], None] = object.__setattr__  # works on frozen dataclasses
replace_method: Callable[[type, str, object], None] = setattr  # hides the assignment from type checkers


def await_through(own: tuple[Behaviour, ...], *, is_frozen: bool) -> Callable[[Any], Generator[Any, Any, Any]]:
    """Return the `__await__` of a class.

    Args:
        own: the behaviours of the class.
        is_frozen: whether instances refuse attribute assignment.
    """

    def __await__(self: Any) -> Generator[Any, Any, Any]:  # noqa: N807 - assigned as the method of a class
        if is_frozen:
            set_attribute(self, "_awaited", True)
        else:
            self._awaited = True
        if own or in_use.anywhere:
            behaviours = get_behaviours()
            if behaviours or own:
                return run_through(sorted_behaviours(behaviours, own), self, lambda: start(self)).__await__()
        running = self.call()
        try:
            steps: Generator[Any, Any, Any] = running.__await__()
        except AttributeError:
            checked(self, running)
            raise
        return steps

    return __await__


def start(use_case: Any) -> Any:
    """Call the method `call` of the use case."""
    return checked(use_case, use_case.call())


def checked(use_case: Any, running: Any) -> Any:
    """Return the result of `call` if awaitable.

    Raises:
        InvalidUseCaseError: the result is not awaitable.
    """
    if not hasattr(running, "__await__"):
        raise InvalidUseCaseError(
            "call returned something that cannot be awaited",
            f"{type(use_case).__module__}.{type(use_case).__qualname__}.call",
            "write async def call",
        )
    return running
