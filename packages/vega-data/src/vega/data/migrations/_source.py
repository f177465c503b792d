"""Python source of migrations, in the format of `ruff format`, so that generated files need no reformatting."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

_WIDTH: Final = 88  # columns; narrower than usual settings, and a trailing comma prevents joined lines
_STEP: Final = "    "


def laid_out(text: str, indent: str = "") -> str:
    """Return statements with each call on a line if short enough, else with an argument a line.

    >>> print(laid_out("op.drop_index('ix_orders_total', table_name='orders')"))
    op.drop_index("ix_orders_total", table_name="orders")
    """
    return "\n".join(_statements(ast.parse(text).body, indent))


def quoted(text: str) -> str:
    """Return a text as source, in double quotes unless single quotes save backslashes.

    >>> print(quoted("it's"), quoted('say "x"'))
    "it's" 'say "x"'
    """
    plain = repr(text)
    inner = plain[1:-1].replace("\\'", "'") if plain[0] == "'" else plain[1:-1]
    quote = "'" if text.count('"') > text.count("'") else '"'
    return f"{quote}{inner.replace(quote, chr(92) + quote)}{quote}"


def bound(expression: Any) -> str:
    """Return the value of a bound parameter as source."""
    value = expression.value
    return f"datetime.fromisoformat({quoted(value.isoformat())})" if isinstance(value, datetime) else repr(value)


def _statements(body: Iterable[ast.stmt], indent: str) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.With):
            yield from _block(node, indent)
        elif isinstance(node, ast.Expr):
            yield from _expression(node.value, indent, "", "")
        elif not isinstance(node, ast.Pass):
            yield indent + ast.unparse(node)


def _block(node: ast.With, indent: str) -> Iterator[str]:
    (item,) = node.items
    alias = f" as {ast.unparse(item.optional_vars)}:" if item.optional_vars is not None else ":"
    yield from _expression(item.context_expr, indent, "with ", alias)
    yield from _statements(node.body, indent + _STEP)


def _expression(node: ast.expr, indent: str, before: str, after: str) -> Iterator[str]:
    flat = _flat(node)
    opening, parts, closing = _parts(node)
    if len(indent + before + flat + after) <= _WIDTH or not parts:
        yield indent + before + flat + after
        return
    yield f"{indent}{before}{opening}"
    for name, part in parts:
        yield from _expression(part, indent + _STEP, name, ",")
    yield f"{indent}{closing}{after}"


def _parts(node: ast.expr) -> tuple[str, list[tuple[str, ast.expr]], str]:
    if isinstance(node, ast.Call):
        keywords = [(f"{word.arg}=" if word.arg else "**", word.value) for word in node.keywords]
        return f"{_flat(node.func)}(", [*(("", part) for part in node.args), *keywords], ")"
    if isinstance(node, ast.List):
        return "[", [("", part) for part in node.elts], "]"
    if isinstance(node, ast.Tuple):
        return "(", [("", part) for part in node.elts], ")"
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        return "{", [("**" if key is None else f"{_flat(key)}: ", part) for key, part in pairs], "}"
    return "", [], ""


def _flat(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return quoted(node.value) if isinstance(node.value, str) else repr(node.value)
    if isinstance(node, ast.Attribute):
        return f"{_flat(node.value)}.{node.attr}"
    opening, parts, closing = _parts(node)
    if not opening:
        return ast.unparse(node)
    inner = ", ".join(name + _flat(part) for name, part in parts)
    return f"{opening}{inner}{',' if isinstance(node, ast.Tuple) and len(parts) == 1 else ''}{closing}"
