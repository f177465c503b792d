"""Tables and steps of migrations, found in their text: what they create, and what they drop or narrow."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_TABLE_NAMED: Final = {"create_table": 0, "rename_table": 1}  # the argument that names the table
_DROPS: Final = frozenset({"drop_table", "drop_column"})
_DROPPING_SQL: Final = re.compile(r"\b(DROP\s+(TABLE|COLUMN|SCHEMA)|TRUNCATE|DELETE\s+FROM)\b", re.IGNORECASE)


def tables_of(file: Path) -> Iterator[str]:
    """Yield the tables that a migration creates, or renames others to."""
    for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in _TABLE_NAMED:
            place = _TABLE_NAMED[call.func.attr]
            name = call.args[place] if len(call.args) > place else None
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                yield name.value


def destructive_steps_of(file: Path, function: str) -> list[str]:
    """Return where a function of a migration drops or narrows something, as `file:line what`."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    found: list[str] = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == function:
            for call in ast.walk(node):
                what = _loss(call) if isinstance(call, ast.Call) else ""
                if what:
                    found.append(f"{file.name}:{call.lineno} {what}")  # type: ignore[attr-defined] # _loss has seen a call
    return found


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
    """Return whether a change of type may lose something: one between our types does not, save by its rule."""
    from ._conversions import is_lossy, kind_of_source, rule  # which loads SQLAlchemy, not needed to list files

    before, after = options.get("existing_type", ""), options.get("type_", "")
    kinds = kind_of_source(before), kind_of_source(after)
    if not all(kinds):
        return bool(after)
    return is_lossy(*kinds) or (kinds[0] != kinds[1] and rule(*kinds) is None)
