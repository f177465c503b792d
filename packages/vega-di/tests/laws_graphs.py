"""Draws the services of a container: how each is provided and how long it lives, and who needs whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from hypothesis import strategies as st

from vega.di import Scope


class Kind(Enum):
    """How a service is provided."""

    CLASS = "class"
    FUNCTION = "def make({names}): return new(({values}))"
    COROUTINE = "async def make({names}): return await anew(({values}))"
    GENERATOR = "def make({names}):\n    with opened(({values})) as made: yield made"
    ASYNC_GENERATOR = "async def make({names}):\n    async with aopened(({values})) as made: yield made"
    CONTEXT = "context"
    ASYNC_CONTEXT = "async context"


ASYNC = {Kind.COROUTINE, Kind.ASYNC_GENERATOR, Kind.ASYNC_CONTEXT}
PLAIN = {Kind.CLASS, Kind.FUNCTION, Kind.COROUTINE}


@dataclass(frozen=True)
class Spec:
    """One service: `needs` are its parameters, `asks` what its factory takes from the ambient scope itself."""

    scope: Scope
    kind: Kind
    needs: tuple[int, ...]
    asks: tuple[int, ...]
    waits: int
    closing: int
    fails: frozenset[int]


def below(specs: tuple[Spec, ...], number: int, *, through: frozenset[Scope] = frozenset(Scope)) -> set[int]:
    """Give what a service is made of, itself too; not looking into services of other scopes than those named."""
    found, todo = {number}, [number]
    while todo:
        spec = specs[todo.pop()]
        fresh = {each for each in (*spec.needs, *spec.asks) if each not in found}
        found |= fresh
        todo += [each for each in fresh if specs[each].scope in through]
    return found


def rooted(specs: tuple[Spec, ...]) -> set[int]:
    """Give the singletons, and the transients that are made for some."""
    singletons = [number for number, spec in enumerate(specs) if spec.scope is Scope.SINGLETON]
    return {each for number in singletons for each in below(specs, number)}


def is_sync(specs: tuple[Spec, ...], number: int) -> bool:
    """Say whether a service can be resolved without `await`."""
    return all(specs[each].kind not in ASYNC for each in below(specs, number))


def is_free(specs: tuple[Spec, ...], number: int) -> bool:
    """Say whether a singleton may hold a service: it is no scoped one and holds none."""
    return all(specs[each].scope is not Scope.SCOPED for each in below(specs, number))


def needs_scope(specs: tuple[Spec, ...], number: int) -> bool:
    """Say whether a service needs an open scope."""
    parts = [specs[each] for each in below(specs, number, through=frozenset({Scope.SCOPED, Scope.TRANSIENT}))]
    return any(
        each.scope is Scope.SCOPED or (each.scope is Scope.TRANSIENT and each.kind not in PLAIN) for each in parts
    )


SCOPES = [Scope.TRANSIENT, Scope.SCOPED, Scope.SCOPED, Scope.SINGLETON]


@st.composite
def graphs(draw: st.DrawFn, kinds: Sequence[Kind] = tuple(Kind)) -> tuple[Spec, ...]:
    """Draw services that need each other without a cycle, and no scoped one for a singleton."""
    specs: tuple[Spec, ...] = ()
    for number in range(draw(st.integers(3, 8))):
        scope, kind = draw(st.sampled_from(SCOPES)), draw(st.sampled_from(kinds))
        usable = [each for each in range(number) if scope is not Scope.SINGLETON or is_free(specs, each)]
        needs = draw(some(usable, 3))
        others = [each for each in range(number) if each not in needs and (kind in ASYNC or is_sync(specs, each))]
        asks = draw(some(others, 1)) if scope is Scope.SCOPED else ()
        small = st.integers(0, 3)
        fails = draw(st.frozensets(st.integers(1, 3), max_size=1))
        specs += (Spec(scope, kind, needs, asks, draw(small), draw(small), fails),)
    return specs


def some(numbers: list[int], most: int) -> st.SearchStrategy[tuple[int, ...]]:
    """Draw a few of these numbers."""
    if not numbers:
        return st.just(())
    return st.lists(st.sampled_from(numbers), max_size=most, unique=True).map(tuple)
