"""The architecture as a test."""

from __future__ import annotations

from pathlib import Path

from vega.core.extend import Project
from vega.core.layers import check_layers


def assert_layers(folder: Path) -> None:
    """Fail if an import of a project breaks the layers; see `vega.core.layers`.

    Args:
        folder: the project's folder, or a subfolder.

    Raises:
        AssertionError: imports break the layers; the message lists them with file and line.
        ProjectError: the folder is not in a project.
    """
    findings = check_layers(Project.find(folder))
    if findings:
        lines = "\n".join(f"- {finding.where}: {finding.what}; {finding.fix}" for finding in findings)
        raise AssertionError(f"{len(findings)} imports cross the layers the wrong way:\n{lines}")
