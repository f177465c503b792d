"""What mypy --strict and pyright infer and refuse, without a plugin, in the `typing_tests` of every package.

Both checkers must refuse each line that ends with `# ERROR`, and no other.
"""

import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(ROOT.glob("packages/*/typing_tests/*.py"))
GUIDES = [
    ROOT / "packages/vega-web/README.md",
    *(
        ROOT / "docs/guides" / f"{topic}.md"
        for topic in (
            "authentication",
            "health",
            "idempotency",
            "middleware",
            "observability",
            "rate-limits",
            "scripts-and-shells",
            "settings",
            "time-and-identity",
            "use-cases-over-http",
            "validation",
            "websockets",
        )
    ),
]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
CHECKERS = {
    "mypy": ["mypy", "--strict", "--no-error-summary", "--config-file="],
    "pyright": ["pyright", "--pythonpath", sys.executable],
}


@pytest.fixture(scope="session", autouse=True)
def types_of_third_parties(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Have mypy read each third party once for all files."""
    CHECKERS["mypy"] += ["--cache-dir", str(tmp_path_factory.mktemp("mypy"))]


def test_the_packages_that_promise_types_to_their_users_pin_them() -> None:
    assert {file.parts[-3] for file in FILES} >= {"vega-core", "vega-di", "vega-events", "vega-web"}


@pytest.mark.timeout(240)
@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parts[-3]}-{file.stem}")
def test_right_lines_are_accepted_and_wrong_ones_refused(checker: str, file: Path, tmp_path: Path) -> None:
    if find_spec(checker) is None:
        pytest.skip(f"{checker} is not installed")
    expected = {
        n for n, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1) if line.endswith("# ERROR")
    }
    shutil.copy(file, tmp_path)

    command = [sys.executable, "-m", *CHECKERS[checker], file.name]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=200, check=False)

    assert done.returncode in {0, 1}, done.stdout + done.stderr
    found = {int(line) for line in re.findall(rf"{re.escape(file.name)}:(\d+)(?::\d+)?(?: -|:) error", done.stdout)}
    assert found == expected, done.stdout


@pytest.mark.timeout(240)
def test_the_lines_of_the_guides_to_the_edges_pass_mypy(tmp_path: Path) -> None:
    for guide in GUIDES:
        program = tmp_path / f"{guide.stem.replace('-', '_').lower()}.py"
        program.write_text("\n\n".join(BLOCK.findall(guide.read_text(encoding="utf-8"))), encoding="utf-8")

    command = [sys.executable, "-m", *CHECKERS["mypy"], *(path.name for path in sorted(tmp_path.glob("*.py")))]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=200, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
