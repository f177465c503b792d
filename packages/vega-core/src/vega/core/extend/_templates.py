"""Source text from templates: `$Name` holes, filled once, without evaluation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from string import Template
from textwrap import dedent

from ._fields import FieldSpec
from ._layout import fit
from ._names import Name


def render(template: str, values: Mapping[str, str]) -> str:
    """Fill a template of Python source.

    Args:
        template: text with `$name` holes (`string.Template`); common indentation is removed.
        values: a text for each hole; several lines get the indentation of the hole, and a line with only a hole is
            removed if the text is empty.

    Raises:
        KeyError: a hole has no value.
    """
    lines: list[str] = []
    for line in dedent(template).strip("\n").split("\n"):
        hole = line.strip()
        alone = hole.startswith("$") and hole[1:].isidentifier()
        text = values[hole[1:]] if alone else None
        if text is None:
            lines.append(Template(line).substitute(values))
        elif not text:
            _drop_blank(lines)
        else:
            indent = line[: len(line) - len(line.lstrip())]
            lines.extend(f"{indent}{part}" if part else "" for part in text.split("\n"))
    return fit("\n".join(lines)).rstrip("\n") + "\n"


def _drop_blank(lines: list[str]) -> None:
    """Remove the blank line before an empty hole; the blank line after it remains."""
    if lines and not lines[-1]:
        lines.pop()


def name_values(package: str, name: Name) -> dict[str, str]:
    """Return the holes shared by all generators.

    `$package`, `$Thing` (OrderItem), `$thing` (order_item), `$Things`, `$things`, `$title` (order item),
    `$titles`, `$path` (order-items).
    """
    plural = name.plural
    return {
        "package": package,
        "Thing": name.pascal,
        "thing": name.snake,
        "Things": plural.pascal,
        "things": plural.snake,
        "title": name.title,
        "titles": plural.title,
        "path": plural.kebab,
    }


def import_lines(fields: Iterable[FieldSpec], *further: str) -> str:
    """Return sorted import lines for the types of fields, merged by module.

    Args:
        fields: the fields whose types are named.
        further: more lines of the form `from module import A, B`.
    """
    modules: dict[str, set[str]] = {}
    for line in (*further, *(field.type.imports for field in fields)):
        if line:
            module, _, names = line.removeprefix("from ").partition(" import ")
            modules.setdefault(module, set()).update(names.split(", "))
    ordered = sorted(modules.items(), key=lambda item: item[0].lower())
    return "\n".join(f"from {module} import {', '.join(_sorted_names(names))}" for module, names in ordered)


def _sorted_names(names: Iterable[str]) -> list[str]:
    """Sort as ruff's isort rules do: constants, classes, then functions."""
    return sorted(names, key=lambda name: (not name.isupper(), not name[:1].isupper(), name.lower()))
