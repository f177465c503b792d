"""A user's project, identified by the `[tool.vega]` table of its pyproject.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from .._errors import ProjectError


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """The location and features of a project.

    Args:
        root: the folder with pyproject.toml; absolute.
        package: the name of the project's top package.
        features: the enabled features, in the order of the file.
    """

    root: Path
    package: str
    features: tuple[str, ...] = ()

    @classmethod
    def find(cls, start: Path | None = None) -> Project:
        """Return the project of a folder.

        Args:
            start: a folder of the project or below; the current folder when None.

        Raises:
            ProjectError: no pyproject.toml with a `[tool.vega]` table in the folder or above, or the table is
                malformed.
        """
        folder = (start or Path.cwd()).resolve()
        for place in (folder, *folder.parents):
            file = place / "pyproject.toml"
            if file.is_file():
                table = _vega_table(file)
                if table is not None:
                    return cls._read(file, table)
        raise ProjectError(
            "there is no Vega project here",
            str(folder),
            "go to a folder whose pyproject.toml has a [tool.vega] table, or make one with: vega init NAME",
        )

    @classmethod
    def _read(cls, file: Path, table: dict[str, Any]) -> Project:
        package: object = table.get("package")
        features: object = table.get("features", [])
        if not isinstance(package, str) or not package.isidentifier():
            raise ProjectError(
                "[tool.vega] package is not the name of a package",
                str(file),
                'write package = "shop" under [tool.vega]',
            )
        names = cast("list[object]", features) if isinstance(features, list) else [None]
        if not all(isinstance(name, str) for name in names):
            raise ProjectError(
                "[tool.vega] features is not a list of names", str(file), 'write features = ["web", "data"]'
            )
        return cls(root=file.parent, package=package, features=tuple(map(str, names)))

    @property
    def source(self) -> Path:
        """The folder of the project's top package."""
        return self.root / self.package

    def has(self, feature: str) -> bool:
        """Return whether a feature is enabled."""
        return feature in self.features


def _vega_table(file: Path) -> dict[str, Any] | None:
    try:
        tool: object = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProjectError(f"pyproject.toml cannot be read: {error}", str(file), "fix the file") from error
    table = cast("dict[str, object]", tool).get("vega") if isinstance(tool, dict) else None
    return cast("dict[str, Any]", table) if isinstance(table, dict) else None  # TOML keys are strings
