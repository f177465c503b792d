"""Failing migrations in words: the migration, the step, the table, the cause and the remedy."""

from __future__ import annotations

import ast
from pathlib import Path
from types import TracebackType
from typing import Final

from sqlalchemy.exc import DBAPIError

from vega.errors import CoreError

from .._connection.driver_errors import translated
from .._errors import (
    ConstraintError,
    DatabaseUnavailableError,
    DataError,
    DuplicateEntityError,
    ForeignKeyError,
    LockTimeoutError,
    MigrationError,
    QueryTimeoutError,
    TransactionConflictError,
)

_PASSING: Final = (DatabaseUnavailableError, LockTimeoutError, QueryTimeoutError, TransactionConflictError)
_LONGEST: Final = 300


def explained(error: Exception, folder: Path) -> DataError | None:
    """Return the error of a failing migration; None for a complete error, or an error from outside the migration.

    Args:
        error: the error raised by a step.
        folder: the folder of the migrations.
    """
    file, line = _place(error.__traceback__, folder)
    step, table = _step(file, line) if file is not None else ("", "")
    where = f"{file.name}:{line} {step}".strip() if file is not None else str(folder)
    if isinstance(error, CoreError):
        if not isinstance(error, MigrationError) or file is None or file.name in error.where:
            return None
        return type(error)(error.what, where, error.fix)
    if not isinstance(error, DBAPIError):
        what = f"a migration failed: {type(error).__name__}: {error}"
        return MigrationError(what, where, "nothing was changed; correct the file")
    kind = _kind(error)
    if isinstance(kind, _PASSING):
        return None
    cause = str(error.orig).partition("\n")[0].rpartition(">: ")[2][:_LONGEST]
    about = f" on the table {table}" if table else ""
    return MigrationError(f"a step{about} failed: {cause}", where, _remedy(kind, table))


def _kind(error: DBAPIError) -> DataError:
    try:
        with translated():
            raise error
    except DataError as kind:
        return kind


def _remedy(kind: DataError, table: str) -> str:
    rows = f"the rows of {table or 'the table'}"
    if isinstance(kind, DuplicateEntityError):
        names = ", ".join(kind.fields) or "the fields of the key"
        query = f"SELECT {names}, count(*) FROM {table} GROUP BY {names} HAVING count(*) > 1"  # noqa: S608 - a hint, never sent
        return f"nothing was changed; change or delete {rows} that are equal: {query}"
    if isinstance(kind, ConstraintError):
        return f"nothing was changed; give {rows} values that the new rule allows, in a step before this one"
    if isinstance(kind, ForeignKeyError):
        return f"nothing was changed; change or delete {rows} that refer to what is not stored"
    return f"nothing was changed; correct the step, or {rows} that it stumbles over"


def _place(trace: TracebackType | None, folder: Path) -> tuple[Path | None, int]:
    """Return the innermost line of a migration in a traceback."""
    found: tuple[Path | None, int] = (None, 0)
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if file.parent.resolve() == folder.resolve():
            found = file, trace.tb_lineno
        trace = trace.tb_next
    return found


def _step(file: Path, line: int) -> tuple[str, str]:
    """Return the operation on a line of a migration, and the table in the call."""
    step = table = ""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if is_call and node.lineno <= line <= (node.end_lineno or line):  # type: ignore[attr-defined] # seen to be a call
            called: ast.Call = node  # type: ignore[assignment] # seen to be a call
            name = ast.unparse(called.func)
            first = called.args[0].value if called.args and isinstance(called.args[0], ast.Constant) else ""
            if name.startswith(("op.", "batch_op.")) and not name.endswith(".f") and not step:
                step, table = name, str(first) if name.startswith("op.") and name != "op.execute" else ""
    return step, table
