"""The applications of `web.py` on uvicorn: CPU time of the server process, read from /proc."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
REQUEST = b"GET /hello HTTP/1.1\r\nhost: x\r\n\r\n"


def compare(makers: dict[str, str], requests: int = 1500, rounds: int = 3) -> dict[str, float]:
    """Return the least CPU time per request of each application, in microseconds.

    Args:
        makers: functions of `web.py` that make an application, by what they are called here.
        requests: of one round, one after the other over one connection.
        rounds: interleaved.
    """
    running = {name: _start(maker) for name, maker in makers.items()}
    try:
        spent = {name: float("inf") for name in makers}
        for _ in range(rounds):
            for name, (process, port) in running.items():
                spent[name] = min(spent[name], _measure(process.pid, port, requests if name != "base" else 200))
        return spent
    finally:
        for process, _ in running.values():
            process.terminate()
            process.wait(timeout=20)


def _start(maker: str) -> tuple[subprocess.Popen[bytes], int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "--factory", f"web:{maker}", "--port", str(port)]
    command += ["--app-dir", str(HERE), "--no-access-log", "--log-level", "warning"]
    process = subprocess.Popen(command)
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return process, port
        except OSError:
            time.sleep(0.05)
    process.kill()
    raise TimeoutError(f"{maker} does not serve")


def _cpu(pid: int) -> float:
    """Return the CPU time of a process so far, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _measure(pid: int, port: int, requests: int) -> float:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        start = _cpu(pid)
        for _ in range(requests):
            connection.sendall(REQUEST)
            answer = b""
            while b'{"hello":"world"}' not in answer:
                answer += connection.recv(65536)
        return (_cpu(pid) - start) / requests * 1e6
