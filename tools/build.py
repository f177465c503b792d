"""Builds the sdists and wheels of all packages into `dist/`, or into the folder given."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
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
        subprocess.run(_command(package.parent, target, wheels_only=wheels_only), check=True, timeout=LIMIT, cwd=ROOT)
    return sorted(target.glob("*.whl"))


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
