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
DURATIONS = "--durations=20 --durations-min=0.5"
EVERYDAY = {"PYTEST_ADDOPTS": DURATIONS}
FULL = {"VEGA_FULL": "1", "PYTEST_TIMEOUT": "1800", "PYTEST_ADDOPTS": DURATIONS}
# A further interpreter in `make test`: the oldest one has drawn the examples and started the processes already.
BRIEF = {"VEGA_BRIEF": "1", "PYTEST_ADDOPTS": f"{DURATIONS} -m 'not once'"}
# The longest steps go first, so that the last minutes do not wait for one step.
LONGEST = ("acceptance", "vega-data", "vega-web", "install", "faults", "vega-cli")


@dataclass(frozen=True, kw_only=True)
class Budget:
    """CPU seconds that a step may take, its children included.

    Args:
        everyday: on the oldest interpreter in `make test`, and with the oldest dependencies.
        brief: on each further interpreter in `make test`.
        full: on each interpreter in `make check`.
    """

    everyday: int
    brief: int = 0
    full: int = 0


@dataclass(frozen=True, kw_only=True)
class Step:
    """One command of the suite.

    Args:
        name: a short name for the table.
        part: the part it belongs to, as `make check PART=...` names it: a package without `vega-`, a folder of
            `tests/`, `lint` or `audit`.
        budget: CPU seconds that it may take, children included; 0 for no limit.
        command: the program and its arguments; empty for a step that cannot run here.
        environment: variables that it gets beside the present ones.
        skipped: why it cannot run here.
    """

    name: str
    part: str
    budget: int = 0
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    skipped: str = ""


BUDGETS = {
    "ruff check": Budget(everyday=5),
    "ruff format": Budget(everyday=5),
    "mypy --strict": Budget(everyday=60),
    "pyright strict": Budget(everyday=100),
    "floors": Budget(everyday=5),
    "floors, further rules": Budget(everyday=5),
    "shape": Budget(everyday=5),
    "prose": Budget(everyday=10),
    "vega-cli": Budget(everyday=60, brief=20, full=90),
    "vega-core": Budget(everyday=60, brief=50, full=160),
    "vega-data": Budget(everyday=180, brief=70, full=800),
    "vega-di": Budget(everyday=60, brief=40, full=350),
    "vega-events": Budget(everyday=20, brief=20, full=120),
    "vega-graphql": Budget(everyday=20, brief=15, full=20),
    "vega-jobs": Budget(everyday=50, brief=30, full=60),
    "vega-testing": Budget(everyday=50, brief=30, full=60),
    "vega-web": Budget(everyday=200, brief=80, full=950),
    "acceptance": Budget(everyday=150, full=250),
    "architecture": Budget(everyday=120, full=150),
    "contract": Budget(everyday=30, full=40),
    "docs": Budget(everyday=50, full=80),
    "faults": Budget(everyday=40, full=200),
    "install": Budget(everyday=130, full=160),
    "types": Budget(everyday=80, full=90),
    "--verifytypes": Budget(everyday=15),
}


def reading() -> Iterator[Step]:
    """Yield the checks that read the code without running it."""
    yield _lint("ruff check", str(BIN / "ruff"), "check", ".")
    yield _lint("ruff format", str(BIN / "ruff"), "format", "--check", ".")
    parts = [word for package in packages() for part in parts_of(package) for word in ("-p", part)]
    yield _lint("mypy --strict", str(BIN / "mypy"), "--strict", *parts)
    yield _lint("pyright strict", str(BIN / "pyright"))
    yield _lint("floors", str(BIN / "lint-imports"), "--no-cache")
    yield _lint("floors, further rules", PYTHON, "tools/floors.py")
    yield _lint("shape", PYTHON, "tools/shape.py")
    yield _lint("prose", PYTHON, "tools/prose.py")


def _lint(name: str, *command: str) -> Step:
    return Step(name=name, part="lint", budget=BUDGETS[name].everyday, command=command)


def testing(wheels: Path, *, full: bool) -> Iterator[Step]:
    """Yield the tests: what crosses packages, and each package against its wheel alone, on every interpreter.

    Args:
        wheels: the folder with the wheels of all packages.
        full: all iterations, and what crosses packages on every interpreter instead of the oldest alone.
    """
    for version in INTERPRETERS:
        oldest = version == interpreter_name(sys.executable)
        kind = "full" if full else "everyday" if oldest else "brief"
        environment = {"full": FULL, "everyday": EVERYDAY, "brief": BRIEF}[kind]
        python = sys.executable if oldest else find_python(version)
        note = "" if oldest else f" on {version}"
        if python is None:
            yield Step(
                name=f"Python {version}", part="interpreters", skipped=f"no python{version} on PATH or among pyenv's"
            )
            continue
        for package in packages():
            measured = ("--coverage",) if full and oldest else ()  # tracing doubles the time of a step
            words = (*measured, "--python", python)
            yield _alone(package, wheels, *words, note=note, environment=environment, kind=kind)
        if oldest or full:
            yield from _across(wheels, python, note=note, environment=environment, kind=kind)


def typing() -> Iterator[Step]:
    """Yield the checks that all that is public has a type, where the packages' own tests have installed the wheels."""
    for package in packages():
        home = HOME / f"{package}-{interpreter_name(sys.executable)}-highest" / "bin"
        path = f"{home}{os.pathsep}{BIN}{os.pathsep}{os.environ.get('PATH', '')}"
        for part in (each for each in parts_of(package) if each.startswith("vega.")):
            command = (str(BIN / "pyright"), "--verifytypes", part, "--ignoreexternal")
            name, budget = f"--verifytypes {part}", BUDGETS["--verifytypes"].everyday
            yield Step(name=name, part=_part(package), budget=budget, command=command, environment={"PATH": path})


def checking(wheels: Path) -> Iterator[Step]:
    """Yield what `make check` adds to the tests: oldest dependencies, audit."""
    for package in packages():
        words = ("--resolution", "lowest-direct")
        yield _alone(package, wheels, *words, note=", oldest dependencies", environment=EVERYDAY, kind="everyday")
    yield Step(name="pip-audit", part="audit", command=(PYTHON, "tools/audit.py"))


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


def _part(package: str) -> str:
    return package.removeprefix("vega-")


def _alone(package: str, wheels: Path, *words: str, note: str, environment: Mapping[str, str], kind: str) -> Step:
    command = (PYTHON, "tools/alone.py", package, str(wheels), *words)
    budget: int = getattr(BUDGETS[package], kind)
    return Step(name=f"{package}{note}", part=_part(package), budget=budget, command=command, environment=environment)


def _across(wheels: Path, python: str, *, note: str, environment: Mapping[str, str], kind: str) -> Iterator[Step]:
    """Yield the tests over all packages, by folder; another interpreter gets an environment with all wheels."""
    folders = sorted(folder.name for folder in (ROOT / "tests").iterdir() if any(folder.glob("test_*.py")))
    for name in folders:
        command = (PYTHON, "-m", "pytest", f"tests/{name}", "-q", "--no-header")
        if note:
            command = (PYTHON, "tools/across.py", str(wheels), python, f"tests/{name}")
        budget: int = getattr(BUDGETS[name], kind)
        variables = {**environment, "VEGA_WHEELS": str(wheels)}
        yield Step(name=f"{name}{note}", part=name, budget=budget, command=command, environment=variables)
