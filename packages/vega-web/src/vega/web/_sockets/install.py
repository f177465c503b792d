"""Mounting of WebSocket handlers."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from fastapi import FastAPI
from starlette.routing import WebSocketRoute

from vega.discovery import Found

from .._errors import WebSocketDefinitionError
from .connection import SocketEndpoint, Surroundings
from .handler import WebSocketHandler
from .origins import HandlerOrigins, OriginCheck


def install_websockets(app: FastAPI, surroundings: Surroundings, errors: list[Exception]) -> None:
    """Mount the discovered handlers.

    Args:
        app: the application to extend.
        surroundings: objects shared by connections.
        errors: collects a `WebSocketDefinitionError` for each handler that cannot be mounted.
    """
    app.state.sockets, app.state.socket_origins = surroundings, HandlerOrigins()
    app.add_middleware(OriginCheck, handlers=app.state.socket_origins)
    for handler in _handlers(surroundings.application.found):
        try:
            mount_websocket(app, handler, surroundings)
        except WebSocketDefinitionError as error:
            errors.append(error)


def add_websocket(app: FastAPI, handler: type[WebSocketHandler]) -> None:
    """Mount a handler outside of the discovered packages, on an application of `create_app`.

    Raises:
        WebSocketDefinitionError: the handler has no path, or pydantic does not support the type of its messages.
    """
    mount_websocket(app, handler, app.state.sockets)


def mount_websocket(app: FastAPI, handler: type[WebSocketHandler], surroundings: Surroundings) -> None:
    """Mount a handler at its path.

    Raises:
        WebSocketDefinitionError: the handler has no path, or pydantic does not support the type of its messages.
    """
    place = f"{handler.__module__}.{handler.__qualname__}"
    if not handler.path.startswith("/"):
        raise WebSocketDefinitionError(
            f"{handler.__qualname__} has no path", place, 'set path = "/ws/name" in the class'
        )
    try:
        endpoint = SocketEndpoint(handler, surroundings)
    except Exception as error:
        raise WebSocketDefinitionError(
            f"the messages of {handler.__qualname__} cannot be read: {error}",
            f"{place}.on_message",
            "annotate the message with str, bytes, or a type that pydantic validates from JSON",
        ) from error
    app.router.routes.append(WebSocketRoute(handler.path, endpoint, name=handler.__name__))
    app.state.socket_origins.add(handler.path, handler.origins)


def _handlers(found: Found | None) -> Iterator[type[WebSocketHandler]]:
    for module in found.modules("websocket") if found is not None else ():
        for value in vars(sys.modules[module]).values():
            if isinstance(value, type) and issubclass(value, WebSocketHandler) and value.__module__ == module:
                yield value
