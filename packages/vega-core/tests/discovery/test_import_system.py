"""Discovery goes through the import system: what lies elsewhere under the same name is not taken for the project."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from vega.core import Application, ConfigurationErrors
from vega.discovery import DiscoveryErrors, discover


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] == "larder"]:
        del sys.modules[name]


def write(root: Path, *paths: str, text: str = "") -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


HANDLERS = "larder.application.handlers"


def test_a_second_run_imports_only_what_is_new(root: Path) -> None:
    write(root, "larder/__init__.py", "larder/application/handlers/one.py")

    first = discover("larder")
    again = discover("larder")
    write(root, "larder/application/handlers/two.py", "larder/application/handlers/deep/three.py")
    third = discover("larder")
    (root / "larder/application/handlers/one.py").unlink()

    assert [first.imported, again.imported] == [(f"{HANDLERS}.one",), ()]
    assert third.imported == (f"{HANDLERS}.deep.three", f"{HANDLERS}.two")
    assert third.modules("handlers") == [f"{HANDLERS}.deep.three", f"{HANDLERS}.one", f"{HANDLERS}.two"]
    assert discover("larder").modules("handlers") == [f"{HANDLERS}.deep.three", f"{HANDLERS}.two"]


def test_a_file_that_came_within_one_tick_of_the_clock_is_found(root: Path) -> None:
    handlers = root / "larder/application/handlers"
    write(root, "larder/__init__.py", "larder/application/handlers/one.py")
    discover("larder")
    before = handlers.stat()
    write(root, "larder/application/handlers/two.py")
    os.utime(handlers, ns=(before.st_atime_ns, before.st_mtime_ns))  # as the import system sees a change

    assert discover("larder").imported == (f"{HANDLERS}.two",)


def test_a_module_that_failed_is_tried_again_once_it_is_mended(root: Path) -> None:
    write(root, "larder/__init__.py")
    write(root, "larder/application/handlers/one.py", text="raise SystemExit(4711)")

    with pytest.raises(DiscoveryErrors) as caught:
        discover("larder")
    assert "SystemExit: 4711" in str(caught.value)
    write(root, "larder/application/handlers/one.py", text="mended_by_now = True")

    assert discover("larder").imported == (f"{HANDLERS}.one",)


def test_a_link_back_to_a_folder_above_is_followed_once(root: Path) -> None:
    write(root, "larder/__init__.py", "larder/application/handlers/one.py")
    (root / "larder/application/handlers/again").symlink_to(root / "larder/application/handlers")

    assert discover("larder").modules("handlers") == [f"{HANDLERS}.one"]


PROGRAM = """
import sys
from vega.core import Application
print(*Application.load(sys.argv[1]).found.all_modules())
"""


@pytest.mark.once
@pytest.mark.parametrize("folder", [".", "tests", "tests/larder", "elsewhere"])
def test_the_working_directory_does_not_matter(tmp_path: Path, folder: str) -> None:
    write(tmp_path, "pyproject.toml", text='[tool.vega]\npackage = "larder"\n')
    write(tmp_path, "larder/__init__.py", "larder/application/handlers/one.py")
    write(tmp_path, "tests/larder/application/handlers/test_one.py", "elsewhere/larder/application/handlers/other.py")

    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        cwd=tmp_path / folder,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout.split() == [f"{HANDLERS}.one"], done.stderr


def project(root: Path) -> Path:
    write(root, "pyproject.toml", text='[tool.vega]\npackage = "larder"\n')
    write(root, "larder/__init__.py", "larder/application/handlers/one.py")
    return root


def test_a_folder_of_that_name_earlier_on_the_path_that_is_no_package_is_passed_over(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(root, "early/larder/application/handlers/stray.py")
    monkeypatch.syspath_prepend(str(root / "early"))

    found = Application.load(project(root / "project")).found

    assert found is not None
    assert found.all_modules() == [f"{HANDLERS}.one"]


def test_a_package_of_that_name_earlier_on_the_path_is_refused_with_its_place(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(root, "early/larder/__init__.py", "early/larder/application/handlers/stray.py")
    monkeypatch.syspath_prepend(str(root / "early"))

    with pytest.raises(ConfigurationErrors) as caught:
        Application.load(project(root / "project"))

    assert "from another place than this project" in str(caught.value)
    assert str(root / "early" / "larder") in str(caught.value)


def test_exclude_patterns_match_dotted_names_folders_and_files(root: Path) -> None:
    write(
        root,
        "larder/__init__.py",
        "larder/application/handlers/keep.py",
        "larder/application/handlers/drop.py",
        "larder/application/handlers/old/anything.py",
        "larder/application/handlers/new/draft_one.py",
    )

    patterns = ["*.handlers.drop", "old", "draft_*.py"]

    assert discover("larder", {"exclude_patterns": patterns}).modules("handlers") == [f"{HANDLERS}.keep"]


EMPTY = [
    "",
    "import logging\nlogger = logging.getLogger(__name__)\n",
    "from dataclasses import dataclass\nfrom pathlib import Path\nLIMIT = 5\nNAMES = ['a']\n",
    "from typing import TypeVar\nT = TypeVar('T')\n",
    "def _hidden(): ...\nclass _Hidden: ...\n",
]
FULL = [
    "def handle(): ...\n",
    "class Handler: ...\n",
    "import functools\n@functools.lru_cache\ndef handle(): ...\n",
    "from fractions import Fraction\nfrom hypothesis import settings\nrouter = settings()\n",
]


@pytest.mark.parametrize(("text", "is_empty"), [*((text, True) for text in EMPTY), *((text, False) for text in FULL)])
def test_a_listed_source_that_brings_nothing_is_known(root: Path, text: str, is_empty: bool) -> None:
    write(root, "larder/__init__.py", "larder/api/__init__.py", "larder/application/handlers/one.py")
    write(root, "larder/api/only.py", text=text)

    found = discover("larder", {"routes": ["api"]})

    assert found.empty_sources() == ([("routes", "larder.api")] if is_empty else [])


def test_one_component_anywhere_in_a_source_is_enough(root: Path) -> None:
    write(root, "larder/__init__.py", "larder/api/one.py")
    write(root, "larder/api/deep/two.py", text="def route(): ...")

    assert discover("larder", {"routes": ["api"]}).empty_sources() == []
