"""The public names of each part: its modules without an underscore, their `__all__`, and what public classes show.

`python tools/public_api.py` rewrites `tests/architecture/public_api/*.txt`, one file a part; a test compares, so that
each change of the surface is a visible diff. Inherited names of other libraries are left out.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent
LISTS = ROOT / "tests" / "architecture" / "public_api"


def parts() -> list[str]:
    """Return the parts, such as `vega.di`."""
    return sorted(f"vega.{path.parent.name}" for path in ROOT.glob("packages/*/src/vega/*/py.typed"))


def names(part: str) -> list[str]:
    """Return the public names of a part in dotted form, sorted."""
    found: set[str] = set()
    for module in modules(part):
        found.add(module.__name__)
        for name in (each for each in getattr(module, "__all__", ()) if not each.startswith("_")):
            found.add(f"{module.__name__}.{name}")
            value = getattr(module, name)
            if inspect.isclass(value):
                found |= {f"{module.__name__}.{name}.{attribute}" for attribute in attributes(value)}
    return sorted(found)


def modules(part: str) -> Iterator[ModuleType]:
    """Yield a part and the public modules below it."""
    package = importlib.import_module(part)
    yield package
    for info in pkgutil.walk_packages(package.__path__, f"{part}."):
        if not any(word.startswith("_") for word in info.name.split(".")):
            yield importlib.import_module(info.name)


def attributes(cls: type) -> set[str]:
    """Return the attributes without an underscore that a class and its bases in Vega define or assign to `self`."""
    bases = [base for base in cls.__mro__ if base.__module__.startswith("vega.")]
    found = {name for base in bases for name in (*vars(base), *inspect.get_annotations(base))}
    found |= {name for base in bases for name in _assigned(base)}
    return {name for name in found if not name.startswith("_")}


def _assigned(cls: type) -> Iterator[str]:
    """Yield the names that the methods of a class assign to `self`."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(cls)))
    except (OSError, TypeError):  # an error class, which names its facade as its module
        return
    for node in ast.walk(tree):
        is_stored = isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
        if is_stored and isinstance(node.value, ast.Name) and node.value.id == "self":
            yield node.attr


def main() -> int:
    """Rewrite the lists; return the exit status."""
    LISTS.mkdir(exist_ok=True)
    lists = {LISTS / f"{part}.txt": "".join(f"{name}\n" for name in names(part)) for part in parts()}
    for stale in set(LISTS.glob("*.txt")) - set(lists):
        stale.unlink()
    for path, text in lists.items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
