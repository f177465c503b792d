"""A real PostgreSQL for tests: a copy of a prepared cluster, on a unix socket of its own, gone at the end."""

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

# Words as in a dictionary, not by code point: what forgets to ask for code points fails the tests.
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
    """A server that lives as long as a `with` block.

    The cluster is prepared once by `initdb` and kept in a cache folder; each server runs on a copy, under an account
    without privileges when the tests run as root. What a killed test process left behind, the next one clears away.

    Args:
        cache: where the prepared cluster is kept; `~/.cache/vega/postgres` when None.
        folder: where the servers' own folders are made; the folder for temporary files when None.

    Attributes:
        url: its address without a database, `postgresql+asyncpg://vega@/?host=...`.
    """

    def __init__(self, *, cache: Path | None = None, folder: Path | None = None) -> None:
        self._cache = cache_folder() if cache is None else cache
        self._base = _base_folder() if folder is None else folder
        self._place: Path | None = None
        self._lock = -1

    @property
    def url(self) -> str:
        """The server's address.

        Raises:
            TestServerError: it is not running.
        """
        if self._place is None:
            raise TestServerError("the server is not running", "PostgresServer", "enter the with block first")
        return f"postgresql+asyncpg://vega@/?host={self._place}"

    def start(self) -> None:
        """Start the server, and return when it answers.

        Raises:
            TestServerError: there is no PostgreSQL, or it does not start.
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
        """Stop the server and remove its files; does nothing when it is not running."""
        place, self._place = self._place, None
        if place is not None:
            _remove(place, postgres_binaries(self._cache))
            os.close(self._lock)

    def _prepare(self, binaries: Path) -> None:
        """Lay a cluster: a copy of the prepared one, which is prepared now if there is none."""
        assert self._place is not None
        said = subprocess.run(
            [binaries / "postgres", "--version"], check=True, capture_output=True, text=True, timeout=_LIMIT
        ).stdout
        key = hashlib.sha256(repr((said, binaries, _LOCALES)).encode()).hexdigest()[:16]
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
        with suppress(OSError):  # another process may have been first, which is as good
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
    """Make an empty database on a server and return its URL.

    Args:
        server: the URL of the server; a database in it is ignored.
    """
    name = f"vega_{os.getpid()}_{next(_numbers)}"
    asyncio.run(_statement(server, f'CREATE DATABASE "{name}"'))
    return _with_database(server, name)


def drop_database(url: str) -> None:
    """Drop a database that `new_database` made, also when clients are still connected."""
    name = url.partition("?")[0].rpartition("/")[2]
    asyncio.run(_statement(url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


def sweep(base: Path, binaries: Path) -> None:
    """Stop and remove the servers below a folder whose owners are gone."""
    for lock in base.glob("s*.lock"):
        with suppress(OSError):  # held by its owner, or taken away by another sweep
            handle = os.open(lock, os.O_RDWR)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(lock.with_suffix(""), binaries)
            finally:
                os.close(handle)


def _remove(place: Path, binaries: Path) -> None:
    if (place / "data" / "postmaster.pid").is_file():
        with suppress(TestServerError):  # it may have died on its own
            _run(binaries / "pg_ctl", "-D", place / "data", "-w", "-s", "-m", "immediate", "stop")
    shutil.rmtree(place, ignore_errors=True)
    Path(f"{place}.lock").unlink(missing_ok=True)


def _initdb(binaries: Path, data: Path) -> None:
    for locale in _LOCALES:  # the first that this build of PostgreSQL and this machine know
        try:
            _run(binaries / "initdb", "-D", data, "-U", "vega", "-A", "trust", "-E", "UTF8", "-N", *locale)
        except TestServerError:
            if locale is _LOCALES[-1]:
                raise
            shutil.rmtree(data, ignore_errors=True)
        else:
            return


def _run(*command: str | Path) -> None:
    """Run a program of PostgreSQL, as an account without privileges."""
    account = _account()
    # Nothing of it may keep our pipes open: the server that pg_ctl starts inherits them.
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
            said = output.read().decode(errors="replace").strip()[-500:]
            raise TestServerError(
                f"{Path(command[0]).name} failed: {said or error}", str(command[0]), "read what it says"
            ) from error


def _account() -> pwd.struct_passwd | None:
    """Return the account to run as, None for our own: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]


def _base_folder() -> Path:
    folder = tempfile.gettempdir()
    if len(folder) > _LONGEST:  # a socket's path has 107 bytes at most (unix(7))
        folder = "/tmp"  # noqa: S108 - a folder of the user's own is made inside
    return Path(folder) / f"vega-postgres-{os.geteuid()}"


def _with_database(url: str, name: str) -> str:
    before, sign, query = url.partition("?")
    scheme, slashes, rest = before.partition("://")
    return f"{scheme}{slashes}{rest.partition('/')[0]}/{name}{sign}{query}"


async def _statement(url: str, statement: str) -> None:
    try:
        import asyncpg  # pyright: ignore[reportMissingTypeStubs] - it has none
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
