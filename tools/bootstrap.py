"""Makes the development environment from Python and pip alone; does nothing when it is complete.

With uv: `.tools` gets uv and hatch, and hatch makes `.venv` from the workspace in pyproject.toml.
Without uv (it cannot be had, or VEGA_PIP_ONLY=1): pip installs the same packages into `.venv`.
Without a network both work from their caches. Standard library only; no third party is there yet.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TOOLS, VENV = ROOT / ".tools", ROOT / ".venv"
STAMP = VENV / ".complete"
WHEELS = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vega" / "wheels"
OLDEST = (3, 11)
LIMIT = float(os.environ.get("VEGA_SETUP_TIMEOUT", "900"))
HATCH = "hatch>=1.18"
BUILD_NEEDS = ["hatchling>=1.27", "editables"]


class SetupError(Exception):
    """A step of the set-up failed; the text says which and what to do."""


def say(text: str) -> None:
    """Print one line of progress."""
    print(f"[setup] {text}", flush=True)


def fingerprint() -> str:
    """Return what the environment depends on, as a hash."""
    digest = hashlib.sha256(f"{sys.version}{ROOT}{os.environ.get('VEGA_PIP_ONLY', '')}".encode())
    for file in [ROOT / "pyproject.toml", *sorted(ROOT.glob("packages/*/pyproject.toml")), Path(__file__)]:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def run(command: list[str | Path], *, quiet: bool = False) -> bool:
    """Run a command within the time limit and return whether it succeeded; output is shown when it fails."""
    environment = {
        **os.environ,
        "UV_PYTHON_DOWNLOADS": "never",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "UV_LINK_MODE": os.environ.get("UV_LINK_MODE", "copy"),
        "PATH": f"{TOOLS / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}",
    }
    environment.pop("VIRTUAL_ENV", None)
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            check=False,
            cwd=ROOT,
            env=environment,
            timeout=LIMIT,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    except subprocess.TimeoutExpired:
        raise SetupError(f"{' '.join(words)} took more than {LIMIT:.0f} s (VEGA_SETUP_TIMEOUT)") from None
    if done.returncode and not quiet:
        print(done.stdout, file=sys.stderr)
    return done.returncode == 0


def use_caches_when_offline(python: Path) -> None:
    """Ask the package index one question, without retries; unanswered, uv and pip use their caches alone."""
    if not run([python, "-m", "pip", "--no-cache-dir", "--retries", "0", "index", "versions", "uv"], quiet=True):
        say("no network: using the caches")
        links = f"{WHEELS} {os.environ.get('PIP_FIND_LINKS', '')}".strip()
        os.environ.update(UV_OFFLINE="1", PIP_NO_INDEX="1", PIP_FIND_LINKS=links)


def make_venv(folder: Path) -> Path:
    """Make an empty virtual environment and return its Python."""
    shutil.rmtree(folder, ignore_errors=True)
    if not run([sys.executable, "-m", "venv", folder]):
        raise SetupError(f"python -m venv {folder} failed; install Python's venv and ensurepip")
    return folder / "bin" / "python"


def get_uv() -> bool:
    """Put uv and hatch into `.tools`; return whether that worked."""
    if os.environ.get("VEGA_PIP_ONLY"):
        return False
    say("making .tools with uv and hatch")
    python = make_venv(TOOLS)
    use_caches_when_offline(python)
    WHEELS.mkdir(parents=True, exist_ok=True)
    if not any(WHEELS.glob("uv-*.whl")):
        run(
            [python, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "-d", WHEELS, "uv"],
            quiet=True,
        )
    if not run([python, "-m", "pip", "install", "-q", "--no-index", "--find-links", WHEELS, "uv"], quiet=True):
        return False
    return run([TOOLS / "bin" / "uv", "pip", "install", "-q", "--python", python, HATCH])


def make_with_hatch() -> bool:
    """Make `.venv` from the workspace with hatch and uv."""
    say("making .venv with hatch: all packages editable, and the tools")
    shutil.rmtree(VENV, ignore_errors=True)
    return run([TOOLS / "bin" / "hatch", "-q", "env", "create", "default"])


def make_with_pip() -> None:
    """Make `.venv` with pip alone, and keep the wheels for a time without a network."""
    say("making .venv with pip alone: this takes a minute or two")
    python = make_venv(VENV)
    use_caches_when_offline(python)
    wanted = [*editables(), *environment()[1]]
    WHEELS.mkdir(parents=True, exist_ok=True)
    install = [python, "-m", "pip", "install", "-q", "--find-links", WHEELS]
    if not run([*install, *wanted]):
        raise SetupError("pip cannot install the packages: is there a network, or a filled cache?")
    if "PIP_NO_INDEX" in os.environ:
        return
    say("keeping the wheels for later set-ups without a network")
    frozen = subprocess.run(
        [python, "-m", "pip", "freeze", "--exclude-editable"], capture_output=True, text=True, timeout=LIMIT, check=True
    ).stdout.split()
    keep = [python, "-m", "pip", "download", "-q", "--no-deps", "--find-links", WHEELS, "-d", WHEELS]
    run([*keep, *frozen], quiet=True)
    run([*keep[:5], "--find-links", WHEELS, "-d", WHEELS, *BUILD_NEEDS], quiet=True)


def environment() -> tuple[list[tuple[str, list[str]]], list[str]]:
    """Return the members (each with its path and features) and the dependencies of the default environment."""
    import tomllib  # every Python that gets here has it

    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    default = settings["tool"]["hatch"]["envs"]["default"]
    members: list[str | dict[str, Any]] = default["workspace"]["members"]
    told = [(each, []) if isinstance(each, str) else (each["path"], each["features"]) for each in members]
    return told, default["dependencies"]


def editables() -> list[str]:
    """Return pip's arguments for the members of the workspace, with their features."""
    words: list[str] = []
    for path, features in environment()[0]:
        words += ["-e", f"{ROOT / path}[{','.join(features)}]" if features else str(ROOT / path)]
    return words


def newer_python() -> str | None:
    """Return a Python that is new enough: on PATH, or among pyenv's (whose shims may refuse to run)."""
    names = [f"python3.{minor}" for minor in range(OLDEST[1], 15)]
    found = [shutil.which(name) for name in names]
    found += [str(path) for path in sorted(Path.home().glob(".pyenv/versions/3.1[1-9]*/bin/python"))]
    for path in filter(None, found):
        if (
            subprocess.run(
                [path, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"], check=False, timeout=60
            ).returncode
            == 0
        ):
            return path
    return None


def main() -> int:
    """Bring the environment up to date; return the exit status."""
    if sys.version_info < OLDEST:
        path = newer_python()
        if path is None:
            say(f"error: Python {sys.version.split()[0]} is too old and no Python >= 3.11 is on PATH; install one")
            return 1
        os.execv(path, [path, __file__])
    wanted = fingerprint()
    if STAMP.is_file() and STAMP.read_text() == wanted:
        return 0
    start = time.monotonic()
    try:
        if not (get_uv() and make_with_hatch()):
            say("uv is not used" if os.environ.get("VEGA_PIP_ONLY") else "uv cannot be had")
            make_with_pip()
    except SetupError as error:
        say(f"error: {error}")
        return 1
    STAMP.write_text(wanted)
    say(f"ready in {time.monotonic() - start:.0f} s")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        say("stopped; run the same command again")
        sys.exit(130)
