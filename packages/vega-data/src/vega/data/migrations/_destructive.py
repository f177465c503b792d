"""Tables and steps of migrations, read from the source: created tables, and steps that drop or narrow data."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_DROPS: Final = frozenset({"drop_table", "drop_column"})
_DROPPING_SQL: Final = re.compile(r"\b(DROP\s+(TABLE|COLUMN|SCHEMA)|TRUNCATE|DELETE\s+FROM)\b", re.IGNORECASE)


def tables_after(file: Path, tables: set[str]) -> set[str]:
    """Return the tables of a project after a migration: with created, without dropped or renamed tables.

    Args:
        file: the migration; only `upgrade` counts.
        tables: the tables before the migration.
    """
    tables = set(tables)
    for call in _calls(file, "upgrade"):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        texts = [part.value for part in call.args if isinstance(part, ast.Constant) and isinstance(part.value, str)]
        if texts and name in {"drop_table", "rename_table"}:
            tables.discard(texts[0])
        if texts and name in {"create_table", "rename_table"}:
            tables.add(texts[-1] if name == "rename_table" else texts[0])
    return tables


def destructive_steps_of(file: Path, function: str) -> list[str]:
    """Return the destructive steps of a migration's function, as `file:line step`."""
    losses = ((call.lineno, _loss(call)) for call in _calls(file, function))
    return [f"{file.name}:{line} {what}" for line, what in losses if what]


def _calls(file: Path, function: str) -> Iterator[ast.Call]:
    """Yield the calls in a function of a migration."""
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name == function:
            yield from (call for call in ast.walk(node) if isinstance(call, ast.Call))


def _loss(call: ast.Call) -> str:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    named = ", ".join(str(part.value) for part in call.args if isinstance(part, ast.Constant))
    if name in _DROPS:
        return f"{name} {named}"
    if name == "alter_column" and _narrows({word.arg: ast.unparse(word.value) for word in call.keywords}):
        return f"changes the type of {named}"
    texts = [part.value for part in ast.walk(call) if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    if name == "execute" and any(_DROPPING_SQL.search(text) for text in texts):
        return f"executes {texts[0][:60]}"
    return ""


def _narrows(options: dict[str | None, str]) -> bool:
    """Return whether a change of type may lose data: conversions between our types are lossy only by rule."""
    from ._conversions import is_lossy, kind_of_source, rule  # loads SQLAlchemy, not needed to list files

    before, after = options.get("existing_type", ""), options.get("type_", "")
    kinds = kind_of_source(before), kind_of_source(after)
    if not all(kinds):
        return bool(after)
    return is_lossy(*kinds) or (kinds[0] != kinds[1] and rule(*kinds) is None)
