"""The floors hold, and each way to break them is seen."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLANTED = {
    "sideways": ("jobs", "from vega.data import Database"),
    "upwards": ("di", "from vega.core import ErrorKind"),
    "patterns to core": ("patterns", "from vega.core import Application"),
    "settings to patterns": ("settings", "import vega.patterns"),
    "discovery to settings": ("discovery", "def late():\n    from vega.settings import BaseSettings"),
    "di to errors": ("di", "from vega.errors import ErrorKind"),
    "errors to di": ("errors", "from vega.di import Container"),
    "errors to events": ("errors", "from vega.events import Event"),
    "events to di": ("events", "import vega.di"),
    "inside a function": ("core", "def late():\n    from vega.web import create_app"),
    "under TYPE_CHECKING": (
        "web",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from vega.jobs import JobQueue",
    ),
    "cli to a feature": ("cli", "from vega.data import Database"),
}
PLANTED_FURTHER = {
    "third party in di": ("di", "import pydantic"),
    "third party in errors": ("errors", "import pydantic"),
    "third party in events": ("events", "def late():\n    import redis"),
    "undeclared third party": ("jobs", "import sqlalchemy"),
    "typer outside the command module": ("web", "import typer"),
    "private name across packages": ("data", "from vega.core._errors import CoreError"),
    "private module across packages": ("web", "from vega.di import _container"),
    "no part": ("core", "from vega.nothing import x"),
}


def floors(*folders: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "tools" / "floors.py"), *map(str, folders)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def plant(folder: Path, part: str, text: str) -> Path:
    """Copy the package that holds a part, put a module into the part, and return the copy's source folder."""
    (source,) = (path.parents[1] for path in ROOT.glob(f"packages/*/src/vega/{part}"))
    shutil.copytree(source, folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "src" / "vega" / part / "planted.py").write_text(text + "\n")
    return folder / "src"


def lint_imports(source: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache", "--config", str(ROOT / "pyproject.toml")],
        env={**os.environ, "PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=source,
    )


def test_the_source_keeps_the_floors() -> None:
    done = floors()

    assert done.returncode == 0, done.stdout


def test_the_wheels_keep_the_floors(wheels: Path, tmp_path: Path) -> None:
    for wheel in wheels.glob("vega_*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(tmp_path)

    for done in (floors(tmp_path), lint_imports(tmp_path)):
        assert done.returncode == 0, done.stdout


def test_import_linter_reads_the_wheels_and_not_the_source(wheels: Path, tmp_path: Path) -> None:
    for wheel in wheels.glob("vega_*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(tmp_path)
    (tmp_path / "vega" / "di" / "planted.py").write_text("import vega.web\n")

    done = lint_imports(tmp_path)

    assert done.returncode == 1
    assert "vega.di.planted" in done.stdout


@pytest.mark.parametrize("kind", [*PLANTED, *PLANTED_FURTHER])
def test_each_planted_breach_is_found_with_its_line(kind: str, tmp_path: Path) -> None:
    part, text = {**PLANTED, **PLANTED_FURTHER}[kind]

    done = floors(plant(tmp_path, part, text))

    assert done.returncode == 1
    assert f"vega/{part}/planted.py:" in done.stdout
    assert done.stdout.rstrip().endswith("1 imports break the floors")


@pytest.mark.parametrize("kind", PLANTED)
def test_import_linter_sees_each_breach_of_a_layer(kind: str, tmp_path: Path) -> None:
    part, text = PLANTED[kind]

    done = lint_imports(plant(tmp_path, part, text))

    assert done.returncode == 1, done.stdout
    assert f"vega.{part}.planted" in done.stdout


def test_import_linter_sees_a_part_that_is_on_no_floor(tmp_path: Path) -> None:
    source = plant(tmp_path, "di", "")
    (source / "vega" / "attic").mkdir()
    (source / "vega" / "attic" / "__init__.py").touch()

    done = lint_imports(source)

    assert done.returncode == 1
    assert "attic" in done.stdout
