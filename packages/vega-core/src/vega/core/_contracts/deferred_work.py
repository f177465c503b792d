"""The port of deferred work: stored in a transaction, delivered after the commit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias, runtime_checkable

WorkHandler: TypeAlias = Callable[[str, str], Awaitable[None]]


@runtime_checkable
class DeferredWork(Protocol):
    """Work stored in the open unit of work and delivered after the commit, at least once.

    A part with effects outside of transactions, such as a queue of jobs, registers a handler for its kind of work and
    defers each item: a rollback drops the item, a commit delivers it even if the process crashes. vega-data provides
    the outbox of its database under this key; without a provider, the part keeps the work in memory until the commit
    (`UnitOfWork.after_commit`).
    """

    def handle(self, kind: str, handler: WorkHandler) -> None:
        """Register the handler of a kind of work.

        Args:
            kind: names the part and its work, such as `vega.jobs`; 1 to 200 characters, stable across releases.
            handler: an async function of the identifier and the payload of an item. If the handler raises, the item is
                retried until it succeeds. After a crash the same identifier may be delivered again, and must have no
                further effect.

        Raises:
            CoreError: another handler has the kind.
        """
        ...

    async def defer(self, kind: str, payload: str, *, key: str = "") -> str | None:
        """Store an item of work in the open unit of work.

        Args:
            kind: a kind with a registered handler.
            payload: the work, such as JSON; any text without NUL.
            key: items with equal keys are delivered in the order of storing; at most 200 characters, empty if the order
                does not matter.

        Returns:
            The identifier of the item, as passed to the handler; None if no unit is open, in which case nothing was
            stored and the caller does the work at once.

        Raises:
            CoreError: the kind has no handler, or the payload or key cannot be stored.
        """
        ...
