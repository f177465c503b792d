"""Atomic writes of several files: all or none, even after a crash.

Theory of operation: the new files and copies of the old ones are staged below `.vega/batch`. Writing the journal makes
the batch pending; after every file is replaced, removing the journal completes the batch. The next command undoes a
batch left pending by a crash (`recover`).
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from ._changes import Change
from ._errors import WriteError

_FOLDER = Path(".vega") / "batch"
_JOURNAL = "journal.json"


def write(root: Path, changes: Sequence[Change]) -> None:
    """Write all changes except those with status `identical`.

    Raises:
        WriteError: a file cannot be written; every file was restored.
    """
    todo = [change for change in changes if change.status != "identical"]
    if not todo:
        return
    recover(root)
    try:
        _stage(root, todo)
        for number, change in enumerate(todo):
            target = root / change.path
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(root / _FOLDER / f"{number}.new", target)  # noqa: PTH105 - atomic
    except OSError as error:
        recover(root)
        raise WriteError(
            f"{error.filename or root} cannot be written: {error.strerror}; nothing was changed",
            str(root),
            "free space, or fix the permissions",
        ) from error
    (root / _FOLDER / _JOURNAL).unlink()
    _clean(root)


def recover(root: Path) -> bool:
    """Undo an unfinished batch; return whether there was a batch to undo."""
    folder = root / _FOLDER
    journal = folder / _JOURNAL
    pending = journal.is_file()
    if pending:
        for number, entry in enumerate(json.loads(journal.read_text(encoding="utf-8"))):
            _undo(root, folder / f"{number}.old", entry)
        journal.unlink()
    _clean(root)
    return pending


def _stage(root: Path, changes: Sequence[Change]) -> None:
    folder = root / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for number, change in enumerate(changes):
        _put(folder / f"{number}.new", change.after)
        if change.before is not None:
            _put(folder / f"{number}.old", change.before)
            shutil.copymode(root / change.path, folder / f"{number}.new")
    entries = [
        {"path": change.path, "existed": change.before is not None, "made": _folders_to_make(root, change.path)}
        for change in changes
    ]
    _put(folder / "journal.tmp", json.dumps(entries).encode())
    os.replace(folder / "journal.tmp", folder / _JOURNAL)  # noqa: PTH105 - atomic


def _put(file: Path, content: bytes) -> None:
    with file.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _folders_to_make(root: Path, path: str) -> list[str]:
    """Return the missing folders above a path, deepest first."""
    parents = [parent for parent in Path(path).parents if parent != Path()]
    return [parent.as_posix() for parent in parents if not (root / parent).exists()]


def _undo(root: Path, old: Path, entry: dict[str, object]) -> None:
    target = root / str(entry["path"])
    if entry["existed"] and old.is_file():
        os.replace(old, target)  # noqa: PTH105 - atomic
    elif not entry["existed"]:
        target.unlink(missing_ok=True)
    for name in cast("list[str]", entry["made"]):
        folder = root / name
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _clean(root: Path) -> None:
    shutil.rmtree(root / _FOLDER, ignore_errors=True)
    if (root / ".vega").is_dir() and not any((root / ".vega").iterdir()):
        (root / ".vega").rmdir()
