"""A real PostgreSQL for tests: a copy of a prepared cluster, on a separate unix socket, removed at the end."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import suppress
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast, final

from ._binaries import cache_folder, postgres_binaries
from ._errors import TestServerError

# The locale sorts as a dictionary does, so that queries without an explicit code point order fail the tests.
_LOCALES = (
    ("--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"),
    ("--locale=C.UTF-8",),
    ("--no-locale",),
)
_SETTINGS = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=60"
_LIMIT = float(os.environ.get("VEGA_TEST_SERVER_TIMEOUT", "60"))
_LONGEST = 80
_numbers = count(1)


@final
class PostgresServer:
    """A PostgreSQL server for the duration of a `with` block.

    `initdb` prepares the cluster once, in a cache folder; each server runs on a copy, under an unprivileged account
    when the tests run as root. Files left by a killed test process are removed at the next start of a server.

    Args:
        cache: the folder of the prepared cluster; `~/.cache/vega/postgres` when None.
        folder: the parent folder of the servers; the folder for temporary files when None.

    Attributes:
        url: the address without a database, `postgresql+asyncpg://vega@/?host=...`.
    """

    def __init__(self, *, cache: Path | None = None, folder: Path | None = None) -> None:
        self._cache = cache_folder() if cache is None else cache
        self._base = _base_folder() if folder is None else folder
        self._place: Path | None = None
        self._lock = -1

    @property
    def url(self) -> str:
        """The address of the server.

        Raises:
            TestServerError: the server is not running.
        """
        if self._place is None:
            raise TestServerError("the server is not running", "PostgresServer", "enter the with block first")
        return f"postgresql+asyncpg://vega@/?host={self._place}"

    def start(self) -> None:
        """Start the server and wait until it accepts connections.

        Raises:
            TestServerError: PostgreSQL is missing, or does not start.
        """
        binaries = postgres_binaries(self._cache)
        self._base.mkdir(parents=True, exist_ok=True, mode=0o711)
        sweep(self._base, binaries)
        self._place = Path(tempfile.mkdtemp(prefix="s", dir=self._base))
        self._lock = os.open(f"{self._place}.lock", os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        try:
            self._prepare(binaries)
            options = f"{_SETTINGS} -c listen_addresses='' -c unix_socket_directories='{self._place}'"
            log = self._place / "log"
            _run(binaries / "pg_ctl", "-D", self._place / "data", "-w", "-s", "-l", log, "-o", options, "start")
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server and remove its files; does nothing if not running."""
        place, self._place = self._place, None
        if place is not None:
            _remove(place, postgres_binaries(self._cache))
            os.close(self._lock)

    def _prepare(self, binaries: Path) -> None:
        """Copy the prepared cluster; prepare it first if missing."""
        assert self._place is not None
        version = subprocess.run(
            [binaries / "postgres", "--version"], check=True, capture_output=True, text=True, timeout=_LIMIT
        ).stdout
        key = hashlib.sha256(repr((version, binaries, _LOCALES)).encode()).hexdigest()[:16]
        prepared, data = self._cache / f"cluster-{key}", self._place / "data"
        account = _account()
        if prepared.is_dir():
            shutil.copytree(prepared, data)
            data.chmod(0o700)
            if account:
                for path in (self._place, data, *data.rglob("*")):
                    os.chown(path, account.pw_uid, account.pw_gid)
            return
        if account:
            os.chown(self._place, account.pw_uid, account.pw_gid)
        _initdb(binaries, data)
        self._cache.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=self._cache, prefix="draft-"))
        shutil.copytree(data, draft / "data")
        with suppress(OSError):  # a concurrent process may have created the folder
            (draft / "data").rename(prepared)
        shutil.rmtree(draft)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def new_database(server: str) -> str:
    """Create an empty database on a server and return its URL.

    Args:
        server: the URL of the server; its database is ignored.
    """
    name = f"vega_{os.getpid()}_{next(_numbers)}"
    asyncio.run(_statement(server, f'CREATE DATABASE "{name}"'))
    return _with_database(server, name)


def drop_database(url: str) -> None:
    """Drop a database of `new_database`, disconnecting its clients."""
    name = url.partition("?")[0].rpartition("/")[2]
    asyncio.run(_statement(url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


def sweep(base: Path, binaries: Path) -> None:
    """Stop and remove the servers below a folder whose owner processes have ended."""
    for lock in base.glob("s*.lock"):
        with suppress(OSError):  # locked by the owner, or removed by a concurrent sweep
            handle = os.open(lock, os.O_RDWR)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(lock.with_suffix(""), binaries)
            finally:
                os.close(handle)


def _remove(place: Path, binaries: Path) -> None:
    if (place / "data" / "postmaster.pid").is_file():
        with suppress(TestServerError):  # the server may have crashed
            _run(binaries / "pg_ctl", "-D", place / "data", "-w", "-s", "-m", "immediate", "stop")
    shutil.rmtree(place, ignore_errors=True)
    Path(f"{place}.lock").unlink(missing_ok=True)


def _initdb(binaries: Path, data: Path) -> None:
    for locale in _LOCALES:  # the first one supported by PostgreSQL and the system
        try:
            _run(binaries / "initdb", "-D", data, "-U", "vega", "-A", "trust", "-E", "UTF8", "-N", *locale)
        except TestServerError:
            if locale is _LOCALES[-1]:
                raise
            shutil.rmtree(data, ignore_errors=True)
        else:
            return


def _run(*command: str | Path) -> None:
    """Run a program of PostgreSQL under an unprivileged account."""
    account = _account()
    # A file instead of pipes: the server started by pg_ctl inherits the descriptors and would keep pipes open.
    with tempfile.TemporaryFile() as output:
        try:
            subprocess.run(
                command,
                check=True,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                timeout=_LIMIT,
                cwd="/",
                user=account and account.pw_uid,
                group=account and account.pw_gid,
                extra_groups=None if account is None else [],
            )
        except (OSError, subprocess.SubprocessError) as error:
            output.seek(0)
            output_text = output.read().decode(errors="replace").strip()[-500:]
            raise TestServerError(
                f"{Path(command[0]).name} failed: {output_text or error}", str(command[0]), "read its output"
            ) from error


def _account() -> pwd.struct_passwd | None:
    """Return the account to run as, or None for the current one: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]


def _base_folder() -> Path:
    folder = tempfile.gettempdir()
    if len(folder) > _LONGEST:  # the path of a socket has at most 107 bytes (unix(7))
        folder = "/tmp"  # noqa: S108 - the function returns a folder of the user below
    return Path(folder) / f"vega-postgres-{os.geteuid()}"


def _with_database(url: str, name: str) -> str:
    before, sign, query = url.partition("?")
    scheme, slashes, rest = before.partition("://")
    return f"{scheme}{slashes}{rest.partition('/')[0]}/{name}{sign}{query}"


async def _statement(url: str, statement: str) -> None:
    try:
        import asyncpg  # pyright: ignore[reportMissingTypeStubs] - asyncpg has no stubs
    except ImportError as error:
        raise TestServerError(
            "the driver asyncpg is missing", "the fixture postgres_url", "run: pip install 'vega-testing[postgres]'"
        ) from error

    scheme, slashes, rest = _with_database(url, "postgres").partition("://")
    connect = cast("Any", asyncpg.connect)  # pyright: ignore[reportUnknownMemberType]
    connection = await connect(f"{scheme.partition('+')[0]}{slashes}{rest}", timeout=_LIMIT)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
