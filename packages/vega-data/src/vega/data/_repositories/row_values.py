"""Values of entities in their stored form, checked: a single row, or many entities by column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

from vega.patterns.query import InvalidValueError

from .._errors import InvalidEntityError
from .._mapping.columns import missing_value
from .._mapping.policies import Policies
from .bulk_checks import all_valid

T = TypeVar("T")


class RowValues(Generic[T]):
    """Row values of the entities of a class.

    Args:
        policies: the policies of the entity, with the layout.
        names: the columns by the dotted paths of the fields.
    """

    def __init__(self, policies: Policies, names: Mapping[str, str]) -> None:
        self._policies = policies
        self._columns = tuple(
            (column, names[column.dotted], column.dotted, column.read, column.check)
            for column in policies.layout.columns
            if not column.generated or column is policies.identity
        )

    def row(self, entity: T, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of an entity, by column.

        Raises:
            InvalidEntityError: a value is missing, of another type, or cannot be stored.
        """
        layout = self._policies.layout
        layout.require(entity)
        row: dict[str, Any] = {}
        try:
            for column, key, dotted, get, check in self._columns:
                value = changes[dotted] if dotted in changes else get(entity)
                if value is not None:
                    row[key] = check(value, dotted)
                elif column.nullable or column is self._policies.identity:
                    row[key] = None
                else:
                    raise missing_value(column, layout.entity)
        except InvalidValueError as error:
            raise self._invalid(error) from error
        return row

    def columns(self, entities: Sequence[T], changes: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
        """Return the values of many entities, by column: far quicker than row by row.

        Raises:
            InvalidEntityError: a value is missing, of another type, or cannot be stored.
        """
        for entity in entities:
            self._policies.layout.require(entity)
        changed = set[str]().union(*changes)
        columns: dict[str, list[Any]] = {}
        try:
            for column, key, dotted, get, check in self._columns:
                values = list(map(get, entities))
                if dotted in changed:
                    values = [change.get(dotted, own) for own, change in zip(values, changes, strict=True)]
                if column.limit is not None or not all_valid(column.info.kind, values):
                    if (
                        not column.nullable
                        and column is not self._policies.identity
                        and any(value is None for value in values)
                    ):
                        raise missing_value(column, self._policies.layout.entity)
                    values = [None if value is None else check(value, dotted) for value in values]
                columns[key] = values
        except InvalidValueError as error:
            raise self._invalid(error) from error
        return columns

    def _invalid(self, error: InvalidValueError) -> InvalidEntityError:
        return InvalidEntityError(error.what, f"{self._policies.name}.{error.where}", error.fix)
