"""Runs everything that must hold, each part in a process of its own, and ends with one table.

`python tools/suite.py test` is the everyday form; `check` has full iteration counts, every interpreter for
everything, the oldest dependencies and an audit. As many steps run at once as there are cores; `VEGA_SUITE_JOBS` says
otherwise, `VEGA_SUITE_TIMEOUT` bounds each step (seconds).
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock

from steps import BIN, LONGEST, ROOT, Step, checking, reading, testing, typing
from wheels import HOME, fresh_wheels

LIMIT = float(os.environ.get("VEGA_SUITE_TIMEOUT", "2400"))
JOBS = int(os.environ.get("VEGA_SUITE_JOBS", os.cpu_count() or 1))
_COUNTS = re.compile(r"(\d+) (passed|failed|errors?|skipped|xfailed|deselected)")
_COVERED = re.compile(r"coverage: ([\d.]+) % of lines and branches, ([\d.]+) % of branches")
_SKIPPED = re.compile(r"^SKIPPED \[(\d+)\] (?:\S+: )?(.*)$")
_printing = Lock()


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a step: status, seconds, the counts of pytest's closing line, coverage in %, skips' reasons."""

    step: Step
    status: int = 0
    seconds: float = 0.0
    counts: Mapping[str, int] = field(default_factory=dict[str, int])
    coverage: str = ""
    skips: tuple[str, ...] = ()


def run(step: Step) -> Outcome:
    """Run one step, show its output when it is done, and return what became of it."""
    if not step.command:
        return Outcome(step=step, counts={"skipped": 1}, skips=(step.skipped,))
    start = time.monotonic()
    path = f"{BIN}{os.pathsep}{ROOT / '.tools' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    # Tests start hundreds of interpreters, which would compile everything anew each time.
    around = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        child = subprocess.Popen(
            step.command,
            cwd=ROOT,
            env={**around, "PATH": path, **step.environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            status = child.wait(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            status = child.wait()
            output.write(f"\nkilled after {LIMIT:.0f} s (VEGA_SUITE_TIMEOUT)\n")
        output.seek(0)
        lines = output.read().splitlines()
    seconds = time.monotonic() - start
    with _printing:
        print("\n".join(["", f"== {step.name} ({seconds:.0f} s)", *lines]), flush=True)
    return _read(step, status, seconds, lines)


def _read(step: Step, status: int, seconds: float, lines: list[str]) -> Outcome:
    closing = next((line for line in reversed(lines) if " in " in line and _COUNTS.search(line)), "")
    counts = {word.removesuffix("s"): int(number) for number, word in _COUNTS.findall(closing)}
    found = next(filter(None, map(_COVERED.match, reversed(lines))), None)
    coverage = f"{found[1]} ({found[2]})" if found else ""
    skips = tuple(found[2] for line in lines if (found := _SKIPPED.match(line)))
    return Outcome(step=step, status=status, seconds=seconds, counts=counts, coverage=coverage, skips=skips)


def run_all(steps: Iterable[Step]) -> list[Outcome]:
    """Run steps, several at once and the longest first; return their outcomes in the order given."""

    def place(step: Step) -> int:
        return next((number for number, word in enumerate(LONGEST) if step.name.startswith(word)), len(LONGEST))

    wanted = list(steps)
    order = sorted(wanted, key=place)
    with ThreadPoolExecutor(JOBS) as pool:
        running = {step.name: pool.submit(run, step) for step in order}
        return [running[step.name].result() for step in wanted]


def report(outcomes: list[Outcome], seconds: float) -> int:
    """Print the table, what was skipped and why, and the closing line; return the exit status."""
    print(f"\n{'what ran':34} {'result':8} {'seconds':>8}  passed  failed  skipped  coverage % (branches)")
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
        result = "skipped" if not outcome.step.command else "ok" if outcome.status == 0 else f"exit {outcome.status}"
        row = f"{outcome.step.name:34} {result:8} {outcome.seconds:8.1f}"
        print(row + "".join(f"  {counts[word]:6}" for word in totals) + f"   {outcome.coverage:>16}")
    print("".join(f"\nskipped in {each.step.name}: {reason}" for each in outcomes for reason in each.skips))
    summary = ", ".join(f"{number} {word}" for word, number in totals.items())
    print(f"\n{summary} in {seconds:.0f} s", flush=True)
    return int(any(outcome.status for outcome in outcomes))


def main(mode: str) -> int:
    """Run the suite in a mode (`test` or `check`) and return the exit status."""
    from bootstrap import use_caches_when_offline

    start = time.monotonic()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # children of a shell's background job would ignore it
    tools = ROOT / ".tools" / "bin" / "python"
    use_caches_when_offline(tools if tools.exists() else BIN / "python")
    outcomes = run_all(reading())
    wheels = fresh_wheels(HOME / "wheels")
    outcomes += run_all(testing(wheels, full=mode == "check"))
    outcomes += run_all(typing())
    if mode == "check":
        outcomes += run_all(checking(wheels))
    return report(outcomes, time.monotonic() - start)


if __name__ == "__main__":
    if sys.argv[1:] not in (["test"], ["check"]):
        sys.exit("usage: python tools/suite.py test|check")
    sys.exit(main(sys.argv[1]))
