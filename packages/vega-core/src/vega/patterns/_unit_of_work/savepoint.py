"""A savepoint of a unit of work: an exception takes the unit back to it."""

# Savepoints are the inside of units.
# pyright: reportPrivateUsage=false

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._errors import UnitOfWorkError

if TYPE_CHECKING:  # units open savepoints
    from .unit_of_work import UnitOfWork


class Savepoint:
    """The state of a unit when the savepoint was opened: its mark in the store, and what waits for the commit."""

    __slots__ = ("_callbacks", "_collected", "_mark", "_rollback_only", "_undo_callbacks", "_unit")

    def __init__(self, unit: UnitOfWork, mark: Any) -> None:
        self._unit, self._mark = unit, mark
        self._callbacks, self._collected = len(unit._callbacks), len(unit._collected)
        self._undo_callbacks, self._rollback_only = len(unit._undo_callbacks), unit._rollback_only

    @classmethod
    async def open(cls, unit: UnitOfWork) -> Savepoint:
        """Open a savepoint in an open unit."""
        return cls(unit, await unit._open_savepoint())

    async def close(self, error: BaseException | None) -> None:
        """Keep what was done since, or undo it on an error; an undo that fails leaves the unit to be rolled back.

        Args:
            error: what ended the block; it passes, whatever else fails.

        Raises:
            UnitOfWorkError: something inside failed, and its error was caught.
        """
        if error is not None:
            await self._undo(error)
            return
        unit, failure = self._unit, self._unit._rollback_only
        if isinstance(failure, BaseException) and failure is not self._rollback_only:
            caught = undone("the savepoint was undone", type(unit).__name__, failure)
            await self._undo(caught)
            raise caught from failure
        try:
            await unit._release_savepoint(self._mark)
        except BaseException as exc:
            await self._undo(exc)
            raise

    async def _undo(self, error: BaseException) -> None:
        unit = self._unit
        del unit._callbacks[self._callbacks :]
        for root in unit._collected[self._collected :]:
            root.pull_events()
        del unit._collected[self._collected :]
        unit._run_undo_callbacks(self._undo_callbacks)
        try:
            await unit._undo_savepoint(self._mark)
        except BaseException as failure:
            unit._rollback_only = unit._rollback_only or error
            if not isinstance(failure, Exception):
                raise
            error.add_note(f"the savepoint could not be undone: {failure!r}")
        else:
            if unit._rollback_only is not True:
                unit._rollback_only = self._rollback_only


def undone(what: str, where: str, failure: BaseException) -> UnitOfWorkError:
    """Return the error for an end that would have kept what failed; raise it from the failure."""
    error = UnitOfWorkError(
        f"{what}, for something inside it failed",
        where,
        "let the error pass, or run the part that may fail in a savepoint: async with unit.savepoint(): ...",
    )
    error.retryable = bool(getattr(failure, "retryable", False))
    return error
