"""Rows loaded by a unit of work, so that an update writes only changed columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:  # for annotations, which are not evaluated at run time
    from .._sql.tables import EntityTable

_COMPARED: Final = (str, int, bool, bytes)


class LoadedRows:
    """The rows read by a transaction, as stored in the database.

    Changes by other means than `update` clear all rows: bulk changes, custom statements, a rollback to a savepoint.
    An update of an unknown row writes all columns.
    """

    def __init__(self) -> None:
        self._rows: dict[tuple[str, Any], Sequence[Any]] = {}

    def keep(self, tables: EntityTable, rows: Sequence[Sequence[Any]]) -> None:
        """Remember rows, with the values of the entity's columns."""
        place, key = tables.policies.layout.columns.index(tables.policies.identity), tables.table.key
        for row in rows:
            self._rows[key, row[place]] = row

    def changed(self, tables: EntityTable, identity: Any, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values that differ from the stored row; all values for an unknown row."""
        known = self._rows.pop((tables.table.key, identity), None)
        if known is None:
            return dict(row)
        before = dict(zip([column.key for column in tables.columns], known, strict=True))
        keeps = {column.key for column in tables.columns if column.onupdate is not None}
        fresh = {name: value for name, value in row.items() if name in keeps or not _same(before[name], value)}
        return fresh or dict(row)

    def forget(self) -> None:
        """Forget all rows."""
        self._rows.clear()


def _same(before: Any, after: Any) -> bool:
    """Whether both are stored alike: 0.1 and 0.10, or 0.0 and -0.0, are equal and are not."""
    return before is after or (type(before) is type(after) and isinstance(before, _COMPARED) and before == after)
