"""The architecture as a test."""

from __future__ import annotations

from pathlib import Path

from vega.core.extend import Project
from vega.core.layers import check_layers


def assert_layers(folder: Path) -> None:
    """Fail when an import of a project crosses its layers the wrong way; see `vega.core.layers`.

    Args:
        folder: the project's folder, or one below it.

    Raises:
        AssertionError: it lists every such import with its file and line.
        ProjectError: there is no project.
    """
    findings = check_layers(Project.find(folder))
    if findings:
        lines = "\n".join(f"- {finding.where}: {finding.what}; {finding.fix}" for finding in findings)
        raise AssertionError(f"{len(findings)} imports cross the layers the wrong way:\n{lines}")
