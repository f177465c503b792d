"""Environments that hold one package's wheel, its declared dependencies and its test group, and nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from bootstrap import environment
from build import build

ROOT = Path(__file__).resolve().parent.parent
UV = ROOT / ".tools" / "bin" / "uv"
HOME = ROOT / ".hatch" / "alone"
LIMIT = 600.0


def fresh_wheels(folder: Path) -> Path:
    """Build every package's wheel into a folder, and nothing else there; return the folder."""
    shutil.rmtree(folder, ignore_errors=True)
    build(folder, wheels_only=True)
    return folder


def environment_for(package: str, wheels: Path, *, python: str = sys.executable, resolution: str = "highest") -> Path:
    """Make an environment for the tests of one package, and return its Python.

    Args:
        package: the distribution's name.
        wheels: the folder with the wheels of all packages.
        python: the interpreter.
        resolution: `highest`, or `lowest-direct` for the oldest dependencies that the package says it bears.
    """
    folder = HOME / f"{package}-{interpreter_name(python)}-{resolution}"
    (wheel,) = wheels.glob(f"{package.replace('-', '_')}-*.whl")
    _make(folder, wheels, python, [str(wheel), *test_group(package)], resolution)
    return folder / "bin" / "python"


def house_environment(folder: Path, wheels: Path, *, python: str) -> None:
    """Make an environment with every wheel, as the development environment has every package."""
    members, dependencies = environment()
    wanted = list(dependencies)
    for path, features in members:
        (wheel,) = wheels.glob(f"{Path(path).name.replace('-', '_')}-*.whl")
        wanted.append(f"{wheel}[{','.join(features)}]" if features else str(wheel))
    _make(folder, wheels, python, wanted, "highest")


def interpreter_name(python: str) -> str:
    """Return an interpreter's version without the patch level, such as `3.12`."""
    program = "import sys; print('%d.%d' % sys.version_info[:2])"
    done = subprocess.run([python, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.strip()


def test_group(package: str) -> list[str]:
    """Return the requirements of a package's `test` group."""
    settings = tomllib.loads((ROOT / "packages" / package / "pyproject.toml").read_text(encoding="utf-8"))
    group: list[str] = settings["dependency-groups"]["test"]
    return group


def copy_tests(package: str, target: Path) -> Path:
    """Copy a package's tests to a folder far from its source, with pytest's settings; return the folder."""
    shutil.rmtree(target, ignore_errors=True)
    source = ROOT / "packages" / package / "tests"
    shutil.copytree(source, target / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "packages" / package / "README.md", target)
    shutil.copy(ROOT / "conftest.py", target)
    shared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["pytest"]["ini_options"]
    lines = ["[pytest]", f"addopts = {' '.join(shared['addopts'])}", f"timeout = {shared['timeout']}"]
    lines += ["markers =", *(f"    {marker}" for marker in shared["markers"])]
    lines += ["xfail_strict = true", "filterwarnings =", *(f"    {rule}" for rule in shared["filterwarnings"])]
    (target / "pytest.ini").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return target


def _make(folder: Path, wheels: Path, python: str, wanted: list[str], resolution: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    if UV.is_file():
        _run([str(UV), "venv", "-q", "--python", python, str(folder)])
        install = [str(UV), "pip", "install", "-q", "--python", str(folder), "--resolution", resolution]
        # Their version stays while they change: without the word uv takes those it unpacked some time ago.
        install += [f"--refresh-package={wheel.name.split('-')[0]}" for wheel in sorted(wheels.glob("*.whl"))]
    else:
        _run([python, "-m", "venv", str(folder)])
        install = [str(folder / "bin" / "pip"), "install", "-q", "--disable-pip-version-check"]
    _run([*install, "--find-links", str(wheels), *wanted])


def _run(command: list[str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=LIMIT)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
