"""`make demo` itself, on few records, and how it fails."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def demo(tmp_path: Path, *words: str, **environment: str) -> subprocess.Popen[str]:
    (tmp_path / "work").mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, str(ROOT / "tools" / "demo"), *words],
        env={**os.environ, "TMPDIR": str(tmp_path / "work"), "VEGA_DEMO_RECORDS": "40", **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def left_behind(tmp_path: Path) -> list[str]:
    """Return the processes whose command line names a folder of this test."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if str(tmp_path) in command:
            found.append(command.replace("\0", " "))
    return found


@pytest.mark.timeout(300)
def test_the_demo_checks_every_answer_and_leaves_nothing_behind(tmp_path: Path) -> None:
    running = demo(tmp_path)
    told, _ = running.communicate(timeout=240)

    assert running.returncode == 0, told
    assert "all 19 steps are right" in told
    assert "40/40 jobs done" in told
    assert list((tmp_path / "work").iterdir()) == []
    assert left_behind(tmp_path) == []


@pytest.mark.timeout(300)
def test_a_taken_port_is_told_and_nothing_is_left_behind(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        running = demo(tmp_path, PORT=str(listener.getsockname()[1]))
        told, _ = running.communicate(timeout=240)

    assert running.returncode == 1
    assert "cannot be used" in told
    assert "Traceback" not in told
    assert left_behind(tmp_path) == []


@pytest.mark.timeout(300)
@pytest.mark.parametrize("moment", ["$ vega generate resource", pytest.param("import [", marks=pytest.mark.full)])
def test_ctrl_c_midway_stops_everything(tmp_path: Path, moment: str) -> None:
    running = demo(tmp_path, VEGA_DEMO_RECORDS="2000")
    assert running.stdout is not None
    told = ""
    while moment not in told:
        line = running.stdout.readline()
        assert line, told
        told += line
    running.send_signal(signal.SIGINT)
    told += running.stdout.read()
    running.stdout.close()

    assert running.wait(timeout=60) == 130
    assert "Traceback" not in told
    assert list((tmp_path / "work").iterdir()) == []
    assert left_behind(tmp_path) == []


def test_a_temporary_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    running = demo(tmp_path, TMPDIR="/proc")
    told, _ = running.communicate(timeout=60)

    assert running.returncode == 1
    assert "temporary folder" in told


@pytest.mark.full
@pytest.mark.timeout(300)
def test_keep_leaves_it_running_with_its_urls(tmp_path: Path) -> None:
    running = demo(tmp_path, "--keep")
    told, _ = running.communicate(timeout=240)
    pid = int(told.rstrip().rpartition("kill ")[2])
    port = int(told.partition("--port ")[2].split()[0])

    assert running.returncode == 0, told
    with socket.create_connection(("127.0.0.1", port), timeout=5) as answered:
        assert answered.getpeername()[1] == port
    os.kill(pid, signal.SIGTERM)
    limit = time.monotonic() + 60
    while left_behind(tmp_path) and time.monotonic() < limit:
        time.sleep(0.1)
    assert left_behind(tmp_path) == []
