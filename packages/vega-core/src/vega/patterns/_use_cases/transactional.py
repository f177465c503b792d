"""`@transactional`: run a function or use case in a unit of work."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, ParamSpec, TypeVar, cast, overload

from vega.di import current_scope

from .._errors import InvalidUseCaseError, UnitOfWorkError
from .._unit_of_work.ambient import ambient_scope, ambient_unit
from .._unit_of_work.unit_of_work import current_unit
from .behaviours import CallNext
from .use_case import UseCase

P = ParamSpec("P")
R = TypeVar("R")
C = TypeVar("C", bound=type[UseCase[Any]])


class TransactionBehaviour:
    """Runs a use case in the unit of work of the scope; read-only if the use case is.

    Args:
        retry: number of further runs, at least 0, after a retryable error of the store (a deadlock, a serialization
            failure). Inside an open unit the outermost decides.
    """

    order = 600

    def __init__(self, *, retry: int = 0) -> None:
        self.retry: int = _checked_retry(retry)

    async def __call__(self, use_case: UseCase[Any], call_next: CallNext) -> Any:
        """Run a use case in the unit."""
        return await in_unit(call_next, retry=self.retry, read_only=use_case.read_only)


async def in_unit(work: Callable[[], Awaitable[R]], *, retry: int = 0, read_only: bool = False) -> R:
    """Run work in the unit of work of the ambient scope, joining an open unit of the same store.

    Args:
        work: an async function without parameters.
        retry: number of further runs, at least 0.
        read_only: refuse writes.

    Raises:
        UnitOfWorkError: the container provides no unit of work.
    """
    unit = current_unit()
    if unit is not None and current_scope() is None:
        return await unit.run(work, read_only=read_only)
    async with ambient_scope() as scope:
        return await (await ambient_unit(scope, unit)).run(work, retry=retry, read_only=read_only)


@overload
def transactional(target: C, /) -> C: ...
@overload
def transactional(target: Callable[P, Awaitable[R]], /) -> Callable[P, Awaitable[R]]: ...
@overload
def transactional(*, retry: int = ..., read_only: bool = ...) -> Callable[[Any], Any]: ...


def transactional(target: Any = None, /, *, retry: int = 0, read_only: bool = False) -> Any:
    """Run an async function, or every run of a use case class, in a unit of work.

    The ambient scope provides the unit. Inside an open unit, the run joins.

    Args:
        target: an async function or method, or a use case class.
        retry: number of further runs, at least 0, after a retryable error of the store.
        read_only: refuse writes; a use case class may set `read_only = True` instead.

    Raises:
        InvalidUseCaseError: the target is neither async nor a use case class.
    """
    if target is None:
        return functools.partial(transactional, retry=retry, read_only=read_only)
    if isinstance(target, type) and issubclass(target, UseCase):
        kind: Any = cast("Any", target)
        kind.behaviours = (*kind.__dict__.get("behaviours", ()), TransactionBehaviour(retry=retry))
        kind.read_only = read_only or kind.read_only
        return kind
    function: Any = cast("Any", target)
    if not inspect.iscoroutinefunction(function):
        raise InvalidUseCaseError(f"{function!r} is not async", "@transactional", "write async def")
    checked = _checked_retry(retry)

    @functools.wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        return await in_unit(lambda: function(*args, **kwargs), retry=checked, read_only=read_only)

    return wrapper


def _checked_retry(retry: object) -> int:
    if isinstance(retry, bool) or not isinstance(retry, int) or retry < 0:
        raise UnitOfWorkError(f"retry is {retry!r}", "@transactional", "give an int of at least 0")
    return retry
