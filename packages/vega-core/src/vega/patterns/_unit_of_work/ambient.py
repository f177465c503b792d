"""The ambient scope of the container: joined if open, else opened and closed."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from vega.di import ActiveScope, MissingProviderError, current_scope, get_container

from .._errors import UnitOfWorkError
from .unit_of_work import UnitOfWork


@asynccontextmanager
async def ambient_scope() -> AsyncGenerator[ActiveScope]:
    """Join the ambient scope, or open a scope for the duration of the block."""
    scope = current_scope()
    if scope is not None:
        yield scope
        return
    async with get_container().scope() as opened:
        yield opened


async def ambient_unit(scope: ActiveScope, fallback: UnitOfWork | None = None) -> UnitOfWork:
    """Return the scope's unit of work.

    Args:
        scope: resolves the unit.
        fallback: the unit to use without a provider.

    Raises:
        UnitOfWorkError: no provider and no fallback.
    """
    try:
        unit: UnitOfWork = await scope.aresolve(UnitOfWork)
    except MissingProviderError as error:
        if fallback is not None:
            return fallback
        raise UnitOfWorkError(
            "nothing provides a unit of work",
            "the container",
            'enable the feature "data", or register an implementation of UnitOfWork with Scope.SCOPED and enter=False',
        ) from error
    return unit
