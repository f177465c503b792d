"""The installer of `vega add` and `vega init`: nothing is half done when it fails."""

import sys
from pathlib import Path

import pytest

import _vega_cli
from vega.cli import _installer
from vega.cli._errors import InstallError


@pytest.fixture
def lacking(monkeypatch: pytest.MonkeyPatch, project: Path) -> Path:
    """A project in an environment where no feature is installed."""
    monkeypatch.setattr(_installer, "missing", list)
    monkeypatch.chdir(project)
    return project


def installer(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    monkeypatch.setattr(_installer, "command_for", lambda root, requirements: [sys.executable, "-c", program])


def test_what_is_installed_is_not_missing() -> None:
    assert _installer.missing(["vega-core>=0.1", "no-such-distribution>=1"]) == ["no-such-distribution>=1"]


def test_a_working_installer_enables_the_feature(lacking: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installer(monkeypatch, "open('ran', 'w').close()")

    status = _vega_cli.main(["add", "data"])

    assert status == 0
    assert (lacking / "ran").is_file()
    assert 'features = ["data"]' in (lacking / "pyproject.toml").read_text()


@pytest.mark.parametrize(
    ("program", "words", "told"),
    [
        ("import sys; print('no such version'); sys.exit(3)", [], "no such version"),
        ("import time; time.sleep(60)", ["--timeout", "0.5"], "took more than"),
    ],
)
def test_a_failing_installer_leaves_the_project_as_it_was(
    lacking: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    program: str,
    words: list[str],
    told: str,
) -> None:
    installer(monkeypatch, program)
    before = {path: path.read_bytes() for path in lacking.rglob("*") if path.is_file()}

    status = _vega_cli.main(["add", "graphql", *words])

    assert status == 1
    assert told in capsys.readouterr().err
    assert {path: path.read_bytes() for path in lacking.rglob("*") if path.is_file()} == before


def test_a_failing_installer_makes_no_project(
    lacking: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    installer(monkeypatch, "raise SystemExit(1)")
    monkeypatch.chdir(tmp_path)

    status = _vega_cli.main(["init", "depot", "--with", "data"])

    assert status == 1
    assert not (tmp_path / "depot").exists()


def test_a_dry_run_installs_nothing(lacking: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installer(monkeypatch, "open('ran', 'w').close()")

    assert _vega_cli.main(["add", "data", "--dry-run"]) == 0
    assert not (lacking / "ran").exists()


@pytest.mark.parametrize(("lock", "tool"), [("uv.lock", "uv"), ("poetry.lock", "poetry"), ("pdm.lock", "pdm")])
def test_a_lock_file_says_whose_project_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lock: str, tool: str
) -> None:
    (tmp_path / lock).touch()
    monkeypatch.setattr(_installer.shutil, "which", lambda name: f"/bin/{name}")

    assert _installer.command_for(tmp_path, ["x"])[0] == tool


def test_without_a_lock_file_pip_then_uv_then_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_installer.importlib.util, "find_spec", lambda name: object())
    with_pip = _installer.command_for(tmp_path, ["x>=1"])
    monkeypatch.setattr(_installer.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(_installer.shutil, "which", lambda name: f"/bin/{name}")
    with_uv = _installer.command_for(tmp_path, ["x>=1"])
    monkeypatch.setattr(_installer.shutil, "which", lambda name: None)

    assert with_pip[:3] == [sys.executable, "-m", "pip"]
    assert with_uv[:3] == ["uv", "pip", "install"]
    assert with_pip[-1] == with_uv[-1] == "x>=1"
    with pytest.raises(InstallError, match="neither pip nor uv"):
        _installer.command_for(tmp_path, ["x>=1"])
