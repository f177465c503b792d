"""Runs everything that must hold, each part in a process of its own, and ends with one table.

`python tools/suite.py test` is the everyday form; `check` has full iteration counts, every interpreter for
everything, the oldest dependencies and an audit. A part after it (`check data`) runs the steps of that part alone.
As many steps run at once as there are cores; `VEGA_SUITE_JOBS` says otherwise, `VEGA_SUITE_TIMEOUT` bounds each step
(seconds). Each step has a budget of CPU seconds (`steps.BUDGETS`): `test` reports the steps above theirs, `check` fails
when a step needs more than 1.5 times of it.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import chain
from threading import Lock

from steps import BIN, LONGEST, ROOT, Step, checking, reading, testing, typing
from wheels import HOME, fresh_wheels

LIMIT = float(os.environ.get("VEGA_SUITE_TIMEOUT", "2400"))
JOBS = int(os.environ.get("VEGA_SUITE_JOBS", os.cpu_count() or 1))
_COUNTS = re.compile(r"(\d+) (passed|failed|errors?|skipped|xfailed|deselected)")
_COVERED = re.compile(r"coverage: ([\d.]+) % of lines and branches, ([\d.]+) % of branches")
_SKIPPED = re.compile(r"^SKIPPED \[(\d+)\] (?:\S+: )?(.*)$")
_DURATION = re.compile(r"^\s*(\d+\.\d\d)s (?:call|setup|teardown)\s+(\S.*)$")
OVERRUN = 1.5  # times its budget that a step may take in `make check`
SLOWEST = 20
_printing = Lock()


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The result of a step.

    Args:
        step: the step.
        status: its exit status.
        seconds: of wall time.
        cpu: seconds of CPU time, of the step and the children it waited for.
        counts: the numbers of pytest's closing line.
        coverage: in %, of lines and branches (of branches).
        skips: the reasons of skipped tests.
        slowest: seconds and name of its slow tests.
    """

    step: Step
    status: int = 0
    seconds: float = 0.0
    cpu: float = 0.0
    counts: Mapping[str, int] = field(default_factory=dict[str, int])
    coverage: str = ""
    skips: tuple[str, ...] = ()
    slowest: tuple[tuple[float, str], ...] = ()


def run(step: Step) -> Outcome:
    """Run one step, show its output when it is done, and return its outcome."""
    if not step.command:
        return Outcome(step=step, counts={"skipped": 1}, skips=(step.skipped,))
    start = time.monotonic()
    path = f"{BIN}{os.pathsep}{ROOT / '.tools' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    # Tests start hundreds of interpreters, which would otherwise compile everything each time.
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
        status, cpu, is_late = _wait(child)
        if is_late:
            output.write(f"\nkilled after {LIMIT:.0f} s (VEGA_SUITE_TIMEOUT)\n")
        output.seek(0)
        lines = output.read().splitlines()
    seconds = time.monotonic() - start
    with _printing:
        print("\n".join(["", f"== {step.name} ({seconds:.0f} s, {cpu:.0f} s of CPU)", *lines]), flush=True)
    return _read(Outcome(step=step, status=status, seconds=seconds, cpu=cpu), lines)


def _wait(child: subprocess.Popen[bytes]) -> tuple[int, float, bool]:
    """Wait for a step, kill its process group at the time limit; return status, CPU seconds, whether it was killed."""
    end, is_late = time.monotonic() + LIMIT, False
    while True:
        pid, status, usage = os.wait4(child.pid, os.WNOHANG)
        if pid:
            child.returncode = os.waitstatus_to_exitcode(status)
            return child.returncode, usage.ru_utime + usage.ru_stime, is_late
        if not is_late and time.monotonic() > end:
            is_late = True
            os.killpg(child.pid, signal.SIGKILL)
        time.sleep(0.05)


