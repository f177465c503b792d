"""Validated arguments for plain functions."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast, overload

P = ParamSpec("P")
R = TypeVar("R")


@overload
def validate(function: Callable[P, R], /) -> Callable[P, R]: ...


@overload
def validate(*, strict: bool = ..., check_result: bool = ...) -> Callable[[Callable[P, R]], Callable[P, R]]: ...


def validate(
    function: Callable[P, R] | None = None, /, *, strict: bool = False, check_result: bool = False
) -> Callable[P, R] | Callable[[Callable[P, R]], Callable[P, R]]:
    """Check the arguments of a function against the annotations at each call, before the body runs.

    pydantic does the checking and is imported at the first call.

    Args:
        function: a function or method, sync or async.
        strict: True refuses conversions, such as "3" for an int.
        check_result: True checks the result against the return annotation too.

    Raises:
        pydantic.ValidationError: at the call; `errors()` lists every invalid argument.

    Not needed on an interactor, whose `Input` is validated; too slow for hot inner functions.

    >>> from pydantic import ValidationError
    >>> @validate
    ... def double(number: int) -> int:
    ...     return 2 * number
    >>> double("21")
    42
    >>> try:
    ...     double("many")
    ... except ValidationError as error:
    ...     print(error.errors()[0]["type"])
    int_parsing
    """
    if function is None:
        return lambda wrapped: _validated(wrapped, strict=strict, check_result=check_result)
    return _validated(function, strict=strict, check_result=check_result)


def _validated(function: Callable[P, R], *, strict: bool, check_result: bool) -> Callable[P, R]:
    checked: list[Callable[P, R]] = []

    def build() -> Callable[P, R]:
        from pydantic import ConfigDict, validate_call

        config = ConfigDict(strict=strict, arbitrary_types_allowed=True)
        checked.append(validate_call(config=config, validate_return=check_result)(function))
        return checked[0]

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def async_wrapper(*args: P.args, **kwargs: P.kwargs) -> Any:
            awaited: Any = (checked[0] if checked else build())(*args, **kwargs)
            return await awaited

        return cast("Callable[P, R]", async_wrapper)  # functools.wraps keeps the signature of the async function

    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        return (checked[0] if checked else build())(*args, **kwargs)

    return wrapper
