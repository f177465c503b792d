"""Reads the files of settings; errors name the malformed file and place."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from io import StringIO
from pathlib import Path
from types import UnionType
from typing import Any, Union, cast, get_args, get_origin

from dotenv import dotenv_values
from dotenv.parser import parse_stream
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ._errors import SettingsError
from ._explain import alias_of


def profile_of(root: Path | None) -> str:
    """Return the profile, from the environment, else from `.env`, else `development`."""
    profile = os.environ.get("VEGA_PROFILE")
    if profile is None and root is not None:
        profile = env_file(root / ".env").get("VEGA_PROFILE")
    return profile or "development"


def env_file(file: Path) -> Mapping[str, str | None]:
    """Return the variables of a `.env` file; empty if the file does not exist.

    Raises:
        SettingsError: a line is neither `NAME=value` nor a comment.
    """
    text = _text(file)
    if text is None:
        return {}
    for binding in parse_stream(StringIO(text)):
        if binding.error:
            raise SettingsError(
                "the line is not NAME=value", f"{file}:{binding.original.line}", "fix the line, or begin it with #"
            )
    return dotenv_values(stream=StringIO(text))


def secrets(settings: type[BaseModel], folder: Path | None) -> Mapping[str, str]:
    """Return the texts of the files in a folder that are named like variables, without the trailing line break.

    Args:
        settings: the class that defines the variables; other files are not opened.
        folder: the folder; the value of `VEGA_SECRETS_DIR` when None.

    Raises:
        SettingsError: the folder does not exist, or a file cannot be read.
    """
    variable = os.environ.get("VEGA_SECRETS_DIR")
    if folder is None:
        if not variable:
            return {}
        folder = Path(variable)
    if not folder.is_dir():
        raise SettingsError("the folder of secrets does not exist", str(folder), "mount it, or unset VEGA_SECRETS_DIR")
    prefix = str(settings.model_config.get("env_prefix", ""))
    names = {(alias_of(field) or prefix + name).lower() for name, field in settings.model_fields.items()}
    return {
        file.name: (_text(file) or "").removesuffix("\n").removesuffix("\r")
        for file in sorted(folder.iterdir())
        if file.name.lower().partition("__")[0] in names and file.is_file()
    }


def toml_file(settings: type[BaseModel], file: Path) -> dict[str, Any]:
    """Return the values of a TOML file, under the aliases of the fields; empty if the file does not exist.

    Raises:
        SettingsError: the file is not TOML, or contains unknown names.
    """
    text = _text(file)
    if text is None:
        return {}
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"the file is not TOML: {error}", str(file), "fix the file") from None
    unknown: list[str] = []
    named = _by_alias(settings, table, "", unknown)
    if unknown:
        raise SettingsError(f"unknown settings: {'; '.join(unknown)}", str(file), "fix the names, or remove them")
    return named


def _by_alias(model: type[BaseModel], table: Mapping[str, Any], place: str, unknown: list[str]) -> dict[str, Any]:
    """Return a table with the keys that pydantic accepts; add unknown keys to `unknown`."""
    by_key: dict[str, FieldInfo] = {}
    for name, declared in model.model_fields.items():
        by_key |= {name: declared, alias_of(declared) or name: declared}
    named: dict[str, Any] = {}
    for key, value in table.items():
        field = by_key.get(key)
        if field is None and model.model_config.get("extra") != "allow":
            close = get_close_matches(key, by_key, n=1)
            unknown.append(f"{place}{key}" + (f" (did you mean {close[0]}?)" if close else ""))
            continue
        inner = _model_of(field) if field is not None else None
        renamed: Any = value
        if inner is not None and isinstance(value, dict):
            renamed = _by_alias(inner, cast("dict[str, Any]", value), f"{place}{key}.", unknown)  # TOML keys are str
        named[(alias_of(field) if field is not None else None) or key] = renamed
    return named


def _model_of(field: FieldInfo) -> type[BaseModel] | None:
    """Return the model of a field, possibly optional; None for other types and for several models."""
    is_union = get_origin(field.annotation) in {Union, UnionType}
    parts = get_args(field.annotation) if is_union else (field.annotation,)
    models = [part for part in parts if isinstance(part, type) and issubclass(part, BaseModel)]
    return models[0] if len(models) == 1 else None


def _text(file: Path) -> str | None:
    """Return the text of a file, None when there is none."""
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        what = "is not UTF-8" if isinstance(error, UnicodeDecodeError) else f"cannot be read: {error.strerror}"
        raise SettingsError(f"the file {what}", str(file), "fix the file or its permissions") from None
