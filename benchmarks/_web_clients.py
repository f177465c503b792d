"""Many WebSocket clients that cost little: they count the messages that arrive (RFC 6455, section 5.2), and no more.

Clients that decode what they get would take more of the machine than the server does, and their time would be told as
its own.
"""

from __future__ import annotations

import selectors
import socket
import time
from typing import Self

HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n"
    "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n{extensions}\r\n"
)
DEFLATE = "sec-websocket-extensions: permessage-deflate; client_max_window_bits\r\n"  # as browsers offer (RFC 7692)
MESSAGES = {1, 2}  # the opcodes of text and binary; others are pings


class Clients:
    """Clients in one room.

    Args:
        port: of the server on this machine.
        path: of the room; its handler says one thing to who joins.
        count: how many.
    """

    def __init__(self, port: int, path: str, count: int) -> None:
        self._address, self._path, self._count = ("127.0.0.1", port), path, count
        self._unread: dict[socket.socket, bytearray] = {}
        self._selector = selectors.DefaultSelector()

    def __enter__(self) -> Self:
        request = HANDSHAKE.format(path=self._path, extensions=DEFLATE).encode()
        for _ in range(self._count):
            connection = socket.create_connection(self._address, timeout=30)
            connection.sendall(request)
            answer = bytearray()
            while b"\r\n\r\n" not in answer:
                answer += connection.recv(1)
            connection.setblocking(False)
            self._unread[connection] = bytearray()
            self._selector.register(connection, selectors.EVENT_READ)
        self.arrivals()  # what is said to who joins
        return self

    def __exit__(self, *_: object) -> None:
        for connection in self._unread:
            connection.close()
        self._selector.close()

    def say(self, size: int) -> float:
        """Send a text of so many bytes, from 126 to 65,535, from one of the clients; return when."""
        start = time.perf_counter()
        head = bytes([0x81, 0x80 | 126]) + size.to_bytes(2, "big") + bytes(4)  # masked with zeros
        next(iter(self._unread)).sendall(head + b"x" * size)
        return start

    def arrivals(self) -> list[float]:
        """Wait until one message has come to each; return when each came."""
        times: list[float] = []
        missing, limit = set(self._unread), time.perf_counter() + 30
        while missing:
            if time.perf_counter() > limit:
                raise TimeoutError(f"{len(missing)} of {self._count} heard nothing")
            for key, _ in self._selector.select(1):
                connection: socket.socket = key.fileobj  # type: ignore[assignment] # it was registered so
                received = self._unread[connection]
                received += connection.recv(65536)
                while (frame := _frame(received)) is not None:
                    if received[0] & 0x0F in MESSAGES and connection in missing:
                        missing.remove(connection)
                        times.append(time.perf_counter())
                    del received[:frame]
        return times


def _frame(received: bytearray) -> int | None:
    """Return the size of the first frame, None while a part of it is missing."""
    if len(received) < 2:
        return None
    size, head = received[1] & 0x7F, 2
    if size == 126:
        if len(received) < 4:
            return None
        size, head = int.from_bytes(received[2:4], "big"), 4
    return head + size if len(received) >= head + size else None
