"""Installation of distributions with the project's tool: uv, poetry, pdm, or pip of this interpreter."""

from __future__ import annotations

import importlib
import importlib.util
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from _vega_cli import distributions

from ._errors import InstallError
from ._process import run_within
from ._pyproject import distribution_of

LIMIT = 600.0


def missing(requirements: Sequence[str]) -> list[str]:
    """Return the requirements whose distributions are not installed in this environment."""
    installed = {distribution_of(name) for name, _ in distributions()}
    return [requirement for requirement in requirements if distribution_of(requirement) not in installed]


def command_for(root: Path, requirements: Sequence[str]) -> list[str]:
    """Return the command to install requirements with the project's tool.

    The dependencies in pyproject.toml are already edited, so tools with a lock file only synchronise.

    Raises:
        InstallError: no installer is available.
    """
    if (root / "uv.lock").is_file() and shutil.which("uv"):
        return ["uv", "sync"]
    if (root / "poetry.lock").is_file() and shutil.which("poetry"):
        return ["poetry", "install"]
    if (root / "pdm.lock").is_file() and shutil.which("pdm"):
        return ["pdm", "install"]
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", *requirements]
    if shutil.which("uv"):
        return ["uv", "pip", "install", "--python", sys.executable, *requirements]
    raise InstallError(
        "this environment has neither pip nor uv", sys.prefix, "install one, or use --no-install and install by hand"
    )


def install(root: Path, requirements: Sequence[str], *, timeout: float = LIMIT) -> None:
    """Install requirements, within a time limit.

    Args:
        root: the project's folder, where the installer runs.
        requirements: the distributions to install (PEP 508).
        timeout: seconds; then the installer and its child processes are stopped.

    Raises:
        InstallError: the installer failed, exceeded the timeout, or cannot be started.
    """
    command = command_for(root, requirements)
    status, output = run_within(command, cwd=root, timeout=timeout)
    if status is None:
        raise InstallError(
            f"the installer took more than {timeout:.0f} s",
            " ".join(command),
            "try again with --timeout, or install by hand",
        )
    if status:
        tail = "\n".join(output.splitlines()[-8:])
        raise InstallError(
            f"the installer failed with status {status}:\n{tail}",
            " ".join(command),
            "fix the cause, or use --no-install",
        )
    importlib.invalidate_caches()
