"""The unit of work: what belongs together is stored together, and what follows waits for the commit."""

# The functions of this module are the inside of its class.
# pyright: reportPrivateUsage=false

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from .._domain.entities import AggregateRoot
from .._errors import UnitOfWorkError

U = TypeVar("U", bound="UnitOfWork")
R = TypeVar("R")
Callback = Callable[[], Awaitable[Any] | None]

_current: ContextVar[UnitOfWork | None] = ContextVar("vega_unit_of_work", default=None)


class AfterCommitErrors(ExceptionGroup[Exception]):
    """The errors of callbacks that ran after a commit; the commit itself stands."""

    def derive(self, excs: Sequence[Exception], /) -> AfterCommitErrors:  # type: ignore[override]  # keeps the class
        """Keep the class when the group is split."""
        return AfterCommitErrors(self.message, excs)


AfterCommitErrors.__module__ = "vega.patterns"


def current_unit() -> UnitOfWork | None:
    """Return the innermost unit of work that is open in this context, or None."""
    unit = _current.get()
    while unit is not None and not unit.is_open:
        unit = unit._outer
    return unit


class UnitOfWork(ABC):
    """A boundary: everything stored inside is committed at its end, or nothing is.

    `async with unit:` opens it; entering it again inside joins what is open, and only the outermost exit
    commits. An exception rolls back. Repositories find the open unit by themselves. Implementations write
    `_begin`, `_commit`, `_rollback` and the three of the savepoint.

    When not to use it: around reads alone, or around a single `save`, which is a transaction of its own.
    """

    def __init__(self) -> None:
        self._depth = 0
        self._outer: UnitOfWork | None = None
        self._read_only = False
        self._rollback_only: bool | BaseException = False
        self._callbacks: list[Callback] = []
        self._collected: list[AggregateRoot] = []

    @property
    def is_open(self) -> bool:
        """Whether the unit has been entered and not left."""
        return self._depth > 0

    @property
    def is_read_only(self) -> bool:
        """Whether the open unit refuses to write."""
        return self._read_only

    @property
    def outer(self) -> UnitOfWork | None:
        """The unit that was open when this one was entered, such as one of another database."""
        return self._outer

    def after_commit(self, callback: Callback) -> None:
        """Run something after the outermost commit, in the order added; drop it on rollback.

        Args:
            callback: a function without parameters, sync or async; it runs outside the unit.

        Raises:
            UnitOfWorkError: the unit is not open.
        """
        self._require_open("after_commit")
        self._callbacks.append(callback)

    def collect(self, *roots: object) -> None:
        """Remember aggregates, whose recorded events are published after the commit.

        Raises:
            UnitOfWorkError: the unit is not open.
        """
        self._require_open("collect")
        self._collected += [root for root in roots if isinstance(root, AggregateRoot)]

    def mark_rollback(self) -> None:
        """Make the unit roll back at its end, whatever happens before."""
        self._require_open("mark_rollback")
        self._rollback_only = True

    def begin(self, *, read_only: bool = False, savepoint: bool = False) -> _Entry[Self]:
        """Return what `async with` enters, with options.

        Args:
            read_only: refuse writes; an inner unit cannot write inside a read-only one.
            savepoint: when a unit is open, undo only what is inside on an exception that is caught outside.
        """
        return _Entry(self, read_only=read_only, savepoint=savepoint)

    async def run(self, work: Callable[[], Awaitable[R]], *, retry: int = 0, read_only: bool = False) -> R:
        """Run work in a unit, again from its start when the store asks for that.

        Args:
            work: an async function without parameters.
            retry: how many times to run again after the first, at least 0, on errors whose `retryable` is
                true: a deadlock, a serialization failure, a busy database. Inside an open unit it never does.
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
        if self._depth:
            if self._read_only and not read_only:
                raise UnitOfWorkError(
                    "a unit that writes cannot join one that is read-only",
                    type(self).__name__,
                    "open the outer unit without read_only, or mark the inner use case read_only = True",
                )
            self._depth += 1
            return self
        self._read_only, self._rollback_only = read_only, False
        self._callbacks, self._collected = [], []
        await self._begin(read_only=read_only)
        self._depth = 1
        self._outer = current_unit()
        _current.set(self)
        return self

    async def _leave(self, error: BaseException | None) -> None:
        self._require_open("leave")
        if self._depth > 1:
            self._depth -= 1
            self._rollback_only = self._rollback_only or error or False
            return
        try:
            await self._finish(commit=error is None and not self._rollback_only)
        finally:
            self._depth = 0
            _current.set(self._outer)
            self._outer = None
        if error is not None:
            return
        if isinstance(self._rollback_only, BaseException):
            raise UnitOfWorkError(
                "the unit was rolled back, for something inside it failed",
                type(self).__name__,
                "let the error pass, or run the inner part in a savepoint: unit.begin(savepoint=True)",
            ) from self._rollback_only
        if not self._rollback_only:
            await self._run_callbacks()

    async def _finish(self, *, commit: bool) -> None:
        if not commit:
            await self._rollback()
            return
        try:
            await self._before_commit(self._pull_events())
            await self._commit()
        except BaseException:
            await self._rollback()
            raise

    def _pull_events(self) -> list[Any]:
        return [event for root in self._collected for event in root.pull_events()]

    async def _before_commit(self, events: list[Any]) -> None:
        """Take the events of the aggregates; overridden by stores that keep an outbox."""
        for event in events:
            self._callbacks.append(_publishing(event))

    async def _run_callbacks(self) -> None:
        failures: list[Exception] = []
        for callback in self._callbacks:
            try:
                result = callback()
                if inspect.isawaitable(result):
                    await result
            except Exception as error:  # noqa: BLE001 - collected, and raised as a group when all have run
                failures.append(error)
        if failures:
            raise AfterCommitErrors("the commit stands, but what follows it failed", failures)

    def _require_open(self, call: str) -> None:
        if not self._depth:
            raise UnitOfWorkError(
                "the unit of work is not open", f"{type(self).__name__}.{call}", "write: async with unit: ..."
            )

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
    """One `async with` of a unit, with its options."""

    __slots__ = ("_options", "_savepoint", "_unit", "_wanted")

    def __init__(self, unit: U, *, read_only: bool, savepoint: bool) -> None:
        self._unit, self._options, self._wanted = unit, read_only, savepoint
        self._savepoint: _Savepoint | None = None

    async def __aenter__(self) -> U:
        unit = self._unit
        nested = self._wanted and unit.is_open
        await unit._enter(read_only=self._options)
        if nested:
            try:
                self._savepoint = await _Savepoint.open(unit)
            except BaseException:
                await unit._leave(None)
                raise
        return unit

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._savepoint is not None:
                await self._savepoint.close(undo=error is not None)
        finally:
            await self._unit._leave(error if self._savepoint is None else None)


class _Savepoint:
    """What a unit held when the savepoint was opened, to which an exception takes it back."""

    __slots__ = ("_callbacks", "_collected", "_mark", "_unit")

    def __init__(self, unit: UnitOfWork, mark: Any) -> None:
        self._unit, self._mark = unit, mark
        self._callbacks, self._collected = len(unit._callbacks), len(unit._collected)

    @classmethod
    async def open(cls, unit: UnitOfWork) -> _Savepoint:
        return cls(unit, await unit._open_savepoint())

    async def close(self, *, undo: bool) -> None:
        if not undo:
            await self._unit._release_savepoint(self._mark)
            return
        del self._unit._callbacks[self._callbacks :]
        for root in self._unit._collected[self._collected :]:
            root.pull_events()
        del self._unit._collected[self._collected :]
        await self._unit._undo_savepoint(self._mark)


def _publishing(event: Any) -> Callback:
    async def publish() -> None:
        from vega.events import get_event_bus

        await get_event_bus().publish(event)

    return publish
