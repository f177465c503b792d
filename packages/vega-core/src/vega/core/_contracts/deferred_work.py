"""The port of work that is stored in a transaction and handed over after its commit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias, runtime_checkable

WorkHandler: TypeAlias = Callable[[str, str], Awaitable[None]]


@runtime_checkable
class DeferredWork(Protocol):
    """Work that is stored in the open unit of work, and handed over after its commit, at least once.

    A part whose effects no transaction covers, such as a queue of jobs, registers a handler for its kind of work and
    defers each piece: it is gone if the unit rolls back, and handed over even if the process ends after the commit.
    vega-data provides the outbox of its database under this key; where the container provides none, the part keeps
    the work in memory until the commit (`UnitOfWork.after_commit`).
    """

    def handle(self, kind: str, handler: WorkHandler) -> None:
        """Register what takes over the work of a kind.

        Args:
            kind: names the part and its work, such as `vega.jobs`; 1 to 200 characters, stable over releases.
            handler: an async function that takes the identifier and the payload of a piece. One that raises is called
                again later, as often as it takes. After a crash it may be called again with the same identifier, and
                must have no further effect then.

        Raises:
            CoreError: another handler has the kind.
        """
        ...

    async def defer(self, kind: str, payload: str, *, key: str = "") -> str | None:
        """Store a piece of work in the open unit of work.

        Args:
            kind: a kind that has a handler.
            payload: the work, such as JSON; any text without NUL.
            key: pieces with equal keys are handed over in the order of storing; at most 200 characters, empty when
                the order does not matter.

        Returns:
            The identifier of the piece, that its handler will receive; None when no unit is open, in which case
            nothing was stored and the caller acts at once.

        Raises:
            CoreError: the kind has no handler, or the payload or key cannot be stored.
        """
        ...
