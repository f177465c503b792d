"""The layers of a project, checked in its source: imports point inwards, to the domain.

The check parses files with `ast` and imports nothing. Absolute, relative, function-level and constant dynamic imports
(`importlib.import_module("...")`, `__import__("...")`) count; imports under `TYPE_CHECKING` do not.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from .extend import Finding, Project

LAYERS: Final[Mapping[str, frozenset[str]]] = {
    "domain": frozenset({"domain"}),
    "application": frozenset({"domain", "application"}),
    "infrastructure": frozenset({"domain", "application", "infrastructure"}),
    "presentation": frozenset({"domain", "application", "presentation"}),
}
_DOMAIN_MAY: Final = frozenset(
    {"vega.patterns", "vega.events", "vega.di", "vega.errors", "pydantic", "typing_extensions"}
)
_FIX: Final = {
    "domain": "declare the dependency as an abstract class in the domain, and implement it in infrastructure",
    "application": "depend on classes of the domain; the container provides the implementation",
    "infrastructure": "let presentation call inwards; pass the value as an argument",
    "presentation": "await a use case; the container provides the implementation",
}


def check_layers(project: Project) -> list[Finding]:
    """Return every import of a project that breaks the layers, with file and line.

    `domain` may import itself, the standard library, pydantic, vega.patterns, vega.events, vega.errors and vega.di;
    `application` also the domain; `infrastructure` and `presentation` also both, but not each other.
    """
    findings: list[Finding] = []
    for layer in LAYERS:
        folder = project.source / layer
        for file in sorted(folder.rglob("*.py")):
            findings.extend(_check_file(project, layer, file))
    return findings


def _check_file(project: Project, layer: str, file: Path) -> Iterator[Finding]:
    place = file.relative_to(project.root).as_posix()
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", 1)
        what = f"the file cannot be read: {error}"
        yield Finding(severity="error", code="VG111", what=what, where=f"{place}:{line}", fix="fix the file")
        return
    package = ".".join(file.relative_to(project.root).parts[:-1])
    for line, name in _imports(tree, package):
        reason = _breach(project.package, layer, name)
        if reason:
            yield Finding(
                severity="error",
                code="VG112",
                what=f"{layer} imports {name}, {reason}",
                where=f"{place}:{line}",
                fix=_FIX[layer],
            )


def _breach(package: str, layer: str, name: str) -> str:
    top, _, rest = name.partition(".")
    if top == package:
        target = rest.partition(".")[0]
        return f"which belongs to {target}" if target in LAYERS and target not in LAYERS[layer] else ""
    if layer != "domain" or top in sys.stdlib_module_names:
        return ""
    allowed = any(name == may or name.startswith(f"{may}.") for may in _DOMAIN_MAY)
    return "" if allowed else "which the domain must not import"


def _imports(tree: ast.Module, package: str) -> Iterator[tuple[int, str]]:
    skipped = {id(node) for block in ast.walk(tree) if _for_checkers(block) for node in _below(block)}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, package)
            yield from ((node.lineno, name) for name in _named(base, node))
        elif isinstance(node, ast.Call) and (dynamic := _dynamic(node)):
            yield node.lineno, dynamic


def _named(base: str, node: ast.ImportFrom) -> Iterator[str]:
    """Yield the module with each imported name: `from shop import infrastructure` imports shop.infrastructure."""
    yield from (f"{base}.{alias.name}" if alias.name != "*" else base for alias in node.names)


def _absolute(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    base = parts[: len(parts) - node.level + 1]
    return ".".join([*base, *([node.module] if node.module else [])])


def _for_checkers(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}


def _below(block: ast.AST) -> Iterator[ast.AST]:
    assert isinstance(block, ast.If)
    for statement in block.body:
        yield from ast.walk(statement)


def _dynamic(node: ast.Call) -> str:
    called = ast.unparse(node.func)
    if called.rpartition(".")[2] not in {"import_module", "__import__"} or not node.args:
        return ""
    first = node.args[0]
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""
