"""Runs tests over all packages on another interpreter, against the wheels: `across.py WHEELS PYTHON tests/install`."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

from wheels import HOME, ROOT, house_environment, interpreter_name


def main() -> int:
    """Make the environment, once for all callers, and run the tests; return their exit status."""
    wheels, python, *targets = sys.argv[1:]
    folder = HOME / f"house-{interpreter_name(python)}"
    HOME.mkdir(parents=True, exist_ok=True)
    with (HOME / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = folder / ".wheels"
        if not stamp.is_file() or stamp.stat().st_mtime < Path(wheels).stat().st_mtime:
            house_environment(folder, Path(wheels), python=python)
            stamp.touch()
    environment = {**os.environ, "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}
    command = [folder / "bin" / "python", "-m", "pytest", *targets, "-q", "--no-header"]
    return subprocess.run(command, check=False, cwd=ROOT, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
