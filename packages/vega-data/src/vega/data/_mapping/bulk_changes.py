"""The changes of `update_where` and the keys of `upsert_many`, checked before anything is changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from vega.patterns.query import UnknownFieldError

from .._errors import InvalidEntityError
from .columns import check
from .policies import Policies


def checked_changes(policies: Policies, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the changes in stored form, by field.

    Raises:
        UnknownFieldError: the entity has no such stored field.
        InvalidEntityError: a value cannot be stored, a field is the identity or the version, or there is none.
    """
    if not changes:
        raise InvalidEntityError(
            "there is nothing to change", policies.name, "name a field: update_where(spec, name=...)"
        )
    checked: dict[str, Any] = {}
    for name, value in changes.items():
        column = policies.layout.by_path.get(name)
        if column is None:
            raise UnknownFieldError.of(name, policies.name, policies.layout.by_path)
        if name in {policies.mapping.identity, policies.mapping.version, policies.mapping.tenant}:
            raise InvalidEntityError(
                f"{name} cannot be changed by update_where", policies.name, "change the entity itself"
            )
        if column.generated:
            raise InvalidEntityError(f"{name} is made by the database", policies.name, "change what it is made from")
        checked[name] = check(column, value, policies.layout.entity)
    return checked


def checked_keys(policies: Policies, on: Iterable[str]) -> tuple[str, ...]:
    """Return the fields that an upsert matches rows by: the named fields, or the identity.

    Raises:
        UnknownFieldError: the entity has no such stored field.
    """
    keys = tuple(on) or (policies.mapping.identity,)
    for key in keys:
        if key not in policies.layout.by_path:
            raise UnknownFieldError.of(key, policies.name, policies.layout.by_path)
    return keys
