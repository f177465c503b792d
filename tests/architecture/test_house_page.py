"""The page about the inside of the packages draws the tree that exists, in the order of the contracts."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "explanation" / "house.md").read_text(encoding="utf-8")
TREES = {block.split("\n")[0]: block.split("\n")[1:] for block in re.findall(r"```text\n(.*?)\n```", PAGE, re.DOTALL)}
TASKS = re.findall(r"^\| ([^|]+) \| `([^`]+)` \|$", PAGE, re.MULTILINE)
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]


def layers(tree: str) -> dict[str, int]:
    """Return the place of each module of a package in its layers contract, 0 at the top."""
    package = ".".join(Path(tree).parts[Path(tree).parts.index("vega") :])
    (contract,) = (each for each in CONTRACTS if each["type"] == "layers" and each.get("containers") == [package])
    return {
        name.strip(): number for number, layer in enumerate(contract["layers"]) for name in re.split(r"[|:]", layer)
    }


def test_the_page_names_a_file_for_at_least_twenty_tasks() -> None:
    assert len({path for _, path in TASKS}) >= 20


@pytest.mark.parametrize(("task", "path"), TASKS)
def test_the_file_of_a_task_exists(task: str, path: str) -> None:
    assert (ROOT / path).is_file(), task


@pytest.mark.parametrize("tree", TREES)
def test_a_drawn_tree_has_every_module_and_folder_of_the_package(tree: str) -> None:
    folders = [path.parent.name for path in (ROOT / tree).glob("*/__init__.py")]
    modules = [path.name for path in (ROOT / tree).glob("*.py") if path.name != "__init__.py"]

    assert sorted(line.split()[0] for line in TREES[tree]) == sorted([*folders, *modules])


@pytest.mark.parametrize("tree", TREES)
def test_a_drawn_tree_is_in_the_order_of_its_contract(tree: str) -> None:
    places = layers(tree)
    drawn = [places[line.split()[0].removesuffix(".py")] for line in TREES[tree]]

    assert drawn == sorted(drawn)


def test_every_package_with_folders_has_a_tree_and_a_contract() -> None:
    deep = {path.parents[1] for path in ROOT.glob("packages/*/src/vega/*/_*/__init__.py")}

    assert deep <= {ROOT / tree for tree in TREES}
