"""The house is as drawn."""

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = sorted(path.parent for path in ROOT.glob("packages/*/pyproject.toml"))
PARTS = ["cli", "core", "data", "di", "events", "graphql", "jobs", "testing", "web"]
NAMES = ["vega", *(f"vega-{part}" for part in PARTS)]
FORBIDDEN = ("vega-cli", "vega-testing")


def settings(package: Path) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = tomllib.loads((package / "pyproject.toml").read_text())
    return found


def test_there_are_ten_distributions() -> None:
    assert [package.name for package in PACKAGES] == NAMES


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_a_package_has_what_every_package_has(package: Path) -> None:
    project = settings(package)["project"]

    assert project["requires-python"] == ">=3.11"
    assert project["name"] == package.name
    assert {"classifiers", "urls", "readme", "license", "description"} <= set(project)
    assert all((package / name).is_file() for name in ("README.md", "CHANGELOG.md"))
    assert any((package / "changelog.d").iterdir())


@pytest.mark.parametrize("package", [p for p in PACKAGES if p.name != "vega"], ids=lambda package: package.name)
def test_a_part_is_typed_tested_and_in_the_namespace(package: Path) -> None:
    parts = [path for path in (package / "src" / "vega").iterdir() if path.name != "__pycache__"]

    assert not (package / "src" / "vega" / "__init__.py").exists()
    assert all((part / "py.typed").is_file() and (part / "__init__.py").is_file() for part in parts)
    assert any((package / "tests").rglob("test_*.py"))
    assert "test" in settings(package)["dependency-groups"]


@pytest.mark.parametrize("package", [p for p in PACKAGES if p.name != "vega"], ids=lambda package: package.name)
def test_a_part_depends_on_lower_floors_only(package: Path) -> None:
    dependencies = settings(package)["project"]["dependencies"]

    assert isinstance(dependencies, list)
    assert not [text for text in dependencies if text.startswith(FORBIDDEN)]
    if package.name in {"vega-di", "vega-events"}:
        assert dependencies == []
    assert all(">=" in text for text in dependencies)


def test_the_root_is_a_workspace_and_no_distribution() -> None:
    root = settings(ROOT)

    assert "project" not in root
    assert "hatch" in root["tool"]


def test_the_contract_is_the_specification_where_that_is_at_hand() -> None:
    specification = ROOT.parent / "shared" / "spec" / "contract"
    if not specification.is_dir():
        pytest.skip("the specification is not beside this clone")

    for file in specification.glob("*.py"):
        assert (ROOT / "tests" / "contract" / file.name).read_bytes() == file.read_bytes()


def test_ci_and_readme_name_the_two_commands() -> None:
    assert "make test" in (ROOT / ".ci" / "run").read_text()
    readme = (ROOT / "README.md").read_text()
    assert "make demo" in readme
    assert "make test" in readme
