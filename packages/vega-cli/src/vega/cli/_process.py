"""Runs programs with a time limit; a program that is ended takes its children with it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from ._errors import RunError

GRACE = 10.0


def run_within(command: Sequence[str], *, cwd: Path, timeout: float) -> tuple[int | None, str]:
    """Run a program to its end; return its status (None: it took too long and was ended) and its output.

    Raises:
        RunError: it cannot be started.
    """
    with start(command, cwd=cwd, environment=os.environ, output=subprocess.PIPE) as child:
        try:
            output, _ = child.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            stop(child)
            return None, ""
        except BaseException:
            stop(child)
            raise
        return child.returncode, output.decode(errors="replace")


def start(
    command: Sequence[str], *, cwd: Path, environment: Mapping[str, str], output: int | None
) -> subprocess.Popen[bytes]:
    """Start a program in a process group of its own, with its errors in its output.

    Raises:
        RunError: it cannot be started.
    """
    try:
        return subprocess.Popen(
            list(command),
            cwd=cwd,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise RunError(
            f"{command[0]} cannot be started: {error.strerror}", " ".join(command), "is it installed?"
        ) from error


def stop(child: subprocess.Popen[bytes], *, grace: float = GRACE) -> None:
    """End a program and its process group: politely, and after `grace` seconds by force."""
    _signal(child, signal.SIGTERM)
    try:
        child.wait(timeout=grace)
    except subprocess.TimeoutExpired:
        _signal(child, signal.SIGKILL)
        child.wait()
    _signal(child, signal.SIGKILL)  # what the leader left behind in its group


def _signal(child: subprocess.Popen[bytes], number: int) -> None:
    try:
        os.killpg(child.pid, number)
    except (ProcessLookupError, PermissionError):
        return  # the group has gone
