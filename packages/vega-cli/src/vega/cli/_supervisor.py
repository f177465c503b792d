"""The supervisor of `vega run`: starts processes in order, shows their output, and stops all of them together."""

from __future__ import annotations

import os
import select
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from vega.core.extend import Process

from ._console import say
from ._errors import RunError
from ._process import start, stop

_POLL = 0.05
_ENDS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


def refuse_taken_port(host: str, port: int) -> None:
    """Raise RunError if a TCP port is not available.

    Raises:
        RunError: the port is in use, or the address does not belong to this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise RunError(
                f"port {port} of {host} cannot be used: {error.strerror}", "vega run", "choose another port with --port"
            ) from error


def _reader_has_gone() -> bool:
    """Return whether standard output is a pipe without a reader, as after `| head`."""
    try:
        output = sys.stdout.fileno()
        if not stat.S_ISFIFO(os.fstat(output).st_mode) or not hasattr(select, "poll"):
            return False
    except (OSError, ValueError):  # no file descriptor, as under pytest
        return False
    watch = select.poll()
    watch.register(output, 0)
    return any(event & select.POLLERR for _, event in watch.poll(0))


class Supervisor:
    """Several processes with a common lifetime.

    Args:
        root: the working directory.
        processes: in the order of starting; stopped in reverse order.
        ready_timeout: seconds for each `ready` to return true.
    """

    def __init__(self, root: Path, processes: Sequence[Process], *, ready_timeout: float) -> None:
        self._root, self._processes, self._ready_timeout = root, processes, ready_timeout
        self._children: list[tuple[Process, subprocess.Popen[bytes]]] = []
        self._readers: list[threading.Thread] = []
        self._asked_to_stop = False
        self._environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        for process in processes:
            self._environment.update(process.shares)

    def run(self) -> int:
        """Run until a process ends, a signal arrives or the output loses its reader; return the exit status.

        Raises:
            RunError: a process cannot be started, is not ready in time, or ended.
        """
        before = {number: signal.signal(number, self._stop_soon) for number in _ENDS}
        try:
            for process in self._processes:
                self._start(process)
            if not self._asked_to_stop:
                self._say("vega: everything is running; Ctrl-C stops it")
            self._wait()
        finally:
            self._stop_all()
            for number, handler in before.items():
                signal.signal(number, handler)
        return 0

    def _say(self, text: str) -> None:
        """Print a line; without a reader, as after `| head`, stop and discard further output."""
        try:
            say(text)
        except BrokenPipeError:
            self._asked_to_stop = True
            with open(os.devnull, "w") as nothing:  # noqa: PTH123 - the file descriptor of a device is needed
                os.dup2(nothing.fileno(), sys.stdout.fileno())

    def _stop_soon(self, number: int, frame: FrameType | None) -> None:
        self._asked_to_stop = True

    def _start(self, process: Process) -> None:
        for name, value in process.shares.items():
            self._say(f"vega: {process.name} serves as {name}={value}")
        child = start(process.command, cwd=self._root, environment=self._environment, output=subprocess.PIPE)
        self._children.append((process, child))
        reader = threading.Thread(target=self._show, args=(process.name, child), daemon=True)
        reader.start()
        self._readers.append(reader)
        limit = time.monotonic() + self._ready_timeout
        while process.ready is not None and not self._asked_to_stop and not process.ready():
            self._refuse_dead()
            if time.monotonic() > limit:
                raise RunError(
                    f"{process.name} was not ready after {self._ready_timeout:.0f} s",
                    " ".join(process.command),
                    "see its lines above, or allow more with --ready-timeout",
                )
            time.sleep(_POLL)

    def _show(self, name: str, child: subprocess.Popen[bytes]) -> None:
        assert child.stdout is not None
        with child.stdout:
            for line in child.stdout:
                self._say(f"{name:6} | {line.decode(errors='replace').rstrip()}")

    def _wait(self) -> None:
        while not self._asked_to_stop and not _reader_has_gone():
            self._refuse_dead()
            time.sleep(_POLL)

    def _refuse_dead(self) -> None:
        for process, child in self._children:
            status = child.poll()
            if status is not None and not self._asked_to_stop:
                raise RunError(
                    f"{process.name} ended with status {status}", " ".join(process.command), "see its lines above"
                )

    def _stop_all(self) -> None:
        while self._children:
            process, child = self._children.pop()
            if child.poll() is None:
                self._say(f"vega: stopping {process.name}")
            stop(child)
        for reader in self._readers:
            reader.join(timeout=5)
