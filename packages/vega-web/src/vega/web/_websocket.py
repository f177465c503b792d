"""WebSocket handlers as classes: one scope a message, closed when its handling ends."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, ClassVar

from fastapi import FastAPI
from starlette.websockets import WebSocket, WebSocketDisconnect

from vega.core import Application
from vega.discovery import Found

from ._errors import WebSocketDefinitionError


class WebSocketHandler:
    """One connection of a WebSocket path; subclass it, set `path`, and override what you need.

    The application makes one instance a connection. `on_connect` accepts (or closes) the connection;
    `on_message` is called with each text message, in order, inside a unit of work of its own; `on_disconnect`
    is called once, however the connection ended.

    Attributes:
        path: where it is mounted, such as `/ws/chat`.
        socket: the connection, set before `on_connect`.
    """

    path: ClassVar[str] = ""
    socket: WebSocket

    async def on_connect(self) -> None:
        """Accept the connection; override it to check first, and call `self.socket.close(1008)` to refuse."""
        await self.socket.accept()

    async def on_message(self, message: str) -> None:
        """Handle one text message."""

    async def on_disconnect(self) -> None:
        """Release what `on_connect` took."""

    async def send(self, text: str) -> None:
        """Send a text message to the client."""
        await self.socket.send_text(text)


def install_websockets(app: FastAPI, application: Application, errors: list[Exception]) -> None:
    """Mount the discovered handlers.

    Args:
        app: takes the routes.
        application: whose `activate` each message enters.
        errors: takes a `WebSocketDefinitionError` for each handler that cannot be mounted.
    """
    for handler in _handlers(application.found):
        if not handler.path.startswith("/"):
            errors.append(
                WebSocketDefinitionError(
                    f"{handler.__qualname__} has no path",
                    f"{handler.__module__}.{handler.__qualname__}",
                    'set path = "/ws/name" in the class',
                )
            )
            continue
        app.add_api_websocket_route(handler.path, _endpoint(handler, application))


def _handlers(found: Found | None) -> Iterator[type[WebSocketHandler]]:
    for module in found.modules("websocket") if found is not None else ():
        for value in vars(sys.modules[module]).values():
            if isinstance(value, type) and issubclass(value, WebSocketHandler) and value.__module__ == module:
                yield value


def _endpoint(handler: type[WebSocketHandler], application: Application) -> Any:
    async def endpoint(socket: WebSocket) -> None:
        connection = handler()
        connection.socket = socket
        try:
            async with application.activate({WebSocket: socket}):
                await connection.on_connect()
            while True:
                message = await socket.receive_text()
                async with application.activate({WebSocket: socket}):
                    await connection.on_message(message)
        except WebSocketDisconnect:
            pass  # the client has gone, which is how a connection ends
        finally:
            async with application.activate({WebSocket: socket}):
                await connection.on_disconnect()

    return endpoint
