"""Real installs: every package as a wheel, in an environment that holds nothing else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
UV = ROOT / ".tools" / "bin" / "uv"


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel of every package: the one in `VEGA_WHEELS`, or built now."""
    if "VEGA_WHEELS" in os.environ:
        return Path(os.environ["VEGA_WHEELS"])
    folder = tmp_path_factory.mktemp("wheels")
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        from build import build  # type: ignore[import-not-found]  # a script of tools/
    finally:
        sys.path.pop(0)
    assert len(build(folder, wheels_only=True)) == 11
    return folder


@pytest.fixture(scope="session")
def installed(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of an environment with `vega[all]` from the wheels: what the README's line installs.

    The wheel itself is named, since an unrelated distribution of a higher version has the name on the index.
    """
    (meta,) = wheels.glob("vega-*.whl")
    folder = tmp_path_factory.mktemp("environment") / ".venv"
    if UV.is_file():
        make = [[UV, "venv", "-q", "--python", sys.executable, folder]]
        fresh = [f"--refresh-package={wheel.name.split('-')[0]}" for wheel in wheels.glob("*.whl")]
        make += [[UV, "pip", "install", "-q", "--python", folder, *fresh, "--find-links", wheels, f"{meta}[all]"]]
    else:
        make = [[sys.executable, "-m", "venv", folder]]
        make += [[folder / "bin" / "pip", "install", "-q", "--find-links", wheels, f"{meta}[all]"]]
    for command in make:
        subprocess.run([str(word) for word in command], check=True, timeout=600, env={**os.environ})
    return folder / "bin"
