"""Parts of a SQLite table that reflection does not know: collations, AUTOINCREMENT, triggers, indexes of expressions.

No statement of SQLite reports collations, so an index over an empty copy of the table is inspected. The copy is
temporary, with a `sqlite_sequence` in the temporary schema, which hides the sequence of `main` in unqualified names.
Source: SQLite documentation, "PRAGMA index_xinfo", "The Schema Table" and "SQLite Autoincrement".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection

_TABLE: Final = re.compile(
    r'CREATE\s++TABLE\s++(?:"(?:[^"]|"")*+"|`(?:[^`]|``)*+`|\[[^\]]*+\]|[^\s("`\[]++)\s*+(?P<body>\(.*)',
    re.IGNORECASE | re.DOTALL,
)
_AUTOINCREMENT: Final = re.compile(r"\bAUTOINCREMENT\b", re.IGNORECASE)
_QUOTED: Final = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|/\*.*?\*/", re.DOTALL
)
_PROBE: Final = "vega_probe"


@dataclass(frozen=True, slots=True)
class KeptParts:
    """The parts of a table to recreate after a rebuild.

    Args:
        autoincrement: whether the table never gives an identifier twice.
        last: the largest identifier ever used, deleted rows included; None where not recorded.
        statements: the statements that create triggers and indexes of expressions, by name.
        directed: the statements that create indexes with a descending column, by name; reflection omits the direction.
    """

    autoincrement: bool
    last: int | None
    statements: dict[str, str]
    directed: dict[str, str]

    @classmethod
    def of(cls, connection: Connection, table: str) -> KeptParts:
        """Return the parts of a stored table."""
        statements: dict[str, str] = {}
        directed: dict[str, str] = {}
        query = "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = ? AND type <> 'table' AND sql IS NOT NULL"
        for kind, name, sql in _rows(connection, query, table):
            columns = _index_columns(connection, str(name)) if kind == "index" else []
            if kind == "trigger" or any(column == _EXPRESSION for column, _ in columns):
                statements[str(name)] = str(sql)
            elif any(descends for _, descends in columns):
                directed[str(name)] = str(sql)
        autoincrement = is_autoincrement(connection, table)
        kept = _rows(connection, "SELECT seq FROM main.sqlite_sequence WHERE name = ?", table) if autoincrement else []
        return cls(autoincrement, int(kept[0][0]) if kept else None, statements, directed)

    def restore_last(self, connection: Connection, table: str) -> None:
        """Make a refilled table number on from the largest identifier ever used."""
        if self.last is None:
            return
        change = "UPDATE main.sqlite_sequence SET seq = ? WHERE name = ?"
        changed = connection.exec_driver_sql(change, (self.last, table))
        if not changed.rowcount:  # no row was there to be copied
            connection.exec_driver_sql("INSERT INTO main.sqlite_sequence (name, seq) VALUES (?, ?)", (table, self.last))


def is_autoincrement(connection: Connection, table: str) -> bool:
    """Return whether a table is declared never to give an identifier twice."""
    return _AUTOINCREMENT.search(_QUOTED.sub("", _source(connection, table))) is not None


def collations(connection: Connection, table: str) -> dict[str, str]:
    """Return the collations of a table's columns, without byte-wise collations."""
    found = _TABLE.match(_source(connection, table))
    if found is None:  # a virtual table, or not a table
        return {}
    quote = connection.dialect.identifier_preparer.quote_identifier
    connection.exec_driver_sql(f"CREATE TEMP TABLE {_PROBE} {found['body']}")
    try:
        columns = [str(row[1]) for row in _rows(connection, f"PRAGMA temp.table_info({_PROBE})")]
        listed = ", ".join(map(quote, columns))
        connection.exec_driver_sql(f"CREATE INDEX temp.{_PROBE}_index ON {_PROBE} ({listed})")
        rows = _rows(connection, f"PRAGMA temp.index_xinfo({_PROBE}_index)")
        return {str(row[2]): str(row[4]) for row in rows if row[2] is not None and row[4] != "BINARY"}
    finally:
        connection.exec_driver_sql(f"DROP TABLE temp.{_PROBE}")


def _index_columns(connection: Connection, index: str) -> list[tuple[int, bool]]:
    """Return the number of each column of an index, and whether the column descends."""
    quote = connection.dialect.identifier_preparer.quote_identifier
    rows = _rows(connection, f"PRAGMA index_xinfo({quote(index)})")
    return [(int(row[1]), bool(row[3])) for row in rows if row[5]]


def _source(connection: Connection, table: str) -> str:
    rows = _rows(connection, "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", table)
    return str(rows[0][0]) if rows else ""


def _rows(connection: Connection, text: str, *parameters: str) -> list[Any]:
    return list(connection.exec_driver_sql(text, parameters or None).all())


_EXPRESSION: Final = -2  # in place of the number of a column
