"""Findings of the doctor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A problem, or possible problem, of a project.

    Args:
        severity: an `error` makes the doctor fail; a `warning` does so with `--strict` only.
        code: a stable identifier of the kind of finding, such as `VG701`.
        what: the problem, in one line.
        where: `path:line`, or another place; empty when there is none.
        fix: the remedy.
    """

    severity: Literal["error", "warning"]
    code: str
    what: str
    where: str = ""
    fix: str = ""

    def to_json(self) -> dict[str, str]:
        """Return the finding for `--json`."""
        return {
            "severity": self.severity,
            "code": self.code,
            "what": self.what,
            "where": self.where,
            "fix": self.fix,
        }
