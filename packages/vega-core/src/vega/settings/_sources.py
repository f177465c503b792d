"""Sources read by pydantic-settings after the environment: texts by name, and tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

from pydantic_settings import BaseSettings, EnvSettingsSource, InitSettingsSource


@final
class TextSource(EnvSettingsSource):
    """Texts under the names of environment variables.

    Args:
        settings: the class of the fields.
        texts: by name.
    """

    def __init__(self, settings: type[BaseSettings], texts: Mapping[str, str | None]) -> None:
        self._texts = texts
        super().__init__(settings)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        if self.case_sensitive:
            return self._texts
        return {name.lower(): text for name, text in self._texts.items()}


@final
class TableSource(InitSettingsSource):
    """Values by the names or aliases of fields, tables for nested models.

    Args:
        settings: the class of the fields.
        table: the table, in the form of TOML.
    """

    def __init__(self, settings: type[BaseSettings], table: dict[str, Any]) -> None:
        super().__init__(settings, table)
