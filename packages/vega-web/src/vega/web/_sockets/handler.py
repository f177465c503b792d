"""WebSocket handlers as classes: what a user writes."""

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
    """One connection of a WebSocket path; subclass it, set `path`, and override what you need.

    The application makes one instance a connection. `on_connect` accepts (or closes) the connection; an error that it
    raises before that refuses the handshake, with the status that HTTP would answer. `on_message` is called with each
    message, in order, inside a unit of work of its own; `on_disconnect` is called once after `on_connect` has accepted
    the connection, however it ended.

    The annotation of the message says what is expected: `str`, `bytes`, or anything that pydantic reads from JSON,
    such as a union of models told apart by their `type`. A message that does not fit is answered with
    `{"type": "error", "status": 422, ...}`, an error of the domain with its status, a service that is
    down with 503; any other error closes the connection (1011) and is logged. Further parameters that are marked with
    `Inject` come from the container.

    Attributes:
        path: where it is mounted, such as `/ws/chat/{room}`.
        policy: who may connect; anybody when None. It is asked before the connection opens.
        origins: further origins whose pages may connect, such as `https://app.example`; `*` for all. Allowed by
            default are the application's own host, the hosts of `TrustedHostMiddleware` and the origins of
            `CORSMiddleware`; programs, which send no `Origin`, always are.
        join_policy: who may join a room, whose name is the resource; anybody when None.
        max_size: the largest message, in bytes; a larger one closes the connection (1009).
        queue: how many messages may wait for a client that does not read.
        overflow: what one more does: `drop_oldest` of them, or `close` (1013). `coalesce("symbol")` has a message take
            the place of one that waits and is about the same.
        presence: whether the rooms it joins know who is in them: the subject of its principal, its id where it has
            none. Joins and leaves are announced, `{"type": "join", "room": ..., "identity": ...}`; `Rooms.identities`
            returns who is there.
        recheck: seconds after which the credentials that opened the connection, and `policy`, are asked again, also
            while it is silent; None for never. A session that has ended closes the connection (4401), a policy that
            no longer allows it too (4403).
        heartbeat: seconds of silence after which the client is sent `{"type": "ping"}`; as many again without any
            message close the connection (4408). None for none: servers ping by themselves.
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
        """Take the connection; the application calls it, before `on_connect`."""
        self.socket, self._send_queue, self._rooms = socket, send_queue, rooms
        self._id, self._joined, self._has_ended = new_id().hex, set[str](), False

    async def detach(self) -> None:
        """Leave all rooms, for good; the application calls it before `on_disconnect`."""
        self._has_ended = True
        await asyncio.gather(*map(self.leave, self.joined))

    async def on_connect(self) -> None:
        """Accept the connection; override it to check first, and call `self.socket.close(1008)` to refuse."""
        await self.accept()

    async def on_message(self, message: Any, *services: Any, **named: Any) -> None:
        """Handle one message; override it with any further parameters that are marked with `Inject`."""

    async def on_disconnect(self) -> None:
        """Release what `on_connect` took."""

    @property
    def principal(self) -> Principal | None:
        """Who connected; None for nobody known."""
        return principal_of(self.socket)

    @property
    def joined(self) -> frozenset[str]:
        """The rooms it is in."""
        return frozenset(self._joined)

    @property
    def id(self) -> str:
        """What tells this connection from every other one."""
        return self._id

    async def accept(self) -> None:
        """Accept the connection; with the subprotocol `bearer` where the client sent its token by that."""
        offered = cast("list[str]", self.socket.scope.get("subprotocols") or [])
        is_token = len(offered) > 1 and offered[0].lower() == "bearer"
        await self.socket.accept(subprotocol=offered[0] if is_token else None)

    async def send(self, message: Any) -> None:
        """Send a text, bytes, or anything that becomes JSON, and wait until the server has taken it."""
        await self._send_queue.send(written(message))

    async def join(self, room: str) -> None:
        """Join a room; has no effect once the connection has ended.

        Raises:
            UnauthenticatedError, ForbiddenError: `join_policy` does not allow it.
        """
        if self.join_policy is not None:
            await authorize(self.join_policy, self.principal, room)
        if self._has_ended:
            return
        identity = "" if not self.presence else self.principal.subject if self.principal is not None else self._id
        await self._rooms.join(room, self._id, self._send_queue, identity=identity)
        if self._has_ended:  # while the room was being joined
            await uninterrupted(self._rooms.leave(room, self._id))
        else:
            self._joined.add(room)

    async def leave(self, room: str) -> None:
        """Leave a room."""
        self._joined.discard(room)
        await self._rooms.leave(room, self._id)

    async def broadcast(self, room: str, message: Any, *, include_self: bool = True) -> None:
        """Tell everybody in a room.

        Raises:
            BackplaneError: other processes cannot be reached.
        """
        await self._rooms.broadcast(room, message, exclude="" if include_self else self._id)
