"""`vega run`: processes that live and die together."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

import _vega_cli
from vega.cli._errors import RunError
from vega.cli._process import run_within, start, stop
from vega.cli._supervisor import Supervisor, refuse_taken_port
from vega.core.extend import Process

from .distributions import plugin

SLEEPER = (sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)")
PROGRAM = """
import sys
from pathlib import Path
from vega.cli._supervisor import Supervisor
from vega.core.extend import Process
sleep = (sys.executable, "-c", "import os, time; print('pid', os.getpid(), flush=True); time.sleep(60)")
Supervisor(Path("."), [Process(name="one", command=sleep), Process(name="two", command=sleep)], ready_timeout=5).run()
"""


def alive(pid: int) -> bool:
    """Tell whether a process runs; one that ended and waits for its parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.once
def test_a_signal_stops_every_process(tmp_path: Path) -> None:
    running = subprocess.Popen([sys.executable, "-c", PROGRAM], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    pids = []
    while len(pids) < 2:
        line = running.stdout.readline()
        if "pid" in line:
            pids.append(int(line.split()[-1]))
    running.send_signal(signal.SIGTERM)
    rest = running.stdout.read()

    assert running.wait(timeout=30) == 0
    assert "stopping two" in rest
    assert not any(alive(pid) for pid in pids)
    running.stdout.close()


@pytest.mark.once
@pytest.mark.parametrize("is_talking", [True, False])
@pytest.mark.parametrize("end", ["the reader of the output goes", "the terminal goes"])
def test_no_process_is_left_when(end: str, is_talking: bool, tmp_path: Path) -> None:
    talking = "[print('line', flush=True) or time.sleep(0.1) for _ in range(600)]"
    program = PROGRAM.replace("time.sleep(60)", talking if is_talking else "time.sleep(60)")
    running = subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    pids: list[int] = []
    while len(pids) < 2:
        line = running.stdout.readline()
        if "pid" in line:
            pids.append(int(line.split()[-1]))
    if end == "the terminal goes":
        running.send_signal(signal.SIGHUP)
        running.stdout.read()
    running.stdout.close()

    assert running.wait(timeout=60) == 0
    assert not any(alive(pid) for pid in pids)


def test_one_that_dies_stops_the_others_with_its_name(tmp_path: Path) -> None:
    dying = Process(name="worker", command=(sys.executable, "-c", "raise SystemExit(7)"))
    other = Process(name="web", command=SLEEPER)
    supervisor = Supervisor(tmp_path, [other, dying], ready_timeout=5)

    with pytest.raises(RunError, match="worker ended with status 7"):
        supervisor.run()


def test_one_that_is_not_ready_in_time_is_an_error(tmp_path: Path) -> None:
    slow = Process(name="web", command=SLEEPER, ready=lambda: False)

    with pytest.raises(RunError, match="not ready"):
        Supervisor(tmp_path, [slow], ready_timeout=0.3).run()


def test_variables_are_shared_with_every_process(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    service = Process(name="redis", command=SLEEPER, shares={"REDIS_URL": "unix:///x"})
    show = (sys.executable, "-c", "import os; print('sees', os.environ['REDIS_URL'], flush=True)")

    with pytest.raises(RunError, match="web ended with status 0"):
        Supervisor(tmp_path, [service, Process(name="web", command=show)], ready_timeout=5).run()
    told = capsys.readouterr().out
    assert "sees unix:///x" in told
    assert "redis serves as REDIS_URL=unix:///x" in told


def test_a_program_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no-such-program"):
        Supervisor(tmp_path, [Process(name="web", command=("no-such-program",))], ready_timeout=1).run()


def test_a_taken_port_is_refused_with_the_option() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(RunError, match="--port"):
        refuse_taken_port("127.0.0.1", listener.getsockname()[1])


def test_a_program_that_takes_too_long_ends_with_its_children(tmp_path: Path) -> None:
    family = (
        "import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        "open('pid', 'w').write(str(p.pid)); p.wait()"
    )

    start = time.monotonic()
    status, _ = run_within([sys.executable, "-c", family], cwd=tmp_path, timeout=2.0)

    assert status is None
    assert time.monotonic() - start < 30
    limit = time.monotonic() + 10  # the kernel may take a moment to end a killed process
    while alive(int((tmp_path / "pid").read_text())) and time.monotonic() < limit:
        time.sleep(0.01)
    assert not alive(int((tmp_path / "pid").read_text()))


@pytest.mark.once
def test_a_program_that_does_not_listen_is_ended_by_force(tmp_path: Path) -> None:
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    child = start([sys.executable, "-c", deaf], cwd=tmp_path, environment=os.environ, output=subprocess.PIPE)
    assert child.stdout is not None
    with child.stdout:
        child.stdout.readline()
        stop(child, grace=0.2)

    assert child.returncode == -signal.SIGKILL


@pytest.mark.once
def test_an_interruption_ends_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    children: list[subprocess.Popen[bytes]] = []

    def interrupted(self: subprocess.Popen[bytes], timeout: float) -> None:
        children.append(self)
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess.Popen, "communicate", interrupted)

    with pytest.raises(KeyboardInterrupt):
        run_within(SLEEPER, cwd=tmp_path, timeout=5)
    assert children[0].returncode is not None


def test_processes_are_those_of_the_plugins_and_unknown_ones_are_refused(
    paying: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    body = (
        "import sys\nclass Pay(Plugin):\n    feature = 'pay'\n"
        "    def processes(self, project, options):\n"
        "        command = (sys.executable, '-c', f'print({options.port})')\n"
        "        return [Process(name='pay', command=command)]\n"
        "    def notices(self, project):\n"
        "        return ['a payment is due']\n"
    )
    plugin(paying.parent / "site", body)
    monkeypatch.chdir(paying)

    ended = _vega_cli.main(["run", "--port", "4711"])
    unknown = _vega_cli.main(["run", "web"])

    told = capsys.readouterr()
    assert (ended, unknown) == (1, 2)
    assert told.out.index("vega: a payment is due") < told.out.index("pay    | 4711")
    assert "pay ended with status 0" in told.err
    assert "known: pay" in told.err


def test_nothing_to_run_and_a_missing_feature_are_told(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project)
    nothing = _vega_cli.main(["run"])
    (project / "pyproject.toml").write_text('[tool.vega]\npackage = "shop"\nfeatures = ["pay"]\n')
    missing = _vega_cli.main(["run"])

    told = capsys.readouterr().err
    assert (nothing, missing) == (2, 1)
    assert "vega add web" in told
    assert "'pay' is not installed" in told
