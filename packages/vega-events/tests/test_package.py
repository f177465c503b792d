"""The package as a whole: its names, its errors, what it imports."""

import ast
import copy
import doctest
import importlib
import pickle
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import vega.events
from vega.events import EventError

PACKAGE = Path(vega.events.__file__).parent
ERRORS = [value for value in vars(vega.events).values() if isinstance(value, type) and issubclass(value, EventError)]


def test_the_facade_is_sorted_and_exports_what_it_says() -> None:
    assert vega.events.__all__ == sorted(vega.events.__all__)
    assert len(set(vega.events.__all__)) == len(vega.events.__all__)
    for name in vega.events.__all__:
        assert hasattr(vega.events, name)


@pytest.mark.once
def test_importing_it_loads_the_standard_library_only() -> None:
    code = (
        "import sys; before = set(sys.modules); import vega.events; "
        "tops = {name.partition('.')[0] for name in set(sys.modules) - before}; "
        "print(sorted(tops - sys.stdlib_module_names - {'vega'}), "
        "sorted(n for n in sys.modules if n.startswith('vega.') and not n.startswith('vega.events')))"
    )

    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

    assert result.stdout.strip() == "[] []"


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_errors_say_what_where_and_fix_and_survive_a_process_boundary(error: type[EventError]) -> None:
    made = error("it is wrong", "here", "mend it")

    assert str(made) == f"[{error.code}] it is wrong\n  where: here\n  fix:   mend it"
    assert str(error("it is wrong")) == f"[{error.code}] it is wrong"
    for again in (pickle.loads(pickle.dumps(made)), copy.copy(made)):
        assert (type(again), str(again), again.fix) == (error, str(made), "mend it")


def test_each_error_has_a_code_of_its_own_and_the_drawing_shows_it() -> None:
    errors = importlib.import_module("vega.events._errors")
    drawn = dict(re.findall(r"(\w+Error)\s+(VG\d+)", errors.__doc__ or ""))

    assert len({error.code for error in ERRORS}) == len(ERRORS)
    assert {error.__name__: error.code for error in ERRORS if error is not EventError} == drawn


def test_the_examples_in_the_docstrings_are_true() -> None:
    for module in pkgutil.walk_packages([str(PACKAGE)], "vega.events."):
        loaded = importlib.import_module(module.name)
        with vega.events.use_event_bus(vega.events.EventBus()):
            assert doctest.testmod(loaded, raise_on_error=False).failed == 0, module.name


def test_files_and_functions_are_short() -> None:
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) < 300, path.name
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert (node.end_lineno or 0) - node.lineno < 60, f"{path.name}: {node.name}"
