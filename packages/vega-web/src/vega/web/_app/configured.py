"""Objects defined in a project's `config.py`, and the rooms of an application."""

from __future__ import annotations

import sys
from typing import TypeVar

from vega.core import Application

from .._errors import WebError
from .._sockets.rooms import Rooms

T = TypeVar("T")


def configured(application: Application, name: str, kind: type[T]) -> T | None:
    """Return the value of a name in the project's config module, which `Application.load` has imported."""
    config = sys.modules.get(f"{application.project.package}.config")
    value = getattr(config, name, None)
    return value if isinstance(value, kind) else None


def provide_rooms(application: Application, wanted: Rooms | None = None) -> Rooms:
    """Return the registered rooms; otherwise register the requested rooms, the rooms of `config.py`, or new ones.

    Raises:
        WebError: other rooms than the requested ones are registered.
    """
    container = application.container
    if not container.provides(Rooms):
        rooms = wanted or configured(application, "rooms", Rooms) or Rooms()  # the plugin is not enabled
        container.register_instance(Rooms, rooms)
        return rooms
    rooms = container.resolve(Rooms)
    if wanted is not None and rooms is not wanted:
        raise WebError(
            "the application has two Rooms",
            "create_app(rooms=...)",
            "define rooms in config.py, which every process uses",
        )
    return rooms
