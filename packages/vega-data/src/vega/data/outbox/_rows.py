"""The rows of the outbox and of the inbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, Index, Integer, MetaData, String, Table, Text, text

from ..types import Instant

PENDING: Final = "pending"
DEAD: Final = "dead"
IS_PENDING: Final = text(f"status = '{PENDING}'")  # a literal, as the partial indexes match only a literal
LONGEST_NAME: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxEntry:
    """An event for a listener, or deferred work.

    Args:
        id: the place in the order of writing.
        listener: the listener's name.
        event_name: the event's type; empty for deferred work.
        key: rows with equal keys are delivered in order; empty when order does not matter.
        attempts: how many times the listener was run.
        error: the latest failure; empty without a failure.
        is_dead: whether no further attempt is made.
    """

    id: str
    listener: str
    event_name: str
    key: str
    attempts: int
    error: str
    is_dead: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """A row claimed by a relay for a limited time; the token proves the claim."""

    id: str
    listener: str
    key: str
    event_name: str
    payload: str
    token: str


def outbox_table(name: str, metadata: MetaData) -> Table:
    """Return the table of rows for listeners."""
    table = Table(
        name,
        metadata,
        Column("id", String(36), primary_key=True),
        Column("listener", String(LONGEST_NAME), nullable=False),
        Column("event_name", String(200), nullable=False),
        Column("payload", Text, nullable=False),
        Column("key", String(LONGEST_NAME), nullable=False),
        Column("status", String(10), nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("available_at", Instant(), nullable=False),
        Column("token", String(32), nullable=False),
        Column("error", Text, nullable=False),
    )
    # Indexes for the relays, fast for any number of rows: the first row of each key, and rows without a key.
    pending: dict[str, Any] = {"sqlite_where": IS_PENDING, "postgresql_where": IS_PENDING}
    Index(None, table.c.listener, table.c.key, table.c.id, **pending)
    Index(None, table.c.listener, table.c.key, table.c.available_at, **pending)
    return table


def inbox_table(name: str, metadata: MetaData) -> Table:
    """Return the table of messages seen by consumers."""
    return Table(
        name,
        metadata,
        Column("consumer", String(200), primary_key=True),
        Column("message", String(200), primary_key=True),
        Column("seen_at", Instant(), nullable=False),
    )
