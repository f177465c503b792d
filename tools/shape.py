"""The shape of the source: too long, too branchy, undocumented, crowded folders, an error without a page.

`python tools/shape.py [ROOT]` prints new findings. Those in `shape_baseline.txt` are accepted for now; the list only
shrinks: an entry that is fixed must go.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
BASELINE = Path(__file__).with_name("shape_baseline.txt")
FILE, FUNCTION = 300, 60  # lines
FOLDER, FLAT = 12, 20  # modules of a private folder; modules at which a flat package gets folders
RULES = "C901,D100,D101,D102,D103,D104"  # more than 10 branches; no docstring on what is public
LIMIT = 120.0
_PAGE = re.compile(r"^## (VG\d{3})\b", re.MULTILINE)


def findings(root: Path) -> Iterator[str]:
    """Yield what is out of shape, without line numbers, so that a finding keeps its name while code moves."""
    folders = sorted(root.glob("packages/*/src"))
    pages = {code for page in root.glob("docs/errors/*.md") for code in _PAGE.findall(page.read_text(encoding="utf-8"))}
    for file in (file for folder in folders for file in sorted(folder.rglob("*.py"))):
        place, text = file.relative_to(root).as_posix(), file.read_text(encoding="utf-8")
        if len(text.splitlines()) > FILE:
            yield f"{place}: over {FILE} lines"
        tree = ast.parse(text)
        for what in (*_functions(tree), *_errors(tree, pages), *(_facade(tree) if file.name == "__init__.py" else ())):
            yield f"{place}: {what}"
    for folder in folders:
        yield from (f"{place.relative_to(root).as_posix()}: {what}" for place, what in _layers(folder))
    yield from _rules(root, folders)


def _layers(source: Path) -> Iterator[tuple[Path, str]]:
    """Yield crowded folders, code in the `__init__` of a layer, and names that say private twice."""
    for facade in sorted(source.rglob("__init__.py")):
        folder = facade.parent
        modules = [file.name for file in folder.glob("*.py") if file != facade]
        if not is_private(folder.relative_to(source)):
            if len(modules) >= FLAT:
                yield folder, f"has {FLAT} modules or more in one flat folder"
            continue
        if len(modules) > FOLDER:
            yield folder, f"has over {FOLDER} modules"
        if len(ast.parse(facade.read_text(encoding="utf-8")).body) > 1:
            yield facade, "has code beside its one sentence"
        yield from ((folder / name, "says private twice") for name in sorted(modules) if name.startswith("_"))


def is_private(folder: Path) -> bool:
    """Return whether a folder, or one above it, is private."""
    return any(part.startswith("_") and not part.startswith("__") for part in folder.parts)


def _rules(root: Path, folders: list[Path]) -> Iterator[str]:
    """Yield what ruff finds of the rules named above."""
    ruff = Path(sys.executable).with_name("ruff")
    command = [
        ruff,
        "check",
        "--config",
        HOME / "pyproject.toml",
        "--select",
        RULES,
        "--output-format",
        "json",
        *folders,
    ]
    done = subprocess.run([str(word) for word in command], check=False, capture_output=True, text=True, timeout=LIMIT)
    for found in json.loads(done.stdout):
        place = Path(found["filename"]).relative_to(root).as_posix()
        yield f"{place}: {found['code']} {found['message']}"


def _functions(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and length(node) > FUNCTION:
            yield f"{node.name} has over {FUNCTION} lines"


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return how many lines a function has."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _assigned(node: ast.stmt) -> str:
    """Return the name that a statement assigns to; empty when it assigns none."""
    target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
    return target.id if isinstance(target, ast.Name) else ""


def _errors(tree: ast.Module, pages: set[str]) -> Iterator[str]:
    """Yield the error classes without a code of their own or a page; groups of errors need neither."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.ClassDef) or not node.name.endswith("Error") or node.name.startswith("_"):
            continue
        if any("Group" in ast.unparse(base) for base in node.bases):
            continue
        code = next((getattr(each, "value", None) for each in node.body if _assigned(each) == "code"), None)
        if not isinstance(code, ast.Constant) or not isinstance(code.value, str):
            yield f"{node.name} has no code of its own"
        elif code.value not in pages:
            yield f"{node.name} has no page for {code.value} in docs/errors"


def _facade(tree: ast.Module) -> Iterator[str]:
    names, bound = [], set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and _assigned(node) == "__all__":
            names = [ast.literal_eval(each) for each in getattr(node.value, "elts", [])]
        elif isinstance(node, ast.ImportFrom) and (node.level or (node.module or "").startswith("vega.")):
            bound |= {alias.asname or alias.name for alias in node.names} - {"lazy_names"}
        elif isinstance(node, ast.ClassDef):
            yield f"the facade defines {node.name}"
    if len(set(names)) != len(names):
        yield "__all__ names something twice"
    if names != sorted(names, key=lambda name: (not name.isupper(), not name[:1].isupper(), name)):
        yield "__all__ is not sorted"
    own = {_assigned(node) for node in tree.body}
    own |= {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    yield from (f"__all__ names {name}, which is not here" for name in sorted(set(names) - bound - own))
    yield from (f"{name} is not in __all__" for name in sorted(bound - set(names)) if not name.startswith("_"))


def main(root: Path) -> int:
    """Compare the source with the baseline; return the exit status."""
    found = set(findings(root))
    baseline = BASELINE.read_text(encoding="utf-8").splitlines() if BASELINE.is_file() and root == HOME else []
    borne = set(baseline)
    for finding in sorted(found - borne):
        print(f"new: {finding}")
    for finding in sorted(borne - found):
        print(f"fixed, so take it off {BASELINE.name}: {finding}")
    print(f"{len(found)} findings, {len(borne)} of them borne")
    return int(found != borne)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else HOME))
