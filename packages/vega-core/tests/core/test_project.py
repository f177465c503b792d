"""Finding a project."""

from pathlib import Path

import pytest

from vega.core import ProjectError
from vega.core.extend import Project


def test_a_project_is_found_from_a_folder_below_it(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.vega]\npackage = "shop"\nfeatures = ["web"]\n')
    (tmp_path / "shop" / "domain").mkdir(parents=True)

    project = Project.find(tmp_path / "shop" / "domain")

    assert (project.root, project.package, project.features) == (tmp_path, "shop", ("web",))
    assert project.has("web")
    assert not project.has("data")


def test_a_pyproject_without_the_table_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.vega]\npackage = "shop"\n')
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "pyproject.toml").write_text("[tool.other]\n")

    assert Project.find(inner).root == tmp_path


@pytest.mark.parametrize(
    "text",
    [
        "[tool.vega\n",
        "[tool.vega]\n",
        '[tool.vega]\npackage = "a b"\n',
        '[tool.vega]\npackage = "a"\nfeatures = "web"\n',
    ],
)
def test_a_malformed_table_is_refused_with_its_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)

    with pytest.raises(ProjectError, match="pyproject"):
        Project.find(tmp_path)


def test_no_project_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="vega init"):
        Project.find(tmp_path)
