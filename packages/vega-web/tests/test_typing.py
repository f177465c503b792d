"""What mypy --strict and pyright infer and refuse for a pipeline, without a plugin."""

import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

FILES = Path(__file__).parents[1] / "typing_tests"
CHECKERS = {
    "mypy": ["mypy", "--strict", "--no-error-summary", "--config-file=", "--cache-dir", "cache"],
    "pyright": ["pyright", "--pythonpath", sys.executable],
}


def run(checker: str, file: str, folder: Path) -> set[int]:
    if find_spec(checker) is None:
        pytest.skip(f"{checker} is not installed")
    shutil.copy(FILES / file, folder)
    command = [sys.executable, "-m", *CHECKERS[checker], file]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    return {int(line) for line in re.findall(rf"{re.escape(file)}:(\d+)(?::\d+)?(?: -|:) error", done.stdout)}


@pytest.mark.timeout(120)
@pytest.mark.parametrize("checker", CHECKERS)
def test_right_code_is_accepted_with_the_types_it_asserts(checker: str, tmp_path: Path) -> None:
    assert run(checker, "good.py", tmp_path) == set()


@pytest.mark.timeout(120)
@pytest.mark.parametrize("checker", CHECKERS)
def test_every_mistake_is_refused_on_its_line(checker: str, tmp_path: Path) -> None:
    lines = (FILES / "bad.py").read_text(encoding="utf-8").splitlines()
    expected = {number for number, line in enumerate(lines, 1) if line.endswith("# ERROR")}

    assert run(checker, "bad.py", tmp_path) == expected