def _read(ended: Outcome, lines: list[str]) -> Outcome:
    """Add to an outcome what the step printed: counts, coverage, skips, slow tests."""
    closing = next((line for line in reversed(lines) if " in " in line and _COUNTS.search(line)), "")
    counts = {word.removesuffix("s"): int(number) for number, word in _COUNTS.findall(closing)}
    found = next(filter(None, map(_COVERED.match, reversed(lines))), None)
    coverage = f"{found[1]} ({found[2]})" if found else ""
    skips = tuple(found[2] for line in lines if (found := _SKIPPED.match(line)))
    slowest = tuple((float(found[1]), found[2]) for line in lines if (found := _DURATION.match(line)))
    return replace(ended, counts=counts, coverage=coverage, skips=skips, slowest=slowest)


def run_all(steps: Iterable[Step]) -> list[Outcome]:
    """Run steps, several at once and the longest first; return their outcomes in the order given."""

    def place(step: Step) -> int:
        return next((number for number, word in enumerate(LONGEST) if step.name.startswith(word)), len(LONGEST))

    wanted = list(steps)
    order = sorted(wanted, key=place)
    with ThreadPoolExecutor(JOBS) as pool:
        running = {step.name: pool.submit(run, step) for step in order}
        return [running[step.name].result() for step in wanted]


def report(outcomes: list[Outcome], seconds: float, *, overrun: float = float("inf")) -> int:
    """Print the table, skips, slow tests, steps above their budget and the closing line; return the exit status.

    Args:
        outcomes: of all steps.
        seconds: of wall time in all.
        overrun: the times of its budget beyond which a step fails.
    """
    print(f"\n{'step':34} {'result':8} {'seconds':>8} {'CPU':>7}  passed  failed  skipped  coverage % (branches)")
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
        row = f"{outcome.step.name:34} {result:8} {outcome.seconds:8.1f} {outcome.cpu:7.1f}"
        print(row + "".join(f"  {counts[word]:6}" for word in totals) + f"   {outcome.coverage:>16}")
    print("".join(f"\nskipped in {each.step.name}: {reason}" for each in outcomes for reason in each.skips))
    tests = sorted(((*slow, each.step.name) for each in outcomes for slow in each.slowest), reverse=True)
    print("\nthe slowest tests:" if tests else "")
    print("".join(f"{taken:8.2f} s  {test} ({name})\n" for taken, test, name in tests[:SLOWEST]))
    above = [each for each in outcomes if each.step.budget and each.cpu > each.step.budget]
    beyond = [each for each in above if each.cpu > overrun * each.step.budget]
    for each in above:
        word = "too far above its budget" if each in beyond else "above its budget"
        print(f"{each.step.name} is {word}: {each.cpu:.0f} of {each.step.budget} CPU seconds")
    cpu = sum(each.cpu for each in outcomes)
    summary = ", ".join(f"{number} {word}" for word, number in totals.items())
    print(f"\n{summary} in {seconds:.0f} s ({cpu:.0f} s of CPU)", flush=True)
    return int(any(outcome.status for outcome in outcomes) or bool(beyond))


def main(mode: str, part: str) -> int:
    """Run the suite in a mode (`test` or `check`), or one part of it, and return the exit status."""
    from bootstrap import use_caches_when_offline

    start = time.monotonic()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # children of a shell's background job would ignore it
    tools = ROOT / ".tools" / "bin" / "python"
    use_caches_when_offline(tools if tools.exists() else BIN / "python")
    wheels = HOME / "wheels"
    is_check = mode == "check"
    stages = [list(reading()), list(testing(wheels, full=is_check)), list(typing())]
    stages += [list(checking(wheels))] if is_check else []
    parts = sorted({step.part for step in chain(*stages) if step.command})
    if part and part not in parts:
        print(f"there is no part {part!r}; the parts are: {', '.join(parts)}", file=sys.stderr)
        return 2
    chosen = [[step for step in steps if part in {"", step.part}] for steps in stages]
    outcomes = run_all(chosen[0])
    if any(chosen[1:]):
        fresh_wheels(wheels)
    for steps in chosen[1:]:
        outcomes += run_all(steps)
    return report(outcomes, time.monotonic() - start, overrun=OVERRUN if is_check else float("inf"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=["test", "check"])
    parser.add_argument("part", nargs="?", default="", help="one part alone, such as data or acceptance")
    options = parser.parse_args()
    sys.exit(main(options.mode, options.part))
