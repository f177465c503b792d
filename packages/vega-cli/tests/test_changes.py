"""Changes of a project: what plans become, and what they may not do."""

from pathlib import Path

import pytest

from vega.cli._changes import changes_of
from vega.cli._errors import ConflictError, UsageError
from vega.core import ProjectError
from vega.core.extend import AddDependency, EnableFeature, WriteFile


def test_two_plans_for_one_file_are_a_conflict_unless_they_agree(tmp_path: Path) -> None:
    changes_of(tmp_path, [WriteFile("a", "x"), WriteFile("a", "x")])

    with pytest.raises(ConflictError, match="two generators"):
        changes_of(tmp_path, [WriteFile("a", "x"), WriteFile("a", "y")])


@pytest.mark.parametrize("path", ["../a", "/etc/a", "a/../../b"])
def test_no_plan_leads_out_of_the_project(tmp_path: Path, path: str) -> None:
    with pytest.raises(UsageError, match="out of the project"):
        changes_of(tmp_path, [WriteFile(path, "x")])


@pytest.mark.parametrize("text", [b"[project", b"\xff", b"[tool]\nvega = 1\n", b'[tool.vega]\nfeatures = "x"\n'])
def test_a_pyproject_that_cannot_take_a_feature_is_refused(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "pyproject.toml").write_bytes(text)

    with pytest.raises(ProjectError):
        changes_of(tmp_path, [EnableFeature("web")])


def test_without_a_pyproject_nothing_can_be_added(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="vega init"):
        changes_of(tmp_path, [AddDependency("x")])
