"""The package as a whole: its names, its errors, its README."""

import ast
import copy
import importlib
import os
import pickle
import re
import subprocess
import sys
import typing
from pathlib import Path

import pytest

import vega.jobs
from vega.errors import CoreError
from vega.jobs import JobsError

PACKAGE = Path(vega.jobs.__file__).parent
NAMES = [name for name in vega.jobs.__all__ if name.endswith("Error") and name != "JobsError"]


def test_the_facade_is_sorted_and_exports_what_it_says() -> None:
    assert vega.jobs.__all__ == sorted(vega.jobs.__all__)
    for name in vega.jobs.__all__:
        assert name in dir(vega.jobs)
        assert hasattr(vega.jobs, name)
    with pytest.raises(AttributeError, match="nothing"):
        _ = vega.jobs.nothing


@pytest.mark.parametrize("name", NAMES)
def test_errors_say_what_where_and_fix_and_survive_a_process_boundary(name: str) -> None:
    error: type[JobsError] = getattr(vega.jobs, name)
    made = error("it is wrong", "here", "mend it")

    assert str(made) == f"[{error.code}] it is wrong\n  where: here\n  fix:   mend it"
    for again in (pickle.loads(pickle.dumps(made)), copy.copy(made)):
        assert (type(again), str(again), again.fix) == (error, str(made), "mend it")


def test_each_error_has_a_code_of_its_own_and_the_drawing_shows_it() -> None:
    errors = importlib.import_module("vega.jobs._errors")
    drawn = dict(re.findall(r"(\w+Error)\s+(VG\d+)", errors.__doc__ or ""))

    assert {name: getattr(vega.jobs, name).code for name in NAMES} == drawn
    assert len(set(drawn.values())) == len(drawn)


@pytest.mark.parametrize("name", [*NAMES, "JobsError"])
def test_the_hints_of_an_error_can_be_read(name: str) -> None:
    hints = typing.get_type_hints(getattr(vega.jobs, name))

    assert set(hints) >= set(typing.get_type_hints(CoreError))


def test_files_and_functions_are_short() -> None:
    for path in PACKAGE.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) < 300, path.name
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert (node.end_lineno or 0) - node.lineno < 60, f"{path.name}: {node.name}"


@pytest.mark.once
def test_the_block_of_the_readme_runs_as_a_program(tmp_path: Path) -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```python\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    (tmp_path / "program.py").write_text(block)
    environment = {name: value for name, value in os.environ.items() if name != "REDIS_URL"}

    result = subprocess.run(
        [sys.executable, "-W", "error", str(tmp_path / "program.py")],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (result.returncode, result.stdout, result.stderr) == (0, "welcome, 123\n", "")
