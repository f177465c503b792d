"""The clock and the id source of an application, provided by its container."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, final
from uuid import UUID

from vega.patterns import Clock, IdSource, get_clock, new_id, use_clock, use_id_source

if TYPE_CHECKING:  # used in annotations only
    from .application import Application


@final
class CurrentClock:
    """The clock of the calling context, as a service."""

    __slots__ = ()

    def now(self) -> datetime:
        """Return the current instant, aware, in UTC."""
        return get_clock().now()


@final
class CurrentIds:
    """The id source of the calling context, as a service."""

    __slots__ = ()

    def new_id(self) -> UUID:
        """Return a new identifier."""
        return new_id()


def follow_registered(app: Application) -> None:
    """Make a clock or id source registered by the project current in every activation."""
    clock, ids = app.container.resolve(Clock), app.container.resolve(IdSource)
    if not isinstance(clock, CurrentClock):
        app.ambient(lambda: use_clock(clock))
    if not isinstance(ids, CurrentIds):
        app.ambient(lambda: use_id_source(ids))
