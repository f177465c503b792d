"""Protocols of the higher-layer objects that connections call."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from sqlalchemy import MetaData

from .session import Session


class EventOutbox(Protocol):
    """The outbox of a database: tables, and rows written before a commit."""

    @property
    def metadata(self) -> MetaData:
        """The tables of the outbox."""
        ...

    async def write(self, session: Session, events: Iterable[Any]) -> int:
        """Write events into the transaction of a session; return the number of rows."""
        ...

    def wake(self) -> None:
        """Notify the relays of this process of new rows."""
        ...
