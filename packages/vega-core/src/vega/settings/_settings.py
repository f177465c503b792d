"""Typed settings on pydantic-settings: environment, `.env` files, profiles; one error for all that is missing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal, Self, get_args

from pydantic import Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings as _PydanticSettings
from pydantic_settings import SettingsConfigDict

from ._errors import SettingsError

Profile = Literal["development", "test", "production"]


class BaseSettings(_PydanticSettings):
    """Settings of an application; subclass it and declare fields.

    Values come from, first found wins: the environment, `.env.<profile>`, `.env`, the field's default.
    Nested models are reached with a double underscore: `DATABASE__POOL=5`. Keep secrets in
    `pydantic.SecretStr`: they show as `**********` in texts and logs.

    Attributes:
        profile: `development`, `test` or `production`, from `VEGA_PROFILE`; it names the `.env` file too.
    """

    model_config = SettingsConfigDict(env_nested_delimiter="__", extra="ignore", hide_input_in_errors=True)

    profile: Profile = Field(default="development", validation_alias="VEGA_PROFILE")

    @property
    def is_production(self) -> bool:
        """Whether the profile is `production`."""
        return self.profile == "production"

    @classmethod
    def load(cls, root: Path | None = None, **values: Any) -> Self:
        """Read the settings.

        Args:
            root: the folder that holds the `.env` files; None reads the environment alone.
            values: values that win over every source.

        Raises:
            SettingsError: values are missing or wrong; it lists every one, with its type and an example line.
        """
        profile = os.environ.get("VEGA_PROFILE", "development")
        env_files = (root / ".env", root / f".env.{profile}") if root is not None else None
        try:
            return cls(**{"_env_file": env_files, **values})
        except ValidationError as error:
            raise _explained(cls, error) from None


def _explained(cls: type[BaseSettings], error: ValidationError) -> SettingsError:
    problems, examples = [], []
    for entry in error.errors(include_input=False, include_url=False):
        field = cls.model_fields.get(str(entry["loc"][0])) if entry["loc"] else None
        variable = _variable(field, "__".join(str(part) for part in entry["loc"]))
        kind = _type_name(field)
        problems.append(f"{variable} ({kind}): {entry['msg']}")
        examples.append(f"{variable}={_example(kind)}")
    return SettingsError(
        f"{len(problems)} settings are missing or wrong: {'; '.join(problems)}",
        f"{cls.__module__}.{cls.__qualname__}",
        f"set them in the environment or in .env, such as {' '.join(examples)}",
    )


def _variable(field: FieldInfo | None, name: str) -> str:
    alias = field.validation_alias if field is not None else None
    return alias if isinstance(alias, str) else name.upper()


def _type_name(field: FieldInfo | None) -> str:
    if field is None or field.annotation is None:
        return "value"
    choices = get_args(field.annotation)
    if choices and all(isinstance(choice, str) for choice in choices):
        return "|".join(choices)
    return getattr(field.annotation, "__name__", str(field.annotation))


def _example(kind: str) -> str:
    if "|" in kind:
        return kind.partition("|")[0]
    return {"int": "8000", "float": "1.5", "bool": "true"}.get(kind, "...")
