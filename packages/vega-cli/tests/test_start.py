"""The start of the command: fast, and clear where the namespace is hidden."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import _vega_cli
from vega.cli import __version__

Vega = Callable[..., subprocess.CompletedProcess[str]]
FORBIDDEN = {"typer", "pydantic", "rich", "jinja2", "fastapi", "sqlalchemy", "importlib.metadata", "tomlkit"}


@pytest.mark.once
@pytest.mark.parametrize("word", ["--version", "--help"])
def test_version_and_help_load_no_third_party(word: str) -> None:
    program = f"import sys, _vega_cli; _vega_cli.main([{word!r}]); print(sorted({FORBIDDEN!r} & set(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.splitlines()[-1] == "[]"


def test_version_names_the_installed_one(vega: Vega) -> None:
    done = vega("--version")

    assert (done.returncode, done.stdout.strip()) == (0, f"vega {__version__}")


def test_help_lists_the_commands(vega: Vega) -> None:
    done = vega("--help")

    assert done.returncode == 0
    assert all(f"  {name} " in done.stdout for name in ("add", "doctor", "generate", "init", "run"))


def test_an_unknown_command_says_what_was_probably_meant(vega: Vega) -> None:
    done = vega("generat")

    assert done.returncode == 2
    assert "did you mean: vega generate" in done.stderr


def plant(folder: Path, name: str, version: str) -> None:
    """Write what a distribution that ships vega/__init__.py leaves in site-packages."""
    (folder / "vega").mkdir()
    (folder / "vega" / "__init__.py").write_text("raise ImportError('IPython is missing')\n")
    metadata = folder / f"{name}-{version}.dist-info"
    metadata.mkdir()
    (metadata / "RECORD").write_text("vega/__init__.py,,\n")


def test_a_distribution_that_hides_the_namespace_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plant(tmp_path, "vega_widget", "4.1.0")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])

    assert _vega_cli.main(["--version"]) == 0
    assert _vega_cli.main(["doctor"]) == 1
    told = capsys.readouterr().err
    assert "vega-widget" in told
    assert "pip uninstall vega-widget" in told


def test_broken_metadata_of_others_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "broken-1.dist-info"
    broken.mkdir()
    (broken / "entry_points.txt").write_bytes(b"\xff\xfe not a file [[[")
    other = tmp_path / "pay-1.dist-info"
    other.mkdir()
    (other / "entry_points.txt").write_text("[vega.commands]\npay = pay.cli:app\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])

    assert _vega_cli.entry_points("vega.commands")["pay"] == "pay.cli:app"
    assert "pay " in _vega_cli.help_text()


def test_a_command_whose_module_fails_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    metadata = tmp_path / "pay-1.dist-info"
    metadata.mkdir()
    (metadata / "entry_points.txt").write_text("[vega.commands]\npay = no_such_module:app\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])

    assert _vega_cli.main(["pay"]) == 1
    assert "'pay' cannot be loaded" in capsys.readouterr().err


def test_help_is_given_without_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert [_vega_cli.main(words) for words in ([], ["help"], ["-h"])] == [0, 0, 0]
    assert capsys.readouterr().out.count("Usage: vega") == 3


def test_a_version_is_told_where_none_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])

    assert _vega_cli.version() == "unknown"
