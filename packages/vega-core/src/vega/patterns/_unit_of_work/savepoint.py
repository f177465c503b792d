"""Savepoints of a unit of work: an exception rolls the unit back to the savepoint."""

# A savepoint works on the internals of its unit.
# pyright: reportPrivateUsage=false

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._errors import UnitOfWorkError

if TYPE_CHECKING:  # units open savepoints
    from .unit_of_work import UnitOfWork


class Savepoint:
    """A savepoint: the mark in the store, and the pending work of the unit at the time of opening."""

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
        """Release the savepoint, or undo it on an error; if the undo fails, the unit can only be rolled back.

        Args:
            error: the exception that ended the block; it propagates even if the undo fails.

        Raises:
            UnitOfWorkError: an operation inside failed and its error was caught.
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
    """Return the error for a commit or release after a caught failure; raise it from the failure."""
    error = UnitOfWorkError(
        f"{what}, for something inside it failed",
        where,
        "let the error pass, or run the part that may fail in a savepoint: async with unit.savepoint(): ...",
    )
    error.retryable = bool(getattr(failure, "retryable", False))
    return error
