"""Reports of migrations on a database."""

from __future__ import annotations

from dataclasses import dataclass

from ._folder import Revision


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The state of a database.

    Args:
        current: the names of the current migrations; empty for an empty database.
        head: the last migration there is, or None.
        pending: the migrations that `upgrade` would run, in order.
    """

    current: tuple[str, ...]
    head: str | None
    pending: tuple[Revision, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """The result of `check`; `ok` without findings.

    Args:
        pending: migrations missing in the database.
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
