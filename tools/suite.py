"""Runs everything that must hold, each part in a process of its own, and ends with one table.

`python tools/suite.py test` is the everyday form; `check` adds the other interpreters and full iteration counts.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
LIMIT = float(os.environ.get("VEGA_SUITE_TIMEOUT", "1500"))
PARTS = (
    "di",
    "events",
    "core",
    "patterns",
    "settings",
    "discovery",
    "data",
    "web",
    "graphql",
    "jobs",
    "testing",
    "cli",
)
_COUNTS = re.compile(r"(\d+) (passed|failed|errors?|skipped|xfailed|deselected)")


@dataclass(frozen=True, kw_only=True)
class Step:
    """One command of the suite.

    Args:
        name: a short name for the table.
        command: the program and its arguments.
        environment: variables that it gets beside the present ones.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a step: its status, seconds, and the counts of pytest's closing line, branch coverage in %."""

    step: Step
    status: int
    seconds: float
    counts: Mapping[str, int]
    coverage: str


def lint_steps() -> Iterator[Step]:
    """Yield what reads the code without running it."""
    yield Step(name="ruff check", command=(str(BIN / "ruff"), "check", "."))
    yield Step(name="ruff format", command=(str(BIN / "ruff"), "format", "--check", "."))
    packages = [word for part in PARTS for word in ("-p", f"vega.{part}")]
    yield Step(name="mypy --strict", command=(str(BIN / "mypy"), "--strict", *packages, "-m", "_vega_cli"))
    yield Step(name="floors", command=(str(BIN / "lint-imports"), "--no-cache"))
    yield Step(name="shape", command=(str(BIN / "python"), "tools/shape.py"))
    yield Step(name="floors, further rules", command=(str(BIN / "python"), "tools/floors.py"))


def test_steps(mode: str, wheels: Path) -> Iterator[Step]:
    """Yield the tests: each package against its wheel alone, then what crosses packages."""
    environment = {"VEGA_FULL": "1", "HYPOTHESIS_PROFILE": "full"} if mode == "check" else {}
    for package in packages():
        yield alone(package, wheels, environment=environment)
    command = (str(BIN / "python"), "-m", "pytest", "tests", "-q", "--no-header")
    yield Step(name="across", command=command, environment=environment)


def checkers() -> Step:
    """Return the step that pins inferred types under mypy and pyright; pyright needs node."""
    files = sorted(str(file) for file in ROOT.glob("packages/*/tests/test_typing*.py"))
    command = (str(BIN / "python"), "-m", "pytest", "-q", "--no-header", *files)
    return Step(name="types, both checkers", command=command)


def packages() -> list[str]:
    """Return the distributions that have tests of their own."""
    return [folder.parent.name for folder in sorted(ROOT.glob("packages/*/tests")) if any(folder.rglob("test_*.py"))]


def alone(package: str, wheels: Path, *words: str, environment: Mapping[str, str], note: str = "") -> Step:
    """Return the step that runs a package's tests against its wheel alone."""
    command = (str(BIN / "python"), "tools/alone.py", package, str(wheels), *words)
    return Step(name=f"{package}{note}", command=command, environment=environment)


def other_interpreters(wheels: Path) -> Iterator[Step]:
    """Yield the packages' own tests on every other supported interpreter that is found by path."""
    for minor in range(11, 15):
        version = f"3.{minor}"
        if sys.version_info[:2] == (3, minor):
            continue
        found = find_python(version)
        if found is None:
            print(f"[suite] Python {version} is not on this machine: skipped", flush=True)
            continue
        for package in packages():
            words = ("--python", found, "--no-coverage")
            yield alone(package, wheels, *words, environment={}, note=f" on {version}")


def oldest_dependencies(wheels: Path) -> Iterator[Step]:
    """Yield the packages' own tests with the oldest dependencies that each says it bears."""
    for package in packages():
        words = ("--resolution", "lowest-direct", "--no-coverage")
        yield alone(package, wheels, *words, environment={}, note=", oldest dependencies")


def find_python(version: str) -> str | None:
    """Return an interpreter that runs: on PATH, or among pyenv's."""
    candidates = [shutil.which(f"python{version}"), *Path.home().glob(f".pyenv/versions/{version}*/bin/python")]
    for candidate in filter(None, candidates):
        done = subprocess.run([candidate, "-c", "import sys; print(sys.version)"], check=False, capture_output=True)
        if done.returncode == 0 and done.stdout.startswith(version.encode()):
            return str(candidate)
    return None


def run(step: Step) -> Outcome:
    """Run one step, show its output, and return what became of it."""
    print(f"\n== {step.name}", flush=True)
    start = time.monotonic()
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}", **step.environment}
    child = subprocess.Popen(
        step.command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    lines: list[str] = []
    assert child.stdout is not None
    for line in child.stdout:
        print(line, end="", flush=True)
        lines.append(line)
    status = child.wait(timeout=LIMIT)
    closing = next((line for line in reversed(lines) if " in " in line and _COUNTS.search(line)), "")
    counts = {word.removesuffix("s"): int(number) for number, word in _COUNTS.findall(closing)}
    coverage = next((line.split()[1] for line in reversed(lines) if line.startswith("coverage: ")), "")
    seconds = time.monotonic() - start
    return Outcome(step=step, status=status, seconds=seconds, counts=counts, coverage=coverage)


def report(outcomes: list[Outcome]) -> int:
    """Print the table and the closing line; return the exit status."""
    print(f"\n{'what ran':34} {'result':8} {'seconds':>8}  passed  failed  skipped  coverage %")
    totals = {"passed": 0, "failed": 0, "skipped": 0}
    for outcome in outcomes:
        counts = {
            "passed": outcome.counts.get("passed", 0),
            "failed": outcome.counts.get("failed", 0) + outcome.counts.get("error", 0),
            "skipped": outcome.counts.get("skipped", 0),
        }
        if outcome.status and not counts["failed"]:
            counts["failed"] = 1
        elif not outcome.counts:
            counts["passed"] = 1
        totals = {word: totals[word] + counts[word] for word in totals}
        result = "ok" if outcome.status == 0 else f"exit {outcome.status}"
        row = f"{outcome.step.name:34} {result:8} {outcome.seconds:8.1f}"
        print(row + "".join(f"  {counts[word]:6}" for word in totals) + f"   {outcome.coverage:>10}")
    print(f"\n{totals['passed']} passed, {totals['failed']} failed, {totals['skipped']} skipped", flush=True)
    return int(any(outcome.status for outcome in outcomes))


def main(mode: str) -> int:
    """Run the suite in a mode (`test` or `check`) and return the exit status."""
    sys.path.insert(0, str(ROOT / "tools"))
    from bootstrap import use_caches_when_offline
    from wheels import fresh_wheels

    tools = ROOT / ".tools" / "bin" / "python"
    use_caches_when_offline(tools if tools.exists() else BIN / "python")

    outcomes = [run(step) for step in lint_steps()]
    wheels = fresh_wheels()
    outcomes += [run(step) for step in test_steps(mode, wheels)]
    if mode == "check":
        outcomes.append(run(checkers()))
        outcomes += [run(step) for step in (*other_interpreters(wheels), *oldest_dependencies(wheels))]
    return report(outcomes)


if __name__ == "__main__":
    if sys.argv[1:] not in (["test"], ["check"]):
        sys.exit("usage: python tools/suite.py test|check")
    sys.exit(main(sys.argv[1]))
