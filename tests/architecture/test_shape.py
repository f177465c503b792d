"""Each way to lose the shape is seen, and named by its file."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FACADE = '"""A part."""\n\nfrom ._things import Thing as Thing\n'
PLANTED = {
    "over 300 lines": ("_long.py", '"""Long."""\n' + "x = 1\n" * 300),
    "work has over 60 lines": (
        "_work.py",
        '"""Work."""\n\n\ndef work() -> None:\n    """Work."""\n' + "    x = 1\n" * 60,
    ),
    "C901 `work` is too complex (11 > 10)": (
        "_work.py",
        '"""Work."""\n\n\ndef work(x: int) -> None:\n    """Work."""\n'
        + "".join(f"    if x == {n}: pass\n" for n in range(10)),
    ),
    "D100 Missing docstring in public module": ("things.py", "x = 1\n"),
    "D101 Missing docstring in public class": ("things.py", '"""Things."""\n\n\nclass Thing: ...\n'),
    "D102 Missing docstring in public method": (
        "things.py",
        '"""Things."""\n\n\nclass Thing:\n    """It."""\n\n    def go(self) -> None: ...\n',
    ),
    "D103 Missing docstring in public function": ("things.py", '"""Things."""\n\n\ndef go() -> None: ...\n'),
    "__all__ is not sorted": ("__init__.py", FACADE + '\n__all__ = ["b", "a"]\na = b = Thing\n'),
    "__all__ names something twice": ("__init__.py", FACADE + '\n__all__ = ["Thing", "Thing"]\n'),
    "__all__ names Other, which is not here": ("__init__.py", FACADE + '\n__all__ = ["Other", "Thing"]\n'),
    "Thing is not in __all__": ("__init__.py", FACADE + "\n__all__: list[str] = []\n"),
    "the facade defines Thing": ("__init__.py", '"""A part."""\n\n\nclass Thing:\n    """It."""\n'),
    "has over 12 modules": ("_engine", "", *(f"_engine/m{number}.py" for number in range(13))),
    "has 20 modules or more in one flat folder": ("", "", *(f"_m{number}.py" for number in range(20))),
    "has code beside its one sentence": ("_engine/__init__.py", '"""An engine."""\n\nx = 1\n'),
    "says private twice": ("_engine/_start.py", '"""Start."""\n', "_engine/__init__.py"),
    "LostError has no code of its own": (
        "_errors.py",
        '"""Errors."""\n\n\nclass LostError(Exception):\n    """Lost."""\n',
    ),
    "LostError has no page for VG999 in docs/errors": (
        "_errors.py",
        '"""Errors."""\n\n\nclass LostError(Exception):\n    """Lost."""\n\n    code = "VG999"\n',
    ),
}


def shape(*folders: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "tools" / "shape.py"), *map(str, folders)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_the_source_is_in_shape_and_the_baseline_true() -> None:
    done = shape()

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("what", PLANTED)
def test_each_planted_fault_is_found(what: str, tmp_path: Path) -> None:
    name, text, *others = PLANTED[what]
    part = tmp_path / "packages" / "vega-di" / "src" / "vega" / "di"
    part.mkdir(parents=True)
    (part / "__init__.py").write_text('"""A part."""\n')
    for file in (*others, *([name] if text else [])):
        (part / file).parent.mkdir(exist_ok=True)
        (part / file).write_text('"""A module."""\n')
    if any(file.startswith("_engine/m") for file in others):
        (part / "_engine" / "__init__.py").write_text('"""An engine."""\n')
    if text:
        (part / name).write_text(text)
    shutil.copytree(ROOT / "docs" / "errors", tmp_path / "docs" / "errors")

    done = shape(tmp_path)

    assert done.returncode == 1
    place = f"packages/vega-di/src/vega/di/{name}".rstrip("/")
    assert f"new: {place}: {what}\n" in done.stdout
