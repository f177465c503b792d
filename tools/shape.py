"""The shape of the source: files over 300 lines, functions over 60 or too branchy, facades that say too much.

What stands in `shape_baseline.txt` is borne for now; the list only shrinks: an entry that is mended must go.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BASELINE = Path(__file__).with_name("shape_baseline.txt")
FILE, FUNCTION, BRANCHES = 300, 60, 10
_BRANCHING = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.IfExp, ast.comprehension, ast.match_case)


def findings(folders: list[Path]) -> Iterator[str]:
    """Yield what is out of shape, without line numbers, so that a finding keeps its name while code moves."""
    for folder in folders:
        for file in sorted(folder.rglob("*.py")):
            place = file.relative_to(ROOT).as_posix()
            text = file.read_text(encoding="utf-8")
            if len(text.splitlines()) > FILE:
                yield f"{place}: over {FILE} lines"
            tree = ast.parse(text)
            yield from (f"{place}: {what}" for what in _functions(tree))
            yield from (f"{place}: {what}" for what in _docstrings(tree, file))
            if file.name == "__init__.py":
                yield from (f"{place}: {what}" for what in _facade(tree))


def _functions(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if (node.end_lineno or node.lineno) - node.lineno + 1 > FUNCTION:
                yield f"{node.name} has over {FUNCTION} lines"
            branches = 1 + sum(isinstance(each, _BRANCHING) for each in ast.walk(node))
            branches += sum(len(each.values) - 1 for each in ast.walk(node) if isinstance(each, ast.BoolOp))
            if branches > 2 * BRANCHES:  # ruff's C901 holds the exact bound; this counts inner functions too
                yield f"{node.name} has over {2 * BRANCHES} branches with what it defines inside"


def _docstrings(tree: ast.Module, file: Path) -> Iterator[str]:
    if ast.get_docstring(tree) is None and file.name != "__main__.py":
        yield "no docstring"
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and ast.get_docstring(node) is None:
            yield f"{node.name} has no docstring"


def _facade(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            names = [ast.literal_eval(each) for each in getattr(node.value, "elts", [])]
            if len(set(names)) != len(names):
                yield "__all__ names something twice"
            if names != sorted(names, key=lambda name: (not name.isupper(), not name[:1].isupper(), name)):
                yield "__all__ is not sorted"
        elif isinstance(node, ast.ClassDef):
            yield f"the facade defines {node.name}"


def main() -> int:
    """Compare the source with the baseline; return the exit status."""
    found = set(findings(sorted(ROOT.glob("packages/*/src"))))
    borne = set(BASELINE.read_text(encoding="utf-8").splitlines()) if BASELINE.is_file() else set()
    for finding in sorted(found - borne):
        print(f"new: {finding}")
    for finding in sorted(borne - found):
        print(f"mended, so take it off {BASELINE.name}: {finding}")
    print(f"{len(found)} findings, {len(borne)} of them borne")
    return int(found != borne)


if __name__ == "__main__":
    sys.exit(main())
