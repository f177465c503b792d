"""What mypy --strict and pyright infer and refuse for use cases, settings and the application, without a plugin."""

import re
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

FILES = Path(__file__).parents[1] / "typing_tests"
CHECKERS = {
    "mypy": ["mypy", "--strict", "--no-error-summary", "--config-file=", "--cache-dir", "cache"],
    "pyright": ["pyright", "--pythonpath", sys.executable],
}


@cache
def found(checker: str) -> dict[str, set[int]]:
    """Return the lines that a checker refuses, by file; it reads all files in one run."""
    if find_spec(checker) is None:
        pytest.skip(f"{checker} is not installed")
    with tempfile.TemporaryDirectory() as folder:
        for file in FILES.glob("*.py"):
            shutil.copy(file, folder)
        command = [sys.executable, "-m", *CHECKERS[checker], "good.py", "bad.py"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 1, done.stdout + done.stderr  # bad.py is refused
    lines = re.findall(r"(good|bad)\.py:(\d+)(?::\d+)?(?: -|:) error", done.stdout)
    return {file: {int(line) for name, line in lines if name == file} for file in ("good", "bad")}


@pytest.mark.timeout(120)
@pytest.mark.parametrize("checker", CHECKERS)
def test_right_code_is_accepted_with_the_types_it_asserts(checker: str) -> None:
    assert found(checker)["good"] == set()


@pytest.mark.timeout(120)
@pytest.mark.parametrize("checker", CHECKERS)
def test_every_mistake_is_refused_on_its_line(checker: str) -> None:
    lines = (FILES / "bad.py").read_text(encoding="utf-8").splitlines()
    expected = {number for number, line in enumerate(lines, 1) if line.endswith("# ERROR")}

    assert found(checker)["bad"] == expected
