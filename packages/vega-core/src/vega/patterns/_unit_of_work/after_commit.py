"""Work after a commit: callbacks, the publishing of events, and the errors of both."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from vega.errors import ErrorKind

Callback = Callable[[], Awaitable[Any] | None]


class AfterCommitErrors(ExceptionGroup[Exception]):
    """The errors of callbacks after a commit; the commit stands, so none is the caller's fault."""

    kind = ErrorKind.INTERNAL

    def derive(self, excs: Sequence[Exception], /) -> AfterCommitErrors:  # type: ignore[override]  # keeps the class
        """Keep the class when the group is split."""
        return AfterCommitErrors(self.message, excs)


AfterCommitErrors.__module__ = "vega.patterns"


async def run_all(callbacks: Iterable[Callback]) -> None:
    """Run all callbacks in order, despite failures.

    Raises:
        AfterCommitErrors: some callbacks failed.
    """
    failures: list[Exception] = []
    for callback in callbacks:
        try:
            result = callback()
            if inspect.isawaitable(result):
                await result
        except Exception as error:  # noqa: BLE001 - collected, and raised as a group when all have run
            failures.append(error)
    if failures:
        raise AfterCommitErrors("the commit stands, but what follows it failed", failures)


def publishing(event: Any) -> Callback:
    """Return a callback that publishes an event on the current bus at the time of the call."""

    async def publish() -> None:
        from vega.events import get_event_bus

        await get_event_bus().publish(event)

    return publish
