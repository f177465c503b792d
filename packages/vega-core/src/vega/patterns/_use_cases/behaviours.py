"""Behaviours: ordered middleware around every use case."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

from .._errors import InvalidBehaviourError

if TYPE_CHECKING:  # used in annotations only
    from .use_case import UseCase

CallNext: TypeAlias = Callable[[], Awaitable[Any]]


@runtime_checkable
class Behaviour(Protocol):
    """Middleware of a use case: an async callable with an optional `order`.

    A behaviour awaits `call_next()` to continue and returns the result, changed or not; after a failure it may call
    again, and it may skip the call. Behaviours of lower `order` (an int, 0 when missing) run further out; with equal
    order, global behaviours run outside those of the class, in order of declaration.
    """

    async def __call__(self, use_case: UseCase[Any], call_next: CallNext) -> Any:
        """Run around a use case and return the result."""
        ...


class _InUse:
    """Whether this process has ever set global behaviours; false in most programs."""

    anywhere = False


in_use = _InUse()
_current: ContextVar[tuple[Behaviour, ...]] = ContextVar("vega_behaviours")
_process: tuple[Behaviour, ...] = ()


def get_behaviours() -> tuple[Behaviour, ...]:
    """Return the behaviours around every use case awaited in this context."""
    return _current.get(_process)


def set_behaviours(behaviours: Iterable[Behaviour], *, process: bool = False) -> None:
    """Replace the behaviours around every use case.

    Args:
        behaviours: async callables, outermost first.
        process: False changes this context only; True changes the default of contexts without their own behaviours.

    Raises:
        InvalidBehaviourError: a behaviour is not callable.
    """
    global _process  # noqa: PLW0603 - the process default, changed by an explicit call only
    chosen = tuple(behaviours)
    for behaviour in chosen:
        _check(behaviour)
    in_use.anywhere = in_use.anywhere or bool(chosen)
    if process:
        _process = chosen
    else:
        _current.set(chosen)


def sorted_behaviours(around_all: tuple[Behaviour, ...], own: tuple[Behaviour, ...]) -> tuple[Behaviour, ...]:
    """Return the chain of a class, cached by the pair of arguments."""
    key = (around_all, own)
    try:
        chain = _chains.get(key)
    except TypeError:  # unhashable behaviours are sorted at every call
        return _sort(around_all, own)
    if chain is None:
        if len(_chains) >= _MOST_CHAINS:
            _chains.clear()
        chain = _chains[key] = _sort(around_all, own)
    return chain


_MOST_CHAINS = 4096
_chains: dict[tuple[tuple[Behaviour, ...], tuple[Behaviour, ...]], tuple[Behaviour, ...]] = {}


def _sort(around_all: tuple[Behaviour, ...], own: tuple[Behaviour, ...]) -> tuple[Behaviour, ...]:
    for behaviour in own:
        _check(behaviour)
    return tuple(sorted((*around_all, *own), key=lambda behaviour: getattr(behaviour, "order", 0)))


def _check(behaviour: object) -> None:
    if isinstance(behaviour, type) or not callable(behaviour):
        raise InvalidBehaviourError(
            f"{behaviour!r} is not a behaviour",
            "the behaviours of a use case",
            "give an instance or an async function (use_case, call_next)",
        )


async def run_through(chain: tuple[Behaviour, ...], use_case: UseCase[Any], start: CallNext) -> Any:
    """Run a use case inside its behaviours, the first outermost."""

    def enter(position: int) -> CallNext:
        if position == len(chain):
            return start
        behaviour = chain[position]
        return lambda: behaviour(use_case, enter(position + 1))

    return await enter(0)()
