"""`vega init`: build a project in a temporary folder, then move the folder into place."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from vega.core import InvalidNameError
from vega.core.extend import Name, Project

from . import _batch, _features, _installer, _skeleton
from ._changes import changes_of
from ._console import say, say_json
from ._errors import ConflictError, WriteError

app = typer.Typer()


@app.command()
def init(
    name: Annotated[str, typer.Argument(help="The project's name, such as shop.")],
    features: Annotated[str, typer.Option("--with", help="Features, separated by commas: data,web,jobs.")] = "",
    install: Annotated[bool, typer.Option(help="Install what is not installed yet.")] = True,
    timeout: Annotated[float, typer.Option(help="Seconds that the installer may take.")] = _installer.LIMIT,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be made, and make nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the files as JSON.")] = False,
) -> None:
    """Make a new project in a folder of its name."""
    parsed = Name.parse(name)
    names = [word for word in features.replace(" ", "").split(",") if word]
    _features.check_known(names)
    target = Path.cwd() / parsed.snake
    if target.exists():
        raise ConflictError(f"there is a {parsed.snake} already", str(target), "choose another name, or move it away")
    if _hides_a_package(parsed.snake):
        raise InvalidNameError(f"{name!r} would hide an installed package", parsed.snake, "choose another name")
    names = _features.with_required(names)
    lacking = _installer.missing(_features.requirements(names)) if install else []
    if lacking and not dry_run:
        _installer.install(Path.cwd(), lacking, timeout=timeout)
    paths = _make(target, parsed, names, dry_run=dry_run)
    if as_json:
        say_json({"applied": not dry_run, "changes": [{"path": path, "status": "create"} for path in paths]})
        return
    for path in paths:
        say(f"  create     {parsed.snake}/{path}")
    say("nothing was written (--dry-run)" if dry_run else f"made {parsed.snake}; go on with: cd {parsed.snake}")


def _hides_a_package(package: str) -> bool:
    from importlib.util import find_spec

    spec = find_spec(package)
    return spec is not None and spec.origin is not None


def _make(target: Path, name: Name, features: Sequence[str], *, dry_run: bool) -> list[str]:
    """Build the project in a temporary folder next to the target; return the paths of its files."""
    try:
        with tempfile.TemporaryDirectory(prefix=".vega-init-", dir=target.parent) as folder:
            root = Path(folder) / name.snake
            for path, text in _skeleton.files(name.snake, name.title).items():
                file = root / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
            project = Project(root=root, package=name.snake)
            _batch.write(root, changes_of(root, _features.operations(project, features)))
            paths = sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
            if not dry_run:
                shutil.move(root, target)
            return paths
    except OSError as error:
        raise WriteError(
            f"{error.filename or target} cannot be written: {error.strerror}",
            str(target),
            "free space, or fix the permissions",
        ) from error
