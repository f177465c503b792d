"""Several files as one: all or none, whatever stops the writing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from vega.cli import _batch
from vega.cli._changes import Change, changes_of
from vega.cli._errors import WriteError
from vega.core.extend import AppendLine, WriteFile

NEW = [WriteFile(f"shop/deep/er/file_{number}.py", f"x = {number}\n") for number in range(9)]
PLAN = [*NEW, AppendLine("notes.txt", "more")]
KILLED = """
import os, signal, sys
from pathlib import Path
from vega.cli import _batch
from vega.cli._changes import changes_of
from vega.core.extend import AppendLine, WriteFile
root, count = Path(sys.argv[1]), int(sys.argv[2])
replace, calls = os.replace, 0
def counting(source, target):
    global calls
    if calls == count:
        os.kill(os.getpid(), signal.SIGKILL)
    calls += 1
    replace(source, target)
os.replace = counting
plan = [WriteFile(f"shop/deep/er/file_{n}.py", f"x = {n}\\n") for n in range(9)] + [AppendLine("notes.txt", "more")]
_batch.write(root, changes_of(root, plan))
"""


def tree(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def folders(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_dir()}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "notes.txt").write_text("before\n")
    (tmp_path / "shop").mkdir()
    return tmp_path


def test_a_batch_writes_everything_and_leaves_nothing_behind(root: Path) -> None:
    _batch.write(root, changes_of(root, PLAN))

    assert (root / "notes.txt").read_text() == "before\nmore\n"
    assert len(tree(root)) == 10
    assert not (root / ".vega").exists()


@pytest.mark.once
@pytest.mark.parametrize("count", range(12))
def test_after_a_kill_at_any_write_the_next_command_restores_all_or_nothing(root: Path, count: int) -> None:
    before, folders_before = tree(root), folders(root)

    killed = subprocess.run([sys.executable, "-c", KILLED, str(root), str(count)], timeout=60, check=False)
    _batch.recover(root)

    if killed.returncode == 0:
        assert len(tree(root)) == 10
    else:
        assert tree(root) == before
        assert folders(root) == folders_before


@pytest.mark.once
def test_a_kill_while_recovering_loses_nothing(root: Path) -> None:
    before = tree(root)
    subprocess.run([sys.executable, "-c", KILLED, str(root), "10"], timeout=60, check=False)
    for _ in range(2):
        interrupted = subprocess.run(
            [
                sys.executable,
                "-c",
                KILLED.replace("_batch.write(root, changes_of(root, plan))", "_batch.recover(root)"),
                str(root),
                "0",
            ],
            timeout=60,
            check=False,
        )
        assert interrupted.returncode in {0, -9}
    _batch.recover(root)

    assert tree(root) == before


def test_a_failure_midway_puts_everything_back(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tree(root)
    replace, calls = os.replace, []

    def failing(source: str, target: str) -> None:
        calls.append(target)
        if len(calls) == 5:
            raise OSError(28, "No space left on device", str(target))
        replace(source, target)

    monkeypatch.setattr(os, "replace", failing)

    with pytest.raises(WriteError, match="No space left"):
        _batch.write(root, changes_of(root, PLAN))
    assert tree(root) == before


def test_each_file_is_written_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace, targets = os.replace, []

    def counting(source: str, target: str) -> None:
        targets.append(str(target))
        replace(source, target)

    monkeypatch.setattr(os, "replace", counting)
    _batch.write(root, changes_of(root, PLAN))

    written = [target for target in targets if ".vega" not in target]
    assert len(written) == len(set(written)) == 10


def test_what_is_identical_is_not_written(root: Path) -> None:
    (change,) = changes_of(root, [AppendLine("notes.txt", "before")])

    assert change == Change(path="notes.txt", before=b"before\n", after=b"before\n", status="identical")
