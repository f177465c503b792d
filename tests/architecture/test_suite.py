"""The suite reports steps above their budget, and `make check` fails beyond 1.5 times of it."""

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"


@pytest.fixture(scope="module")
def suite() -> Iterator[ModuleType]:
    """The module that runs the steps."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(TOOLS))
        yield importlib.import_module("suite")


@pytest.mark.parametrize(("cpu", "status", "word"), [(10, 0, ""), (14, 0, "is above its budget"), (16, 1, "too far")])
def test_a_step_fails_only_far_above_its_budget(
    suite: ModuleType, capsys: pytest.CaptureFixture[str], cpu: float, status: int, word: str
) -> None:
    step = suite.Step(name="vega-x", part="x", budget=10, command=("true",))
    outcome = suite.Outcome(step=step, cpu=cpu, slowest=((2.5, "tests/test_x.py::test_slow"),))

    assert suite.report([outcome], 1.0, overrun=suite.OVERRUN) == status
    printed = capsys.readouterr().out
    assert "test_x.py::test_slow (vega-x)" in printed
    assert ("budget" in printed) is bool(word)
    assert word in printed


def test_make_test_reports_an_overrun_and_passes(suite: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    step = suite.Step(name="vega-x", part="x", budget=10, command=("true",))

    assert suite.report([suite.Outcome(step=step, cpu=100)], 1.0) == 0
    assert "vega-x is above its budget: 100 of 10 CPU seconds" in capsys.readouterr().out


@pytest.mark.once
def test_the_seconds_of_a_step_include_its_children(suite: ModuleType) -> None:
    work = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'sum(range(30_000_000))'])"

    outcome = suite.run(suite.Step(name="vega-x", part="x", command=(sys.executable, "-c", work)))

    assert outcome.status == 0
    assert outcome.cpu > 0.1


@pytest.mark.once
def test_a_part_that_is_not_there_is_refused_with_the_list() -> None:
    command = [sys.executable, str(TOOLS / "suite.py"), "test", "attic"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 2
    assert "'attic'" in done.stderr
    assert "data" in done.stderr
