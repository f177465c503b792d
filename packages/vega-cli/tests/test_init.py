"""`vega init`."""

import json
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

import _vega_cli

Vega = Callable[..., subprocess.CompletedProcess[str]]


def test_a_new_project_is_a_vega_project(vega: Vega, tmp_path: Path) -> None:
    done = vega("init", "shop", "--no-install")

    assert done.returncode == 0, done.stderr
    settings = tomllib.loads((tmp_path / "shop" / "pyproject.toml").read_text())
    assert settings["tool"]["vega"] == {"package": "shop", "features": []}
    assert (tmp_path / "shop" / "shop" / "settings.py").is_file()


@pytest.mark.parametrize("name", ["class", "bad name!", "../../evil", "vega", "json", "pytest", "a" * 300, ""])
def test_a_bad_name_is_refused_and_nothing_written(vega: Vega, tmp_path: Path, name: str) -> None:
    done = vega("init", name, "--no-install")

    assert done.returncode == 2
    assert "error" in done.stderr.lower()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_is_left_alone(vega: Vega, tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()

    done = vega("init", "shop", "--no-install")

    assert done.returncode == 3
    assert list((tmp_path / "shop").iterdir()) == []


def test_a_dry_run_makes_nothing(vega: Vega, tmp_path: Path) -> None:
    done = vega("init", "shop", "--no-install", "--dry-run", "--json")

    plan = json.loads(done.stdout)
    assert plan["applied"] is False
    assert {"path": "pyproject.toml", "status": "create"} in plan["changes"]
    assert list(tmp_path.iterdir()) == []


def test_the_plan_is_what_is_made(vega: Vega, tmp_path: Path) -> None:
    plan = json.loads(vega("init", "shop", "--no-install", "--dry-run", "--json").stdout)
    vega("init", "shop", "--no-install")

    made = {path.relative_to(tmp_path / "shop").as_posix() for path in (tmp_path / "shop").rglob("*") if path.is_file()}
    assert made == {change["path"] for change in plan["changes"]}


def test_an_unknown_feature_is_refused_and_nothing_written(vega: Vega, tmp_path: Path) -> None:
    done = vega("init", "shop", "--no-install", "--with", "grafql")

    assert done.returncode == 2
    assert "did you mean: graphql" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    def full(*_: object, **__: object) -> str:
        raise OSError(28, "No space left on device", "shop")

    monkeypatch.setattr("tempfile.mkdtemp", full)

    assert _vega_cli.main(["init", "depot", "--no-install"]) == 1
    assert "No space left" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
