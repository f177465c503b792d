"""The steps of `make test` and `make check`, each one command in a process of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from wheels import HOME, ROOT, interpreter_name

BIN = ROOT / ".venv" / "bin"
PYTHON = str(BIN / "python")
INTERPRETERS = ("3.11", "3.12", "3.13", "3.14")
FULL = {"VEGA_FULL": "1", "PYTEST_TIMEOUT": "1800"}
BRIEF = {"VEGA_BRIEF": "1"}  # the oldest interpreter has drawn the examples already
# What takes longest goes first, so that the last minutes do not wait for one step.
LONGEST = ("acceptance", "vega-data", "vega-web", "install", "faults", "vega-cli")


@dataclass(frozen=True, kw_only=True)
class Step:
    """One command of the suite.

    Args:
        name: a short name for the table.
        command: the program and its arguments; empty for a step that cannot run here.
        environment: variables that it gets beside the present ones.
        skipped: why it cannot run here.
    """

    name: str
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    skipped: str = ""


def reading() -> Iterator[Step]:
    """Yield what reads the code without running it."""
    yield Step(name="ruff check", command=(str(BIN / "ruff"), "check", "."))
    yield Step(name="ruff format", command=(str(BIN / "ruff"), "format", "--check", "."))
    parts = [word for package in packages() for part in parts_of(package) for word in ("-p", part)]
    yield Step(name="mypy --strict", command=(str(BIN / "mypy"), "--strict", *parts))
    yield Step(name="pyright strict", command=(str(BIN / "pyright"),))
    yield Step(name="floors", command=(str(BIN / "lint-imports"), "--no-cache"))
    yield Step(name="floors, further rules", command=(PYTHON, "tools/floors.py"))
    yield Step(name="shape", command=(PYTHON, "tools/shape.py"))


def testing(wheels: Path, *, full: bool) -> Iterator[Step]:
    """Yield the tests: what crosses packages, and each package against its wheel alone, on every interpreter.

    Args:
        wheels: the folder with the wheels of all packages.
        full: all iterations, and what crosses packages on every interpreter instead of the oldest alone.
    """
    for version in INTERPRETERS:
        oldest = version == interpreter_name(sys.executable)
        environment = FULL if full else {} if oldest else BRIEF
        python = sys.executable if oldest else find_python(version)
        note = "" if oldest else f" on {version}"
        if python is None:
            yield Step(name=f"Python {version}", skipped=f"no python{version} on PATH or among pyenv's")
            continue
        for package in packages():
            words = () if oldest else ("--python", python, "--no-coverage")
            yield _alone(package, wheels, *words, note=note, environment=environment)
        if oldest or full:
            yield from _across(wheels, python, note=note, environment=environment)


def typing() -> Iterator[Step]:
    """Yield the checks that all that is public has a type, where the packages' own tests have installed the wheels."""
    for package in packages():
        home = HOME / f"{package}-{interpreter_name(sys.executable)}-highest" / "bin"
        path = f"{home}{os.pathsep}{BIN}{os.pathsep}{os.environ.get('PATH', '')}"
        for part in (each for each in parts_of(package) if each.startswith("vega.")):
            command = (str(BIN / "pyright"), "--verifytypes", part, "--ignoreexternal")
            yield Step(name=f"--verifytypes {part}", command=command, environment={"PATH": path})


def checking(wheels: Path) -> Iterator[Step]:
    """Yield what `make check` adds to the tests: oldest dependencies, audit."""
    for package in packages():
        words = ("--resolution", "lowest-direct", "--no-coverage")
        yield _alone(package, wheels, *words, note=", oldest dependencies", environment={})
    yield Step(name="pip-audit", command=(PYTHON, "tools/audit.py"))


def packages() -> list[str]:
    """Return the distributions that have tests of their own."""
    return [folder.parent.name for folder in sorted(ROOT.glob("packages/*/tests")) if any(folder.rglob("test_*.py"))]


def parts_of(package: str) -> list[str]:
    """Return the importable packages of a distribution."""
    folder = ROOT / "packages" / package / "src" / "vega"
    names = [f"vega.{path.name}" for path in sorted(folder.iterdir()) if (path / "__init__.py").is_file()]
    return [*names, "_vega_cli"] if package == "vega-cli" else names


def find_python(version: str) -> str | None:
    """Return an interpreter that runs: on PATH, or among pyenv's."""
    candidates = [shutil.which(f"python{version}"), *Path.home().glob(f".pyenv/versions/{version}*/bin/python")]
    for candidate in filter(None, candidates):
        done = subprocess.run([candidate, "-c", "import sys; print(sys.version)"], check=False, capture_output=True)
        if done.returncode == 0 and done.stdout.startswith(version.encode()):
            return str(candidate)
    return None


def _alone(package: str, wheels: Path, *words: str, note: str, environment: Mapping[str, str]) -> Step:
    command = (PYTHON, "tools/alone.py", package, str(wheels), *words)
    return Step(name=f"{package}{note}", command=command, environment=environment)


def _across(wheels: Path, python: str, *, note: str, environment: Mapping[str, str]) -> Iterator[Step]:
    """Yield the tests over all packages, by folder; another interpreter gets an environment with all wheels."""
    folders = sorted(folder.name for folder in (ROOT / "tests").iterdir() if any(folder.glob("test_*.py")))
    for name in folders:
        command = (PYTHON, "-m", "pytest", f"tests/{name}", "-q", "--no-header")
        if note:
            command = (PYTHON, "tools/across.py", str(wheels), python, f"tests/{name}")
        yield Step(name=f"{name}{note}", command=command, environment={**environment, "VEGA_WHEELS": str(wheels)})
