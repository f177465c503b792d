"""The operations of a plan: values that describe changes before they are applied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class WriteFile:
    """Write a new file; an existing file with different content is a conflict.

    Args:
        path: where, relative to the project's root, with forward slashes.
        text: the whole content.
    """

    path: str
    text: str

    def to_json(self) -> dict[str, str]:
        """Return the operation for `--json`."""
        return {"operation": "write_file", "path": self.path, "text": self.text}


@dataclass(frozen=True, slots=True)
class AddDependency:
    """Add a requirement to the project's dependencies, unless the distribution is already listed.

    Args:
        requirement: a requirement (PEP 508), such as `vega-web[cli]>=0.1,<0.2`.
    """

    requirement: str

    def to_json(self) -> dict[str, str]:
        """Return the operation for `--json`."""
        return {"operation": "add_dependency", "requirement": self.requirement}


@dataclass(frozen=True, slots=True)
class EnableFeature:
    """List a feature in `[tool.vega] features`.

    Args:
        feature: the feature's name, also the name of its plugin.
    """

    feature: str

    def to_json(self) -> dict[str, str]:
        """Return the operation for `--json`."""
        return {"operation": "enable_feature", "feature": self.feature}


@dataclass(frozen=True, slots=True)
class AppendLine:
    """Append a line to a text file, unless present.

    Args:
        path: where, relative to the project's root, with forward slashes; created when missing.
        line: the line, without the line break.
    """

    path: str
    line: str

    def to_json(self) -> dict[str, str]:
        """Return the operation for `--json`."""
        return {"operation": "append_line", "path": self.path, "line": self.line}


Operation: TypeAlias = WriteFile | AddDependency | EnableFeature | AppendLine
