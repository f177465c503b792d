"""WebSocket handlers as classes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, ClassVar, cast

from starlette.websockets import WebSocket

from vega.patterns import new_id

from .._security.principal import Policy, Principal, authorize, principal_of
from .._stores.uninterrupted import uninterrupted
from .coalescing import Overflow
from .messages import written
from .rooms import Rooms
from .send_queue import SendQueue


class WebSocketHandler:
    """A connection of a WebSocket path; subclass, set `path`, and override methods as needed.

    The application creates an instance per connection. `on_connect` accepts or closes the connection; an error raised
    earlier refuses the handshake with the status that HTTP would use. `on_message` is called with each message, in
    order, inside a unit of work per message; `on_disconnect` is called once after `on_connect` has accepted the
    connection, however the connection ends.

    The annotation of the message declares the expected type: `str`, `bytes`, or any type that pydantic validates from
    JSON, such as a union of models with a discriminator. The response to an invalid message is
    `{"type": "error", "status": 422, ...}`, to a domain error its status, to an unavailable service 503; any other
    error closes the connection (1011) and is logged. Further parameters marked with `Inject` come from the container.

    Attributes:
        path: the path of the WebSocket, such as `/ws/chat/{room}`.
        policy: required to connect; any sender when None. Checked before the connection opens.
        origins: further origins whose pages may connect, such as `https://app.example`; `*` for all. Allowed by
            default are the application's own host, the hosts of `TrustedHostMiddleware` and the origins of
            `CORSMiddleware`; clients without `Origin`, which are not browsers, are always allowed.
        join_policy: required to join a room, with the name of the room as the resource; any sender when None.
        max_size: the maximum size of a message, in bytes; a larger message closes the connection (1009).
        queue: the maximum number of messages that wait for a slow client.
        overflow: the policy for a full queue: `drop_oldest`, or `close` (1013). With `coalesce("symbol")`, a message
            replaces a waiting message with the same key.
        presence: whether joined rooms track identities: the subject of the principal, or the connection's id if
            anonymous. Joins and leaves are announced, `{"type": "join", "room": ..., "identity": ...}`;
            `Rooms.identities` returns the identities.
        recheck: seconds between checks of the credentials and of `policy`, even on a silent connection; None disables
            the checks. An ended session closes the connection (4401), as does a policy that denies access (4403).
        heartbeat: seconds of silence until the client is sent `{"type": "ping"}`; the same time without any message
            then closes the connection (4408). None disables heartbeats: servers send pings of the protocol.
        socket: the connection, set before `on_connect`.
    """

    path: ClassVar[str] = ""
    policy: ClassVar[Policy | None] = None
    origins: ClassVar[Sequence[str]] = ()
    join_policy: ClassVar[Policy | None] = None
    max_size: ClassVar[int] = 64 * 1024
    queue: ClassVar[int] = 100
    overflow: ClassVar[Overflow] = "close"
    presence: ClassVar[bool] = False
    recheck: ClassVar[float | None] = 10.0
    heartbeat: ClassVar[float | None] = None
    socket: WebSocket

    def attach(self, socket: WebSocket, send_queue: SendQueue, rooms: Rooms) -> None:
        """Set the connection; called by the application before `on_connect`."""
        self.socket, self._send_queue, self._rooms = socket, send_queue, rooms
        self._id, self._joined, self._has_ended = new_id().hex, set[str](), False

    async def detach(self) -> None:
        """Leave all rooms permanently; called by the application before `on_disconnect`."""
        self._has_ended = True
        await asyncio.gather(*map(self.leave, self.joined))

    async def on_connect(self) -> None:
        """Accept the connection; override to check first, and call `self.socket.close(1008)` to refuse."""
        await self.accept()

    async def on_message(self, message: Any, *services: Any, **named: Any) -> None:
        """Handle a message; override with further parameters marked with `Inject`, if needed."""

    async def on_disconnect(self) -> None:
        """Release resources acquired in `on_connect`."""

    @property
    def principal(self) -> Principal | None:
        """The principal of the connection; None if anonymous."""
        return principal_of(self.socket)

    @property
    def joined(self) -> frozenset[str]:
        """The joined rooms."""
        return frozenset(self._joined)

    @property
    def id(self) -> str:
        """The unique id of the connection."""
        return self._id

    async def accept(self) -> None:
        """Accept the connection, with the subprotocol `bearer` if the client sent its token in the subprotocols."""
        offered = cast("list[str]", self.socket.scope.get("subprotocols") or [])
        is_token = len(offered) > 1 and offered[0].lower() == "bearer"
        await self.socket.accept(subprotocol=offered[0] if is_token else None)

    async def send(self, message: Any) -> None:
        """Send a text, bytes, or any serialisable value, and wait until the server has taken the message."""
        await self._send_queue.send(written(message))

    async def join(self, room: str) -> None:
        """Join a room; has no effect after the end of the connection.

        Raises:
            UnauthenticatedError, ForbiddenError: `join_policy` denies access.
        """
        if self.join_policy is not None:
            await authorize(self.join_policy, self.principal, room)
        if self._has_ended:
            return
        identity = "" if not self.presence else self.principal.subject if self.principal is not None else self._id
        await self._rooms.join(room, self._id, self._send_queue, identity=identity)
        if self._has_ended:  # while joining
            await uninterrupted(self._rooms.leave(room, self._id))
        else:
            self._joined.add(room)

    async def leave(self, room: str) -> None:
        """Leave a room."""
        self._joined.discard(room)
        await self._rooms.leave(room, self._id)

    async def broadcast(self, room: str, message: Any, *, include_self: bool = True) -> None:
        """Send a message to all members of a room.

        Raises:
            BackplaneError: other processes cannot be reached.
        """
        await self._rooms.broadcast(room, message, exclude="" if include_self else self._id)
