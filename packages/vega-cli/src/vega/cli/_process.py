"""Programs with a time limit; stopping a program also stops its children."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from ._errors import RunError

GRACE = 10.0


def run_within(command: Sequence[str], *, cwd: Path, timeout: float) -> tuple[int | None, str]:
    """Run a program and return its exit status (None after a timeout) and its output.

    Raises:
        RunError: the program cannot be started.
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
    """Start a program in its own process group, with standard error merged into standard output.

    Raises:
        RunError: the program cannot be started.
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
    """Stop a program and its process group: SIGTERM, then SIGKILL after `grace` seconds."""
    _signal(child, signal.SIGTERM)
    try:
        child.wait(timeout=grace)
    except subprocess.TimeoutExpired:
        _signal(child, signal.SIGKILL)
        child.wait()
    _signal(child, signal.SIGKILL)  # processes of the group that outlived the leader


def _signal(child: subprocess.Popen[bytes], number: int) -> None:
    try:
        os.killpg(child.pid, number)
    except (ProcessLookupError, PermissionError):
        return  # the group has ended
