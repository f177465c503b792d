"""The unit of work: changes are committed together, and callbacks wait for the commit."""

# The functions of this module share the internals of the class.
# pyright: reportPrivateUsage=false

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Generic, Self, TypeVar, cast

from .._domain.entities import AggregateRoot
from .._errors import UnitOfWorkError
from .after_commit import Callback, publishing, run_after_commit
from .savepoint import Savepoint, undone

U = TypeVar("U", bound="UnitOfWork")
R = TypeVar("R")

_current: ContextVar[UnitOfWork | None] = ContextVar("vega_unit_of_work", default=None)


def current_unit(store: object = None) -> UnitOfWork | None:
    """Return the innermost unit of work that is open in this context, or None.

    Args:
        store: the store of the unit, such as a database; any store when None.
    """
    unit = _current.get()
    while unit is not None and not (unit._depth and (store is None or unit.store is store)):
        unit = unit._outer
    return unit


class UnitOfWork(ABC):
    """A transaction boundary: all changes inside are committed at the end, or none.

    `async with unit:` opens and returns the unit. An inner block of the unit, or of another unit of the same store,
    joins the open unit; only the outermost exit commits. An exception rolls back. Repositories find the open unit
    through the context. Implementations write `_begin`, `_commit`, `_rollback`, the three savepoint methods, and
    `store` if several units share a store.

    Not needed around reads, or around a single `save`, which is a transaction of its own.
    """

    def __init__(self) -> None:
        self._depth = 0
        self._outer: UnitOfWork | None = None
        self._read_only = False
        self._rollback_only: bool | BaseException = False
        self._callbacks: list[Callback] = []
        self._undo_callbacks: list[Callable[[], object]] = []
        self._collected: list[AggregateRoot] = []

    @property
    def store(self) -> object:
        """The store of the transaction, shared by units that join each other; by default the unit itself."""
        return self

    @property
    def is_open(self) -> bool:
        """Whether this unit, or an open unit of the same store, is open."""
        return self._open_unit()._depth > 0

    @property
    def is_read_only(self) -> bool:
        """Whether the open unit refuses writes."""
        return self._open_unit()._read_only

    @property
    def outer(self) -> UnitOfWork | None:
        """The unit that encloses this unit, such as a unit of another database, or None."""
        return self._open_unit()._outer

    def after_commit(self, callback: Callback) -> None:
        """Run a callback after the outermost commit, in the order added; drop it on rollback.

        Args:
            callback: a function without parameters, sync or async; runs outside the unit.

        Raises:
            UnitOfWorkError: the unit is not open.
        """
        self._require_open("after_commit")._callbacks.append(callback)

    def after_rollback(self, callback: Callable[[], object]) -> None:
        """Run a callback after a rollback of the unit or of the enclosing savepoint; drop it on commit.

        Args:
            callback: a sync function without parameters; callbacks run in reverse order.

        Raises:
            UnitOfWorkError: the unit is not open.
        """
        self._require_open("after_rollback")._undo_callbacks.append(callback)

    def collect(self, *roots: object) -> None:
        """Collect aggregates; their recorded events are published after the commit.

        Raises:
            UnitOfWorkError: the unit is not open.
        """
        unit = self._require_open("collect")
        unit._collected += [root for root in roots if isinstance(root, AggregateRoot)]

    def mark_rollback(self) -> None:
        """Make the unit roll back at its end, even without an exception."""
        self._require_open("mark_rollback")._rollback_only = True

    def savepoint(self) -> _Entry[Self]:
        """Return an async context manager that opens a savepoint: an exception undoes only the block.

        Wrap statements that may fail: outside of a savepoint a failed statement ends the unit.

        Raises:
            UnitOfWorkError: the unit is not open.
        """
        return _Entry(self, read_only=self._require_open("savepoint")._read_only, savepoint=True)

    def begin(self, *, read_only: bool = False, savepoint: bool = False) -> _Entry[Self]:
        """Return an async context manager that opens the unit with options.

        Args:
            read_only: refuse writes; a writing unit cannot join a read-only unit.
            savepoint: open a savepoint if a unit is open already, as `savepoint()` does.
        """
        return _Entry(self, read_only=read_only, savepoint=savepoint)

    async def run(self, work: Callable[[], Awaitable[R]], *, retry: int = 0, read_only: bool = False) -> R:
        """Run work in a unit; run it again after a retryable error of the store.

        Args:
            work: an async function without parameters.
            retry: number of further runs, at least 0, on errors whose `retryable` is true: a deadlock, a serialization
                failure, a busy database. Ignored inside an open unit.
            read_only: refuse writes.
        """

        async def attempt() -> R:
            async with self.begin(read_only=read_only):
                return await work()

        for _ in range(0 if self.is_open else retry):
            try:
                return await attempt()
            except Exception as error:
                if not getattr(error, "retryable", False):
                    raise
        return await attempt()

    async def __aenter__(self) -> Self:
        return await self._enter(read_only=False)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._leave(error)

    async def _enter(self, *, read_only: bool) -> Self:
        unit = self._open_unit()
        if unit._depth:
            if unit._read_only and not read_only:
                raise UnitOfWorkError(
                    "a unit that writes cannot join one that is read-only",
                    type(self).__name__,
                    "open the outer unit without read_only, or mark the inner use case read_only = True",
                )
            unit._depth += 1
            return unit
        self._read_only, self._rollback_only = read_only, False
        self._callbacks, self._collected, self._undo_callbacks = [], [], []
        await self._begin(read_only=read_only)
        self._depth = 1
        self._outer = current_unit()
        _current.set(self)
        return self

    async def _leave(self, error: BaseException | None) -> None:
        unit = self._require_open("leave")
        if unit._depth > 1:
            unit._depth -= 1
            unit._rollback_only = unit._rollback_only or error or False
        else:
            await unit._end(error)

    async def _end(self, error: BaseException | None) -> None:
        try:
            await self._finish(error)
        finally:
            self._depth = 0
            _current.set(self._outer)
            self._outer = None
        if error is not None:
            return
        if isinstance(self._rollback_only, BaseException):
            raise undone("the unit was rolled back", type(self).__name__, self._rollback_only) from self._rollback_only
        if not self._rollback_only:
            await self._run_callbacks()

    async def _finish(self, error: BaseException | None) -> None:
        if error is not None or self._rollback_only:
            try:
                await self._undo()
            except Exception as failure:
                if error is None:
                    raise
                error.add_note(f"the rollback failed as well: {failure!r}")
            return
        recorded = [(root, root.pull_events()) for root in self._collected]
        try:
            await self._before_commit([event for _, events in recorded for event in events])
            await self._commit()
        except BaseException:
            for root, events in recorded:
                for event in events:
                    root.record(event)
            await self._undo()
            raise

    async def _undo(self) -> None:
        try:
            await self._rollback()
        finally:
            self._run_undo_callbacks(0)

    def _run_undo_callbacks(self, since: int) -> None:
        while len(self._undo_callbacks) > since:
            self._undo_callbacks.pop()()

    async def _before_commit(self, events: list[Any]) -> None:
        """Receive the events of the aggregates; stores with an outbox override this hook."""
        for event in events:
            self._callbacks.append(publishing(event))

    async def _run_callbacks(self) -> None:
        await run_after_commit(self._callbacks)

    def _open_unit(self) -> Self:
        """Return the open unit of the same store in this context, or this unit if none is open."""
        if _current.get() is self:
            return self
        return cast("Self", current_unit(self.store) or self)

    def _require_open(self, call: str) -> Self:
        unit = self._open_unit()
        if not unit._depth:
            raise UnitOfWorkError(
                "the unit of work is not open", f"{type(self).__name__}.{call}", "write: async with unit: ..."
            )
        return unit

    @abstractmethod
    async def _begin(self, *, read_only: bool) -> None: ...

    @abstractmethod
    async def _commit(self) -> None: ...

    @abstractmethod
    async def _rollback(self) -> None: ...

    @abstractmethod
    async def _open_savepoint(self) -> Any: ...

    @abstractmethod
    async def _release_savepoint(self, savepoint: Any) -> None: ...

    @abstractmethod
    async def _undo_savepoint(self, savepoint: Any) -> None: ...


class _Entry(Generic[U]):
    """An `async with` block of a unit, with options."""

    __slots__ = ("_options", "_savepoint", "_unit", "_wanted")

    def __init__(self, unit: U, *, read_only: bool, savepoint: bool) -> None:
        self._unit, self._options, self._wanted = unit, read_only, savepoint
        self._savepoint: Savepoint | None = None

    async def __aenter__(self) -> U:
        nested = self._wanted and self._unit.is_open
        unit = self._unit = await self._unit._enter(read_only=self._options)
        if nested:
            try:
                self._savepoint = await Savepoint.open(unit)
            except BaseException:
                await unit._leave(None)
                raise
        return unit

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._savepoint is not None:
                await self._savepoint.close(error)
        finally:
            await self._unit._leave(error if self._savepoint is None else None)
