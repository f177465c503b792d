"""What migrations tell of a database."""

from __future__ import annotations

from dataclasses import dataclass

from ._folder import Revision


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Where a database stands.

    Args:
        current: the names of the migrations it is at; none for an empty one.
        head: the last migration there is, or None.
        pending: what `upgrade` would run, the first one first.
    """

    current: tuple[str, ...]
    head: str | None
    pending: tuple[Revision, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """What `check` found; `ok` when it is nothing.

    Args:
        pending: migrations that the database lacks.
        drift: where the tables of the entities differ from the database, in words.
        destructive: where pending migrations drop or narrow something.
    """

    pending: tuple[str, ...] = ()
    drift: tuple[str, ...] = ()
    destructive: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the database is at the head, and the head fits the entities."""
        return not (self.pending or self.drift)
