"""The rows of the outbox and of the inbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, Index, Integer, MetaData, String, Table, Text, text

from ..types import Instant

PENDING: Final = "pending"
DEAD: Final = "dead"
IS_PENDING: Final = text(f"status = '{PENDING}'")  # written out, as the indexes of these rows are found by it
LONGEST_NAME: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxEntry:
    """One event for one listener, or a piece of deferred work.

    Args:
        id: its place in the order of writing.
        listener: the listener's name.
        event_name: the event's type; empty for deferred work.
        key: what is told in order; empty when order does not matter.
        attempts: how many times the listener was run.
        error: why it failed last; empty when it has not.
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
    """A row that a relay has taken for a while; the token says that it still holds it."""

    id: str
    listener: str
    key: str
    event_name: str
    payload: str
    token: str


def outbox_table(name: str, metadata: MetaData) -> Table:
    """Return the table whose rows wait for their listeners."""
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
    # Relays find their next rows in these, however many wait: the first one of each key, and those without a key.
    pending: dict[str, Any] = {"sqlite_where": IS_PENDING, "postgresql_where": IS_PENDING}
    Index(None, table.c.listener, table.c.key, table.c.id, **pending)
    Index(None, table.c.listener, table.c.key, table.c.available_at, **pending)
    return table


def inbox_table(name: str, metadata: MetaData) -> Table:
    """Return the table of the messages that consumers have seen."""
    return Table(
        name,
        metadata,
        Column("consumer", String(200), primary_key=True),
        Column("message", String(200), primary_key=True),
        Column("seen_at", Instant(), nullable=False),
    )
