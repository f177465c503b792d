"""Edits of pyproject.toml that preserve all other bytes."""

from __future__ import annotations

import re
from typing import cast

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Array, Table

from vega.core import ProjectError
from vega.core.extend import AddDependency, EnableFeature

_FILE = "pyproject.toml"


def edited(before: bytes | None, operation: AddDependency | EnableFeature) -> bytes:
    """Return pyproject.toml with a dependency or a feature added, unchanged if already present.

    Raises:
        ProjectError: the file is missing, is not TOML, or has no static list of dependencies.
    """
    if before is None:
        raise ProjectError("there is no pyproject.toml", _FILE, "make a project with: vega init NAME")
    try:
        text = before.decode()
        document = tomlkit.parse(text)
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise ProjectError(f"pyproject.toml cannot be read: {error}", _FILE, "fix the file") from error
    if isinstance(operation, EnableFeature):
        changed = _append(_features(document), operation.feature)
    else:
        changed = _add_requirement(_dependencies(document), operation.requirement)
    return _with_line_ends_of(before, tomlkit.dumps(document).encode()) if changed else before


def _with_line_ends_of(before: bytes, after: bytes) -> bytes:
    """Return the content with CRLF line ends if every line ended so before."""
    if before.count(b"\r\n") == before.count(b"\n"):
        return re.sub(rb"(?<!\r)\n", b"\r\n", after)
    return after


def _features(document: tomlkit.TOMLDocument) -> Array:
    vega = _entry(_entry(document, "tool"), "vega")
    if not isinstance(vega, dict):
        raise ProjectError("pyproject.toml has no table [tool.vega]", _FILE, "make a project with: vega init NAME")
    if "features" not in vega:
        vega["features"] = tomlkit.array()
    return _array(cast("dict[str, object]", vega)["features"], "[tool.vega] features")


def _dependencies(document: tomlkit.TOMLDocument) -> Array:
    project = _entry(document, "project")
    if not isinstance(project, Table):
        raise ProjectError("pyproject.toml has no table [project]", _FILE, "add [project] with name and dependencies")
    if "dependencies" in cast("list[str]", _entry(project, "dynamic") or []):
        raise ProjectError(
            "the dependencies are dynamic, so they are declared in another file",
            f"{_FILE}: [project] dynamic",
            "add the requirement there by hand, then run the command again with --no-install",
        )
    if "dependencies" not in project:
        project["dependencies"] = tomlkit.array()
    return _array(_entry(project, "dependencies"), "[project] dependencies")


def _entry(table: object, key: str) -> object:
    """Return an entry of a table, or None if the table or the entry is missing."""
    return cast("dict[str, object]", table).get(key) if isinstance(table, dict) else None


def _array(value: object, where: str) -> Array:
    if not isinstance(value, Array):
        raise ProjectError(f"{where} is not a list", _FILE, "write it as a list of strings")
    return value


def _add_requirement(array: Array, requirement: str) -> bool:
    distribution = distribution_of(requirement)
    if any(distribution_of(text) == distribution for text in _texts(array)):
        return False
    return _append(array, requirement)


def _append(array: Array, text: str) -> bool:
    """Append in the style of the list: on a separate line if existing entries are."""
    if text in _texts(array):
        return False
    if "\n" in array.as_string():
        array.add_line(text, indent=_indent(array))
    else:
        array.append(text)  # pyright: ignore[reportUnknownMemberType] - tomlkit's Array is an untyped list
    return True


def _texts(array: Array) -> list[str]:
    return [str(item) for item in cast("list[object]", array)]


def _indent(array: Array) -> str:
    match = re.search(r"\n([ \t]+)\S", array.as_string())
    return match.group(1) if match else "  "


def distribution_of(requirement: str) -> str:
    """Return the normalised name of the distribution of a requirement (PEP 508).

    >>> distribution_of("Vega_Web[cli]>=0.1")
    'vega-web'
    """
    name = re.match(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)", requirement)
    return re.sub(r"[-_.]+", "-", name.group(1)).lower() if name else ""
