"""Changes of a plan, computed in full and checked for conflicts before any write."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from vega.core.extend import AddDependency, AppendLine, EnableFeature, Operation, WriteFile

from . import _pyproject
from ._errors import ConflictError, UsageError

Status = Literal["create", "update", "identical", "conflict"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A file before and after a plan.

    Args:
        path: relative to the project's root, with forward slashes.
        before: the current content; None if the file is missing.
        after: the content to write.
        status: `create`, `update`, `identical` (nothing to do), or `conflict` (the file exists with different content).
    """

    path: str
    before: bytes | None
    after: bytes
    status: Status


def changes_of(root: Path, operations: Iterable[Operation]) -> list[Change]:
    """Return the changes of operations below a folder: one change a file, in order of first mention.

    Raises:
        UsageError: a path leads out of the folder.
        ProjectError: pyproject.toml cannot be edited.
        ConflictError: two operations write the same file with different contents.
    """
    texts: dict[str, bytes] = {}
    written: set[str] = set()
    for operation in operations:
        path = _path_of(operation)
        before = texts.get(path, _read(root, path))
        after = _after(operation, before)
        if isinstance(operation, WriteFile):
            if path in written and before != after:
                raise ConflictError("two generators write one file with different contents", path, "rename one of them")
            written.add(path)
        texts[path] = after
    return [_change(root, path, after, whole=path in written) for path, after in texts.items()]


def refuse_conflicts(changes: Iterable[Change]) -> None:
    """Raise ConflictError with the names of all files in conflict."""
    paths = [change.path for change in changes if change.status == "conflict"]
    if paths:
        raise ConflictError(
            f"{len(paths)} of the files exist with another content; nothing was written",
            ", ".join(paths),
            "move them away, choose another name, or overwrite them with --force",
        )


def _path_of(operation: Operation) -> str:
    if isinstance(operation, AddDependency | EnableFeature):
        return "pyproject.toml"
    pure = PurePosixPath(operation.path)
    if pure.is_absolute() or ".." in pure.parts:
        raise UsageError("a path leads out of the project", operation.path, "use a path below the project's folder")
    return str(pure)


def _read(root: Path, path: str) -> bytes | None:
    file = root / path
    if file.is_symlink() or not file.resolve().is_relative_to(root.resolve()):
        raise UsageError("a symbolic link stands where a file should be written", path, "replace the link by a file")
    return file.read_bytes() if file.is_file() else None


def _after(operation: Operation, before: bytes | None) -> bytes:
    if isinstance(operation, WriteFile):
        return operation.text.encode()
    if isinstance(operation, AppendLine):
        return _appended(before or b"", operation.line.encode())
    return _pyproject.edited(before, operation)


def _appended(before: bytes, line: bytes) -> bytes:
    if line in before.splitlines():
        return before
    return before + (b"" if not before or before.endswith(b"\n") else b"\n") + line + b"\n"


def _change(root: Path, path: str, after: bytes, *, whole: bool) -> Change:
    before = _read(root, path)
    status: Status = "conflict" if whole else "update"
    if before is None:
        status = "create"
    elif before == after:
        status = "identical"
    return Change(path=path, before=before, after=after, status=status)
