"""A project, and the command line in a process of its own."""

import subprocess
import sys
from collections.abc import Callable
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
