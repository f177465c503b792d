"""Reads the files that settings come from; whatever is malformed is named with its place."""

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
    told = os.environ.get("VEGA_PROFILE")
    if told is None and root is not None:
        told = env_file(root / ".env").get("VEGA_PROFILE")
    return told or "development"


def env_file(file: Path) -> Mapping[str, str | None]:
    """Return the variables of a `.env` file; none when there is no such file.

    Raises:
        SettingsError: a line is neither `NAME=value` nor a comment.
    """
    text = _text(file)
    if text is None:
        return {}
    for binding in parse_stream(StringIO(text)):
        if binding.error:
            raise SettingsError(
                "a line is no NAME=value", f"{file}:{binding.original.line}", "mend the line, or begin it with #"
            )
    return dotenv_values(stream=StringIO(text))


def secrets(settings: type[BaseModel], folder: Path | None) -> Mapping[str, str]:
    """Return the texts of the files in a folder that are named like variables, without the last line break.

    Args:
        settings: the class whose variables count; other files are not opened.
        folder: the one that `VEGA_SECRETS_DIR` names when None.

    Raises:
        SettingsError: the folder does not exist, or a file cannot be read.
    """
    told = os.environ.get("VEGA_SECRETS_DIR")
    if folder is None:
        if not told:
            return {}
        folder = Path(told)
    if not folder.is_dir():
        raise SettingsError("there is no such folder of secrets", str(folder), "mount it, or unset VEGA_SECRETS_DIR")
    prefix = str(settings.model_config.get("env_prefix", ""))
    names = {(alias_of(field) or prefix + name).lower() for name, field in settings.model_fields.items()}
    return {
        file.name: (_text(file) or "").removesuffix("\n").removesuffix("\r")
        for file in sorted(folder.iterdir())
        if file.name.lower().partition("__")[0] in names and file.is_file()
    }


def toml_file(settings: type[BaseModel], file: Path) -> dict[str, Any]:
    """Return the values of a TOML file, by the aliases of fields that have one; none when there is no such file.

    Raises:
        SettingsError: it is no TOML, or names what is no setting.
    """
    text = _text(file)
    if text is None:
        return {}
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"the file is no TOML: {error}", str(file), "mend the file") from None
    unknown: list[str] = []
    named = _by_alias(settings, table, "", unknown)
    if unknown:
        raise SettingsError(f"no settings: {'; '.join(unknown)}", str(file), "mend the names, or take them out")
    return named


def _by_alias(model: type[BaseModel], table: Mapping[str, Any], place: str, unknown: list[str]) -> dict[str, Any]:
    """Return a table with its keys as pydantic takes them; add those that are no fields to the unknown ones."""
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
        given: Any = value
        if inner is not None and isinstance(value, dict):
            given = _by_alias(inner, cast("dict[str, Any]", value), f"{place}{key}.", unknown)  # TOML's keys are texts
        named[(alias_of(field) if field is not None else None) or key] = given
    return named


def _model_of(field: FieldInfo) -> type[BaseModel] | None:
    """Return the one model that a field is, also where it may be None."""
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
        raise SettingsError(f"the file {what}", str(file), "mend the file or its permissions") from None
