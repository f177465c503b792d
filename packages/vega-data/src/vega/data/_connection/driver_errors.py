"""Driver errors as errors of vega.data, the same on SQLite and PostgreSQL."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Column, Constraint, Index, PrimaryKeyConstraint, UniqueConstraint, exc

from vega.patterns.query import Kind

from .._errors import (
    ConstraintError,
    DatabaseUnavailableError,
    DataError,
    DuplicateEntityError,
    ForeignKeyError,
    InvalidEntityError,
    LockTimeoutError,
    OutdatedSchemaError,
    QueryTimeoutError,
    TransactionConflictError,
)

if TYPE_CHECKING:  # for annotations, which are not evaluated at run time
    from .._sql.tables import EntityTable

_SQLITE_COLUMNS: Final = re.compile(r"constraint failed: (.*)")
_POSTGRES_KEY: Final = re.compile(r"Key \((.*?)\)=")
_LONGEST: Final = 200
_LACKING: Final = (  # messages of SQLite and PostgreSQL for a missing table or column
    (re.compile(r"no such table: (?:main\.)?(.+)"), "table {}"),
    (re.compile(r"no such column: (.+)"), "column {}"),
    (re.compile(r"table (.+) has no column named (.+)"), "column {}.{}"),
    (re.compile(r'column "(.+)" of relation "(.+)" does not exist'), "column {1}.{0}"),
    (re.compile(r"column (.+) does not exist"), "column {}"),
    (re.compile(r'relation "(.+)" does not exist'), "table {}"),
    (re.compile(r'schema "(.+)" does not exist'), "schema {}"),
)
_LONGEST_INDEXED: Final = 2_704  # bytes of an entry in a B-tree of PostgreSQL: BTMaxItemSize of a page of 8 KiB
_LONG_KINDS: Final = (Kind.TEXT, Kind.BYTES, Kind.JSON)


@contextmanager
def translated(tables: EntityTable | None = None) -> Generator[None]:
    """Raise the errors of the driver as errors of vega.data.

    Args:
        tables: the entity of the statement, for field names.
    """
    try:
        yield
    except exc.TimeoutError as error:
        raise QueryTimeoutError(
            "no connection became free in time",
            "the connection pool",
            "keep units of work short, or give Database(url, pool_size=...)",
        ) from error
    except exc.DBAPIError as error:
        raise data_error(error, tables) from error
    except exc.SQLAlchemyError as error:
        name = tables.policies.name if tables is not None else "the database"
        reason = str(error).partition("\n")[0][:_LONGEST]
        raise DataError(
            f"a statement cannot be run ({type(error).__name__}): {reason}", name, "see the cause"
        ) from error
    except sqlite3.Error as error:  # from a command sent directly to the driver, such as BEGIN
        raise data_error(exc.DBAPIError(None, None, error), tables) from error
    except (ConnectionError, OSError) as error:
        raise _unavailable(error) from error


def data_error(error: exc.DBAPIError, tables: EntityTable | None = None) -> DataError:
    """Return the error of vega.data for an error of the driver."""
    name = tables.policies.name if tables is not None else "the database"
    state = _sqlstate(error)
    for prefix, make in _BY_STATE.items():
        if state.startswith(prefix):
            return make(error, name, tables)
    if state:
        return DataError(f"the database refused a statement ({state})", name, _shortened(error))
    return _sqlite_error(error, name, tables)


def _sqlstate(error: exc.DBAPIError) -> str:
    seen: Any = error.orig
    while seen is not None:
        state = getattr(seen, "sqlstate", None) or getattr(seen, "pgcode", None)
        if isinstance(state, str):
            return state
        seen = seen.__cause__
    return "08006" if error.connection_invalidated else ""


def _sqlite_error(error: exc.DBAPIError, name: str, tables: EntityTable | None) -> DataError:
    text = str(error.orig)
    for word, make in _BY_TEXT.items():
        if word in text:
            return make(error, name, tables)
    return DataError("the database refused a statement", name, _shortened(error))


def _duplicate(error: exc.DBAPIError, name: str, tables: EntityTable | None) -> DataError:
    return DuplicateEntityError.of(name, tuple(_fields(_columns_of(error, tables), tables)))


def _columns_of(error: exc.DBAPIError, tables: EntityTable | None) -> list[str]:
    constraint = _postgres_attribute(error, "constraint_name")
    if tables is not None and constraint is not None:
        declared: list[Constraint | Index] = [*tables.table.constraints, *tables.table.indexes]
        for known in declared:
            if known.name == constraint:
                return [column.name for column in getattr(known, "columns", ())]
    key = _POSTGRES_KEY.search(_postgres_attribute(error, "detail") or "")
    if key:
        return [part.strip().strip('"') for part in key.group(1).split(",")]
    listed = _SQLITE_COLUMNS.search(str(error.orig))
    return [part.strip().rpartition(".")[2] for part in listed.group(1).split(",")] if listed else []


def _fields(columns: list[str], tables: EntityTable | None) -> Iterator[str]:
    stored = () if tables is None else zip(tables.columns, tables.policies.layout.columns, strict=True)
    known = {column.name: field.dotted for column, field in stored}
    return (known.get(column, column) for column in columns)


def _postgres_attribute(error: exc.DBAPIError, attribute: str) -> str | None:
    seen: Any = error.orig
    while seen is not None:
        value = getattr(seen, attribute, None)
        if isinstance(value, str):
            return value
        seen = seen.__cause__
    return None


def _foreign_key(_error: exc.DBAPIError, name: str, _tables: EntityTable | None) -> DataError:
    return ForeignKeyError(
        f"{name} refers to what is not stored, or is still referred to",
        name,
        "store the other first, or delete it last",
    )


def _not_null(error: exc.DBAPIError, name: str, tables: EntityTable | None) -> DataError:
    fields = ", ".join(_fields(_columns_of(error, tables), tables)) or _postgres_attribute(error, "column_name") or ""
    return ConstraintError(f"a value that must be there is missing: {fields}", name, "give it a value")


def _check(_error: exc.DBAPIError, name: str, _tables: EntityTable | None) -> DataError:
    return ConstraintError("a check of the database refuses a value", name, "give a value that meets the check")


def _conflict(_error: exc.DBAPIError, name: str, _tables: EntityTable | None) -> DataError:
    return TransactionConflictError(
        "the transaction met another one and was undone", name, "run the unit again: @transactional(retry=3)"
    )


def _slow(_error: exc.DBAPIError, name: str, _tables: EntityTable | None) -> DataError:
    return QueryTimeoutError("a statement took too long", name, "see what it waits for, or allow more time")


def _locked(_error: exc.DBAPIError, name: str, _tables: EntityTable | None) -> DataError:
    return LockTimeoutError(
        "another transaction held a lock, and did not end in time",
        name,
        "keep units short, run again (@transactional(retry=3)), or allow more: Database(lock_timeout=...)",
    )


def _outdated(error: exc.DBAPIError, name: str, _tables: EntityTable | None) -> DataError:
    reason = _shortened(error)
    found = ((pattern.search(reason), words) for pattern, words in _LACKING)
    lacking = next((words.format(*match.groups()) for match, words in found if match), f"table or column ({reason})")
    return OutdatedSchemaError(
        f"the database has no {lacking.replace(chr(34), '')}",
        name,
        "run: vega migrate upgrade; when the entities have changed, first: vega migrate create; "
        "without migrations: await database.create_all()",
    )


def _past_a_limit(error: exc.DBAPIError, name: str, tables: EntityTable | None) -> DataError:
    """Return the error for a value too long for an index; above 8 KiB PostgreSQL does not report which index."""
    if "index row" not in str(error.orig):
        return DataError("the database refused a statement that is past a limit of it", name, _shortened(error))
    columns = _columns_of(error, tables) or (_indexed_texts(tables) if tables is not None else [])
    fields = " or ".join(_fields(columns, tables))
    return InvalidEntityError(
        f"a value of {fields or 'an indexed column'} is too long for its index: "
        f"PostgreSQL holds at most {_LONGEST_INDEXED:,} bytes there, compressed",
        name,
        "store a shorter value, or index a digest of it in a field of its own, such as hashlib.sha256(...).hexdigest()",
    )


def _indexed_texts(tables: EntityTable) -> list[str]:
    declared: list[Constraint | Index] = [*tables.table.constraints, *tables.table.indexes]
    indexed: set[Column[Any]] = {
        column
        for known in declared
        if isinstance(known, PrimaryKeyConstraint | UniqueConstraint | Index)
        for column in known.columns
    }
    stored = zip(tables.columns, tables.policies.layout.columns, strict=True)
    return [column.name for column, field in stored if column in indexed and field.info.kind in _LONG_KINDS]


def _used_up(_error: exc.DBAPIError, name: str, tables: EntityTable | None) -> DataError:
    if tables is not None:
        return tables.policies.used_up()
    return DataError("a sequence has no number left", name, "see which one, and raise its limit")


def _full(_error: exc.DBAPIError, name: str, _tables: EntityTable | None) -> DataError:
    return DataError(
        f"no room is left: the disk is full, or the largest identifier of {name} is given",
        name,
        "free space on the disk, or give identifiers that are free",
    )


def _unreachable(error: exc.DBAPIError, _name: str, _tables: EntityTable | None) -> DataError:
    reason = _shortened(error)
    fix = (
        "give Database(url, transaction_pooler=True)"
        if "startup parameter" in reason
        else "see that it runs at its URL"
    )
    return DatabaseUnavailableError(f"the database cannot be reached: {reason}", "the connection", fix)


def _unavailable(error: BaseException) -> DatabaseUnavailableError:
    reason = str(error).partition("\n")[0][:_LONGEST]
    return DatabaseUnavailableError(
        f"the database cannot be reached ({type(error).__name__}): {reason}",
        "the connection",
        "see that it runs at its URL",
    )


def _shortened(error: exc.DBAPIError) -> str:
    text = str(error.orig).partition("\n")[0]
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


_Maker = Callable[[exc.DBAPIError, str, "EntityTable | None"], DataError]
_BY_STATE: Final[dict[str, _Maker]] = {
    "23505": _duplicate,
    "23503": _foreign_key,
    "23502": _not_null,
    "23514": _check,
    "40001": _conflict,
    "40P01": _conflict,
    "55P03": _locked,
    "57014": _slow,
    "2200H": _used_up,
    "42P01": _outdated,
    "42703": _outdated,
    "3F000": _outdated,
    "54000": _past_a_limit,
    "08": _unreachable,
    "57P": _unreachable,
    "53": _unreachable,
}
_BY_TEXT: Final[dict[str, _Maker]] = {
    "UNIQUE constraint failed": _duplicate,
    "FOREIGN KEY constraint failed": _foreign_key,
    "NOT NULL constraint failed": _not_null,
    "CHECK constraint failed": _check,
    "database is locked": _locked,
    "database table is locked": _locked,
    "interrupted": _slow,
    "unable to open database file": _unreachable,
    "disk I/O error": _unreachable,
    "database or disk is full": _full,
    "no such table": _outdated,
    "no such column": _outdated,
    "has no column named": _outdated,
}
