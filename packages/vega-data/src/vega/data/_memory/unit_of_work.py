"""A unit of work over memory repositories: a rollback restores the earlier contents."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

from vega.patterns import AggregateRoot, UnitOfWork, UnitOfWorkError, current_unit

from .._connection.unit_entities import LoadedAggregates, in_fresh_scopes
from .._errors import AbortedTransactionError

E = TypeVar("E", bound=Exception)


class Restorable(Protocol):
    """Something whose contents can be taken and put back."""

    def take_snapshot(self) -> Any:
        """Return a snapshot of the contents, independent of later changes."""
        ...

    def restore_snapshot(self, snapshot: Any) -> None:
        """Restore the contents of a snapshot."""
        ...


class InMemoryUnitOfWork(UnitOfWork):
    """The unit of work for tests with `InMemoryRepository`; events and callbacks behave as with a database.

    The memory is a single store: all units join.
    """

    def __init__(self) -> None:
        super().__init__()
        self._before: dict[int, tuple[Restorable, Any]] = {}
        self._failure: Exception | None = None
        self.loaded_aggregates: LoadedAggregates = LoadedAggregates()

    @property
    def store(self) -> object:
        """The memory, shared by all units of this class."""
        return InMemoryUnitOfWork

    def fail(self, error: Exception) -> None:
        """Record an error that would abort a database's transaction: later calls are refused."""
        self._failure = error

    def require_usable(self) -> None:
        """Refuse calls after a failure.

        Raises:
            AbortedTransactionError: an earlier call failed.
        """
        if self._failure is not None:
            raise AbortedTransactionError.after(self._failure) from self._failure

    def enlist(self, repository: Restorable) -> None:
        """Save a snapshot of a repository, before the first change in this unit.

        Raises:
            AbortedTransactionError: there has been a failure.
            UnitOfWorkError: the unit is read-only.
        """
        self.require_usable()
        if self.is_read_only:
            raise UnitOfWorkError("the unit of work is read-only", type(self).__name__, "open it without read_only")
        if id(repository) not in self._before:
            self._before[id(repository)] = (repository, repository.take_snapshot())

    async def _begin(self, *, read_only: bool) -> None:
        self._before.clear()
        self._failure = None
        self.loaded_aggregates = LoadedAggregates()

    async def _run_callbacks(self) -> None:
        self._callbacks = in_fresh_scopes(self._callbacks)
        await super()._run_callbacks()

    async def _commit(self) -> None:
        self.require_usable()
        self._before.clear()

    async def _rollback(self) -> None:
        for repository, snapshot in self._before.values():
            repository.restore_snapshot(snapshot)
        self._before.clear()

    async def _open_savepoint(self) -> dict[int, tuple[Restorable, Any]]:
        self.require_usable()
        return {key: (held, held.take_snapshot()) for key, (held, _) in self._before.items()}

    async def _release_savepoint(self, savepoint: Any) -> None:
        self.require_usable()

    async def _undo_savepoint(self, savepoint: Any) -> None:
        self._failure = None
        for key, (held, first) in self._before.items():
            _, snapshot = savepoint.get(key, (held, first))
            held.restore_snapshot(snapshot)


def open_memory_unit() -> InMemoryUnitOfWork | None:
    """Return the open unit of work of the memory, or None."""
    unit = current_unit(InMemoryUnitOfWork)
    return unit if isinstance(unit, InMemoryUnitOfWork) else None


def refused(error: E) -> E:
    """Return an error that a database would raise, recorded in the open unit, which is aborted."""
    unit = open_memory_unit()
    if unit is not None:
        unit.fail(error)
    return error


def enlist(repository: Restorable) -> None:
    """Make the open unit save a snapshot of a repository, before a change."""
    unit = open_memory_unit()
    if unit is not None:
        unit.enlist(repository)


def require_usable() -> None:
    """Refuse a call in an open unit that has failed.

    Raises:
        AbortedTransactionError: an earlier call in the unit failed.
    """
    unit = open_memory_unit()
    if unit is not None:
        unit.require_usable()


def read_in_unit(entity: type, identity: Any) -> list[AggregateRoot]:
    """Return the objects of an aggregate read by the open unit."""
    unit = open_memory_unit()
    return [] if unit is None else unit.loaded_aggregates.of(entity, identity)
