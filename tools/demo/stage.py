"""The folder, the commands and the running application of the demo."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, TypeVar

import httpx

T = TypeVar("T")
BIN = Path(sys.executable).parent
LIMIT = 300.0
READY = 60.0


class DemoError(Exception):
    """A step did not do what it should; the text says which and why."""


def say(text: str = "") -> None:
    """Print a line."""
    print(text, flush=True)


def progress(items: Iterable[T], total: int, label: str) -> Iterator[T]:
    """Yield items and draw a bar; on a terminal it moves, elsewhere it prints every tenth."""
    moving = sys.stdout.isatty()
    drawn = -1
    for number, item in enumerate(items, 1):
        yield item
        percent = number * 100 // total
        if percent != drawn and (moving or percent % 10 == 0):
            drawn = percent
            bar = "#" * (percent // 4)
            end = "\r" if moving and number < total else "\n"
            print(f"  {label} [{bar:25}] {number:5}/{total}", end=end, flush=True)


class Stage:
    """Where the demo plays.

    Args:
        folder: an empty temporary folder.
        port: the port of the HTTP server; 0 lets the kernel choose.
    """

    def __init__(self, folder: Path, *, port: int) -> None:
        self.folder, self.project = folder, folder / "atlas"
        self.port = port or _free_port()
        self.complete = False
        self._server: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None
        self._rows: list[tuple[str, str, str]] = []
        self._started = time.monotonic()

    @property
    def url(self) -> str:
        """The address of the HTTP server."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """The user's environment, with the tools first and without settings of other projects."""
        kept = {name: value for name, value in os.environ.items() if name not in {"REDIS_URL", "DATABASE_URL", "PORT"}}
        own = {"VEGA_PROFILE": "development", "PYTEST_DEBUG_TEMPROOT": str(self.folder)}
        return {**kept, **own, "PATH": f"{BIN}{os.pathsep}{kept.get('PATH', '')}"}

    def type(self, *words: str) -> str:
        """Run a command as a user types it, show it and its output, and return the output."""
        say(f"\n$ {' '.join(words)}")
        start = time.monotonic()
        done = subprocess.run(
            [str(BIN / words[0]), *words[1:]],
            cwd=self.project if self.project.exists() else self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT,
            check=False,
        )
        for line in done.stdout.rstrip().splitlines():
            say(f"  {line}")
        if done.returncode:
            raise DemoError(f"`{' '.join(words)}` ended with status {done.returncode}")
        self.note(" ".join(words[:3]), f"{time.monotonic() - start:.1f} s", "ok")
        return done.stdout

    def serve(self) -> None:
        """Start server, worker and embedded services with `vega run`, and wait until requests are answered."""
        say(f"\n$ vega run --port {self.port} &")
        self._log = (self.folder / "run.log").open("wb")
        self._server = subprocess.Popen(
            [str(BIN / "vega"), "run", "--port", str(self.port)],
            cwd=self.project,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        limit = time.monotonic() + READY
        while time.monotonic() < limit:
            if self._server.poll() is not None:
                raise DemoError(f"vega run ended with status {self._server.returncode}:\n{self._tail()}")
            try:
                httpx.get(f"{self.url}/openapi.json", timeout=5).raise_for_status()
            except httpx.HTTPError:
                time.sleep(0.1)
                continue
            for line in self._tail().splitlines():
                say(f"  {line}")
            return
        raise DemoError(f"the server did not answer within {READY:.0f} s:\n{self._tail()}")

    def check_port(self) -> None:
        """Refuse a port that is taken, before a minute of work.

        Raises:
            DemoError: it cannot be used.
        """
        try:
            socket.create_server(("127.0.0.1", self.port)).close()
        except OSError as error:
            raise DemoError(f"port {self.port} cannot be used: {error.strerror}; set PORT=0 or another one") from error

    def note(self, what: str, count: str, result: str) -> None:
        """Add a row to the table at the end."""
        self._rows.append((what, count, result))

    def check(self, what: str, got: object, expected: object) -> None:
        """Compare what came back with what the input says.

        Raises:
            DemoError: they differ.
        """
        say(f"  -> {got}")
        if got != expected:
            raise DemoError(f"{what}: {got!r} came back, and the input says {expected!r}")
        self.note(what, str(got), "as the input says")

    def summary(self) -> None:
        """Print the table."""
        widths = [max(len(row[column]) for row in self._rows) for column in range(3)]
        say("\n" + "  ".join(("step".ljust(widths[0]), "result".ljust(widths[1]), "check")))
        for row in self._rows:
            say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        say(f"\nall {len(self._rows)} steps are right, in {time.monotonic() - self._started:.0f} s")
        self.complete = True

    def leave_running(self) -> None:
        """Say where the application is and how to stop it."""
        assert self._server is not None
        say(f"\nstill running: {self.url}/subdivisions  {self.url}/docs  {self.url}/graphql")
        say(f"project: {self.project}\nstop it with: kill {self._server.pid}")

    def close(self) -> None:
        """Stop everything and remove the folder."""
        if self._server is not None and self._server.poll() is None:
            self._server.send_signal(signal.SIGTERM)
            try:
                self._server.wait(timeout=60)
            except subprocess.TimeoutExpired:
                os.killpg(self._server.pid, signal.SIGKILL)
        if self._log is not None:
            self._log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _tail(self) -> str:
        return "\n".join((self.folder / "run.log").read_text(errors="replace").splitlines()[-12:])


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
