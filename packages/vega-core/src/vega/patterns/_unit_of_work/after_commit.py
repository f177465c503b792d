"""Work after a commit: callbacks, the publishing of events, and the errors of both."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from contextvars import ContextVar, Token
from typing import Any, TypeAlias, final

from vega.errors import ErrorKind

Callback = Callable[[], Awaitable[Any] | None]


class AfterCommitErrors(ExceptionGroup[Exception]):
    """The errors of what follows a commit: the change is stored, so running the work again would store it twice.

    Raised in plain Python calls. Inside `Application.activate()`, so at every edge, the group is one record of the log
    and a count, and the work succeeds: see `use_after_commit_report`.
    """

    kind = ErrorKind.INTERNAL

    def derive(self, excs: Sequence[Exception], /) -> AfterCommitErrors:  # type: ignore[override]  # keeps the class
        """Keep the class when the group is split."""
        return AfterCommitErrors(self.message, excs)


AfterCommitErrors.__module__ = "vega.patterns"


Report: TypeAlias = Callable[[AfterCommitErrors], object]

_report: ContextVar[Report | None] = ContextVar("vega_after_commit_report", default=None)


def use_after_commit_report(report: Report | None) -> AbstractContextManager[None]:
    """Pass the errors of what follows a commit to a function, instead of raising them, in a `with` block.

    Entry and exit may be in different contexts, as in async fixtures.

    Args:
        report: called with the group of one commit, after all callbacks have run; what it raises reaches the caller of
            the unit. None raises the group, as in a plain Python call.
    """
    return _Block(report)


@final
class _Block(AbstractContextManager[None]):
    """A `with` block with a report; a class for speed: every activation enters such a block."""

    __slots__ = ("_new", "_token")

    def __init__(self, report: Report | None) -> None:
        self._new = report

    def __enter__(self) -> None:
        self._token = _report.set(self._new)

    def __exit__(self, *_: object) -> None:
        try:
            _report.reset(self._token)
        except ValueError:  # left in another context than entered
            if _report.get() is self._new:
                before = self._token.old_value
                _report.set(None if before is Token.MISSING else before)


async def run_after_commit(callbacks: Iterable[Callback]) -> None:
    """Run all callbacks in order, despite failures; for stores, after a commit of theirs.

    Args:
        callbacks: functions without parameters, sync or async.

    Raises:
        AfterCommitErrors: some callbacks failed, and no report is in use; see `use_after_commit_report`.
    """
    failures: list[Exception] = []
    for callback in callbacks:
        try:
            result = callback()
            if inspect.isawaitable(result):
                await result
        except Exception as error:  # noqa: BLE001 - collected, and reported as a group when all have run
            failures.append(error)
    if not failures:
        return
    errors = AfterCommitErrors("the change is stored, but what follows the commit failed", failures)
    report = _report.get()
    if report is None:
        raise errors
    report(errors)


def publishing(event: Any) -> Callback:
    """Return a callback that publishes an event on the current bus at the time of the call."""

    async def publish() -> None:
        from vega.events import get_event_bus

        await get_event_bus().publish(event)

    return publish
