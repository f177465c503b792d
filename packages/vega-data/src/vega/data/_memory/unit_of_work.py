"""A unit of work over repositories in memory: a rollback puts back what they held."""

from __future__ import annotations

from typing import Any, Protocol

from vega.patterns import UnitOfWork, UnitOfWorkError

from .._connection.event_publishing import in_fresh_scopes


class Restorable(Protocol):
    """Something whose contents can be taken and put back."""

    def take_snapshot(self) -> Any:
        """Return what it holds, so that later changes do not change what was returned."""
        ...

    def restore(self, snapshot: Any) -> None:
        """Hold again what a snapshot holds."""
        ...


class InMemoryUnitOfWork(UnitOfWork):
    """The unit of work for tests with `InMemoryRepository`; events and callbacks behave as with a database."""

    def __init__(self) -> None:
        super().__init__()
        self._before: dict[int, tuple[Restorable, Any]] = {}

    def enlist(self, repository: Restorable) -> None:
        """Remember what a repository holds, before its first change in this unit.

        Raises:
            UnitOfWorkError: the unit is read-only.
        """
        if self.is_read_only:
            raise UnitOfWorkError("the unit of work is read-only", type(self).__name__, "open it without read_only")
        if id(repository) not in self._before:
            self._before[id(repository)] = (repository, repository.take_snapshot())

    async def _begin(self, *, read_only: bool) -> None:
        self._before.clear()

    async def _run_callbacks(self) -> None:
        self._callbacks = in_fresh_scopes(self._callbacks)
        await super()._run_callbacks()

    async def _commit(self) -> None:
        self._before.clear()

    async def _rollback(self) -> None:
        for repository, snapshot in self._before.values():
            repository.restore(snapshot)
        self._before.clear()

    async def _open_savepoint(self) -> dict[int, tuple[Restorable, Any]]:
        return {key: (held, held.take_snapshot()) for key, (held, _) in self._before.items()}

    async def _release_savepoint(self, savepoint: Any) -> None:
        return

    async def _undo_savepoint(self, savepoint: Any) -> None:
        for key, (held, first) in self._before.items():
            _, snapshot = savepoint.get(key, (held, first))
            held.restore(snapshot)
