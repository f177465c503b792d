"""A project, and the command line in a process of its own."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Vega = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def vega(tmp_path: Path) -> Vega:
    """Run `vega` in a process, in the temporary folder or in `cwd`."""

    def run(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "vega.cli", *words],
            cwd=cwd or tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A minimal project."""
    root = tmp_path / "shop"
    (root / "shop").mkdir(parents=True)
    (root / "shop" / "__init__.py").write_text('"""The shop."""\n')
    (root / "pyproject.toml").write_text(
        '[project]\nname = "shop"\nversion = "1"\ndependencies = []\n\n[tool.vega]\npackage = "shop"\nfeatures = []\n'
    )
    return root


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, project: Path) -> Iterator[Path]:
    """A folder on the path to install distributions in; the current folder is a project."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.chdir(project)
    yield folder
    sys.modules.pop("pay_kit", None)


@pytest.fixture(autouse=True)
def _forget_the_project(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "shop"]:
        del sys.modules[name]


@pytest.fixture
def paying(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project with the feature `pay`, and a folder on the path to install it in."""
    (project / "pyproject.toml").write_text('[tool.vega]\npackage = "shop"\nfeatures = ["pay"]\n')
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    yield project
    sys.modules.pop("pay_plugin", None)
