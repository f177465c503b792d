"""Runs a package's own tests against its wheel, with the source tree out of sight; can measure their coverage.

`python tools/alone.py vega-di WHEELS [--python PATH] [--resolution lowest-direct] [--coverage]`
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from steps import parts_of
from wheels import copy_tests, environment_for

FLOOR = 95  # % of branches, and of lines and branches together
HIGHER = {"vega-di": 98}  # % of branches
COVERAGE = """
[run]
branch = true
parallel = true
patch = subprocess
concurrency = {concurrency}
source_pkgs = {packages}
[report]
precision = 1
exclude_also =
    if TYPE_CHECKING:
    elif MYPY:
    @overload
    \\.\\.\\.$
"""


def main() -> int:
    """Make the environment, run the tests, report the coverage if wanted; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("package")
    parser.add_argument("wheels", type=Path)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--resolution", default="highest", choices=["highest", "lowest-direct"])
    parser.add_argument("--coverage", action="store_true")
    options = parser.parse_args()
    python = environment_for(options.package, options.wheels, python=options.python, resolution=options.resolution)
    with tempfile.TemporaryDirectory(prefix="vega-alone-") as name:
        folder = copy_tests(options.package, Path(name) / options.package)
        if options.coverage:
            return measured(python, folder, options.package)
        return subprocess.run([python, "-m", "pytest", "-q", "tests"], check=False, cwd=folder).returncode


def measured(python: Path, folder: Path, package: str) -> int:
    """Run the tests under coverage; return the exit status of the tests, or 1 below the floor."""
    greenlets = any((python.parents[1] / "lib").glob("python*/site-packages/greenlet"))
    config = COVERAGE.format(
        packages="\n    ".join(["", *parts_of(package)]),
        concurrency="thread, greenlet" if greenlets else "thread",
    )
    (folder / ".coveragerc").write_text(config)

    def coverage(*words: str, quiet: bool = False) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(python), "-m", "coverage", *words], check=False, cwd=folder, text=True, capture_output=quiet
        )

    status = coverage("run", "-m", "pytest", "-q", "tests").returncode
    coverage("combine", "-q", quiet=True)
    report = coverage("report", "--skip-covered", "--show-missing", quiet=True).stdout
    coverage("json", "-q", "-o", "coverage.json", quiet=True)
    totals = json.loads((folder / "coverage.json").read_text())["totals"]
    total = totals["percent_covered"]
    branches = 100 * totals["covered_branches"] / (totals["num_branches"] or 1)
    print("\n".join(line for line in report.splitlines() if line.endswith(tuple("0123456789"))))
    print(f"coverage: {total:.1f} % of lines and branches, {branches:.1f} % of branches", flush=True)
    floor = HIGHER.get(package, FLOOR)
    if not status and (total < FLOOR or branches < floor):
        print(f"the coverage of {package} is below {FLOOR} %, or that of its branches below {floor} %")
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main())
