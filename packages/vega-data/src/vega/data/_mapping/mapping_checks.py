"""Checks of a mapping against the fields of the entity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, get_args

from vega.patterns.query import Kind

from .._errors import InvalidEntityError, MappingError
from .columns import Column, check
from .entity_layout import EntityLayout
from .entity_mapping import EntityMapping, OnDelete

_LONGEST_NAME: Final = 63  # bytes of a name in PostgreSQL, which truncates longer names
_ACTIONS: Final = get_args(OnDelete)


def check_mapping(layout: EntityLayout, mapping: EntityMapping) -> None:
    """Check the names, kinds and values of a mapping.

    Raises:
        MappingError: a field is missing or of an unsuitable type, or a name or value cannot be stored.
    """
    for name in _named(mapping):
        if name not in layout.by_path:
            raise _unknown(layout, name, layout.by_path)
    _check_columns(layout, mapping)
    _check_references(layout, mapping)
    _check_values(layout, "server_defaults", mapping.server_defaults)
    for key in mapping.unique_keys():
        _check_values(layout, "unique", key.condition)
    _require(layout, mapping.version, Kind.INT, "the version")
    for stamp in (mapping.created_at, mapping.updated_at, mapping.soft_delete):
        _require(layout, stamp, Kind.DATETIME, "a moment")


def refuse_long_name(name: str, layout: EntityLayout) -> None:
    """Refuse a name that PostgreSQL would truncate.

    Raises:
        MappingError: the name has more than 63 bytes.
    """
    if len(name.encode()) > _LONGEST_NAME:
        raise _error(layout, f"the name {name} has more than {_LONGEST_NAME} bytes", "choose a shorter one")


def _check_columns(layout: EntityLayout, mapping: EntityMapping) -> None:
    known = dict(_all_columns(layout, ""))
    taken: dict[str, str] = {}
    for path in mapping.columns:
        if path not in known:
            raise _unknown(layout, path, known)
    for name in (mapping.table, *mapping.columns.values(), *mapping.checks):
        refuse_long_name(name, layout)
    for path, column in layout.by_path.items():
        name = mapping.columns.get(path, column.name)
        if name in taken:
            raise _error(
                layout, f"{path} and {taken[name]} would share the column {name}", "give one another name: columns"
            )
        taken[name] = path


def _all_columns(layout: EntityLayout, before: str) -> Iterator[tuple[str, Column]]:
    for path, column in layout.by_path.items():
        yield before + path, column
    for child in layout.children:
        yield from _all_columns(child.layout, f"{before}{child.dotted}.")


def _check_references(layout: EntityLayout, mapping: EntityMapping) -> None:
    for path in mapping.references:
        reference = mapping.reference(path)
        assert reference is not None  # it is among them
        table, _, column = reference.target.rpartition(".")
        if not (table and column):
            raise _error(layout, f"{path} refers to {reference.target!r}, which names no column", "write users.id")
        if reference.on_delete not in _ACTIONS:
            raise _error(layout, f"{reference.on_delete!r} is not an action", f"choose one of {', '.join(_ACTIONS)}")
        if reference.on_delete == "set null" and not layout.by_path[path].nullable:
            raise _error(layout, f"{path} cannot be missing, but would be set to NULL", "declare it as optional")


def _check_values(layout: EntityLayout, option: str, values: Mapping[str, Any]) -> None:
    for path, value in values.items():
        try:
            check(layout.by_path[path], value, layout.entity)
        except InvalidEntityError as error:
            raise _error(layout, f"{option}: {error.what}", error.fix) from error


def _require(layout: EntityLayout, name: str, kind: Kind, role: str) -> None:
    if name and layout.by_path[name].info.kind is not kind:
        raise _error(layout, f"{name} cannot be {role}: it is not a {kind}", f"declare it as {kind}")


def _named(mapping: EntityMapping) -> Iterator[str]:
    single = [
        mapping.identity,
        mapping.version,
        mapping.soft_delete,
        mapping.created_at,
        mapping.updated_at,
        mapping.created_by,
        mapping.updated_by,
        mapping.tenant,
    ]
    yield from filter(None, single)
    yield from (*mapping.references, *mapping.server_defaults)
    for key in mapping.unique_keys():
        yield from (*key.names, *key.condition)
    for group in mapping.index_keys():
        yield from (name.removeprefix("-") for name in group)


def _unknown(layout: EntityLayout, name: str, known: Mapping[str, Any]) -> MappingError:
    what = f"{layout.entity.__name__} has no stored field {name!r}"
    return _error(layout, what, f"its stored fields: {', '.join(known)}")


def _error(layout: EntityLayout, what: str, fix: str) -> MappingError:
    return MappingError(what, f"the mapping of {layout.entity.__module__}.{layout.entity.__qualname__}", fix)
