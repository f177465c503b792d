"""Typed settings on pydantic-settings: environment, `.env` files, profiles; one error for all that is missing."""

from __future__ import annotations

import os
from pathlib import Path
from types import UnionType
from typing import Any, Final, Literal, Self, Union, get_args, get_origin

from pydantic import BaseModel, Field, ValidationError
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
        stop_timeout: how long stopping the application may take, in seconds, above 0; from `VEGA_STOP_TIMEOUT`.
    """

    model_config = SettingsConfigDict(env_nested_delimiter="__", extra="ignore", hide_input_in_errors=True)

    profile: Profile = Field(default="development", validation_alias="VEGA_PROFILE")
    stop_timeout: float = Field(default=30.0, gt=0, allow_inf_nan=False, validation_alias="VEGA_STOP_TIMEOUT")

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
        if not entry["loc"]:  # a check of the whole
            problems.append(entry["msg"])
            continue
        field = _field_at(cls, entry["loc"])
        variable = _variable(field, entry["loc"])
        kind, example = _kind_and_example(field.annotation if field is not None else None)
        problems.append(f"{variable} ({kind}): {entry['msg']}")
        examples.append(f"{variable}={example}")
    return SettingsError(
        f"{len(problems)} settings are missing or wrong: {'; '.join(problems)}",
        f"{cls.__module__}.{cls.__qualname__}",
        f"set them in the environment or in .env{', such as ' if examples else ''}{' '.join(examples)}",
    )


def _field_at(model: type[BaseModel], place: tuple[int | str, ...]) -> FieldInfo | None:
    """Return the innermost field on the way to a place; pydantic names it by its alias, if it has one."""
    found: FieldInfo | None = None
    fields = model.model_fields
    for part in place:
        inner = next((field for name, field in fields.items() if part in {name, _alias(field)}), None)
        if inner is None:
            break
        found, annotation = inner, inner.annotation
        fields = annotation.model_fields if isinstance(annotation, type) and issubclass(annotation, BaseModel) else {}
    return found


def _alias(field: FieldInfo) -> str | None:
    return field.validation_alias if isinstance(field.validation_alias, str) else None


def _variable(field: FieldInfo | None, place: tuple[int | str, ...]) -> str:
    alias = _alias(field) if field is not None and len(place) == 1 else None
    return alias or "__".join(str(part) for part in place).upper()


def _kind_and_example(annotation: Any) -> tuple[str, str]:
    """Return how a message calls a type, and a value of it as a line of `.env` has it."""
    if annotation is None:
        return "value", "..."
    parts = get_args(annotation)
    if parts and all(isinstance(part, str) for part in parts):
        return "|".join(parts), str(parts[0])
    types = parts if get_origin(annotation) in {Union, UnionType} else (annotation,)
    example = next((_EXAMPLES[one] for one in types if isinstance(one, type) and one in _EXAMPLES), "...")
    return (annotation.__name__ if isinstance(annotation, type) else str(annotation)), example


_EXAMPLES: Final[dict[type, str]] = {bool: "true", int: "8000", float: "1.5"}
