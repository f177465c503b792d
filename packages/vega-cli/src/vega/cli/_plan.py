"""Shared steps of `init`, `add` and `generate`: compute the changes, show, write and report them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from vega.core.extend import Operation

from . import _batch
from ._changes import Change, changes_of, refuse_conflicts
from ._console import say, say_json
from ._errors import ConflictError


def carry_out(
    root: Path,
    operations: Iterable[Operation],
    *,
    dry_run: bool = False,
    as_json: bool = False,
    force: bool = False,
    then: Callable[[], None] | None = None,
    notes: Sequence[str] = (),
) -> None:
    """Compute, check and write a plan; print a line a file.

    Args:
        root: the project's folder.
        operations: the plan.
        dry_run: print the plan and write nothing.
        as_json: print one JSON object instead of lines: `applied`, `changes` with `path` and `status`, and `notes`.
        force: overwrite files with different content.
        then: called after the files are written; if the call raises, the previous contents are restored.
        notes: sentences about the plan, printed last.

    Raises:
        ConflictError: files exist with different content, and `force` is false.
        WriteError: a file cannot be written; nothing was changed.
    """
    planned = list(operations)
    if not dry_run:
        _batch.recover(root)
    changes = changes_of(root, planned)
    if force:
        changes = [replace(change, status="update") if change.status == "conflict" else change for change in changes]
    else:
        _check(changes, notes, dry_run=dry_run)
    if not dry_run:
        _batch.write(root, changes)
        if then is not None:
            _finish(root, changes, then)
    _report(changes, notes, dry_run=dry_run, as_json=as_json)


def _check(changes: Sequence[Change], notes: Sequence[str], *, dry_run: bool) -> None:
    try:
        refuse_conflicts(changes)
    except ConflictError:
        if dry_run:
            _report(changes, notes, dry_run=True, as_json=False)
        raise


def _finish(root: Path, changes: Sequence[Change], then: Callable[[], None]) -> None:
    try:
        then()
    except BaseException:
        _put_back(root, changes)
        raise


def _put_back(root: Path, changes: Sequence[Change]) -> None:
    for change in reversed(changes):
        file = root / change.path
        if change.before is None:
            file.unlink(missing_ok=True)
            _remove_empty(root, file.parent)
        elif change.status != "identical":
            file.write_bytes(change.before)


def _remove_empty(root: Path, folder: Path) -> None:
    while folder != root and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _report(changes: Sequence[Change], notes: Sequence[str], *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        rows = [{"path": change.path, "status": change.status} for change in changes]
        say_json({"applied": not dry_run, "changes": rows, "notes": list(notes)})
        return
    for change in changes:
        say(f"  {change.status:9}  {change.path}")
    for note in notes:
        say(note)
    if dry_run:
        say("nothing was written (--dry-run)")
