"""Deferred work in memory, for tests without a database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from vega.core.extend import WorkHandler
from vega.patterns import UnitOfWorkError, current_unit, new_id

from ._errors import MockError


@dataclass(frozen=True, slots=True, kw_only=True)
class DeferredPiece:
    """An item of work deferred by a committed unit.

    Args:
        id: the identifier, the first argument of the handler.
        kind: the kind of work.
        payload: the payload, the second argument of the handler.
        key: items with equal keys are delivered in the order of storing.
    """

    id: str
    kind: str
    payload: str
    key: str = ""


@final
class FakeDeferredWork:
    """A `DeferredWork` in memory, for work of committed units.

    Attributes:
        waiting: items committed but not delivered, oldest first.
    """

    def __init__(self) -> None:
        self.waiting: list[DeferredPiece] = []
        self._handlers: dict[str, WorkHandler] = {}

    def handle(self, kind: str, handler: WorkHandler) -> None:
        """Register the handler of a kind of work.

        Raises:
            MockError: another handler has the kind, or the kind is empty or longer than 200 characters.
        """
        if not 0 < len(kind) <= 200 or self._handlers.get(kind, handler) != handler:
            raise MockError(
                f"the kind {kind!r} cannot have this handler", "FakeDeferredWork.handle", "use another kind"
            )
        self._handlers[kind] = handler

    async def defer(self, kind: str, payload: str, *, key: str = "") -> str | None:
        """Store work until the open unit commits.

        Raises:
            MockError: the kind has no handler, or payload or key cannot be stored.
            UnitOfWorkError: the open unit is read-only.
        """
        if kind not in self._handlers or "\0" in payload + key or len(key) > 200:
            raise MockError(f"work of the kind {kind!r} cannot be stored", "FakeDeferredWork.defer", "see DeferredWork")
        unit = current_unit()
        if unit is None:
            return None
        if unit.is_read_only:
            raise UnitOfWorkError("the unit of work is read-only", kind, "open the unit without read_only")
        piece = DeferredPiece(id=str(new_id()), kind=kind, payload=payload, key=key)
        unit.after_commit(lambda: self.waiting.append(piece))
        return piece.id

    async def hand_over(self) -> int:
        """Deliver the waiting items to their handlers, as a relay does; return the number of successes.

        An item whose handler raises keeps waiting, and blocks later items with the same key.
        """
        delivered, blocked = 0, set[tuple[str, str]]()
        for piece in list(self.waiting):
            place = (piece.kind, piece.key)
            if place in blocked:
                continue
            try:
                await self._handlers[piece.kind](piece.id, piece.payload)
            except Exception:  # noqa: BLE001 - a relay calls the handler again later
                blocked |= {place} if piece.key else set()
            else:
                self.waiting.remove(piece)
                delivered += 1
        return delivered
