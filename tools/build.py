"""Builds the sdists and wheels of all packages into `dist/`, or into the folder given.

The meta-package is built twice: as `vega`, and with the same content under its name on package indexes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIMIT = float(os.environ.get("VEGA_BUILD_TIMEOUT", "600"))


def build(target: Path, *, wheels_only: bool = False) -> list[Path]:
    """Build every package and return the wheels.

    Args:
        target: where the files go; made when missing.
        wheels_only: leave the sdists out.
    """
    target.mkdir(parents=True, exist_ok=True)
    for package in sorted(ROOT.glob("packages/*/pyproject.toml")):
        _build(package.parent, target, wheels_only=wheels_only)
    with tempfile.TemporaryDirectory() as folder:
        _build(_renamed_meta_package(Path(folder)), target, wheels_only=wheels_only)
    return sorted(target.glob("*.whl"))


def _renamed_meta_package(folder: Path) -> Path:
    """Copy the meta-package into a folder under its name on package indexes; return the copy."""
    source = ROOT / "packages" / "vega"
    copy = Path(shutil.copytree(source, folder / "meta"))
    file = copy / "pyproject.toml"
    text = file.read_text(encoding="utf-8")
    settings = tomllib.loads(text)
    own, renamed = (
        f'name = "{name}"\n' for name in (settings["project"]["name"], settings["tool"]["vega-index"]["name"])
    )
    file.write_text(text.replace(own, renamed, 1), encoding="utf-8")
    return copy


def _build(package: Path, target: Path, *, wheels_only: bool) -> None:
    subprocess.run(_command(package, target, wheels_only=wheels_only), check=True, timeout=LIMIT, cwd=ROOT)


def _command(package: Path, target: Path, *, wheels_only: bool) -> list[str]:
    uv = ROOT / ".tools" / "bin" / "uv"
    if uv.is_file():
        kinds = ["--wheel"] if wheels_only else []
        return [str(uv), "build", "-q", *kinds, "--out-dir", str(target), str(package)]
    return [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--wheel-dir", str(target), str(package)]


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "dist"
    shutil.rmtree(folder, ignore_errors=True)
    for wheel in build(folder):
        print(wheel.name)
