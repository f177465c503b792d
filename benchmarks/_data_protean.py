"""Protean as a peer of benchmarks/data.py, in a process and an environment of its own.

    python -m venv .venv-protean
    .venv-protean/bin/pip install "protean[sqlite,postgresql]==0.18.0"
    python benchmarks/data.py --protean .venv-protean/bin/python

The other process times itself, in the same rounds as everybody else.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

WORKER = Path(__file__).with_name("_data_protean_worker.py")
CALLS = {"insert 1": "insert", "insert 1000": "insert_many"}
LIMIT = 300.0


class Protean:
    """Asks a worker.

    Args:
        python: the interpreter that has Protean.
    """

    name = "protean (sync)"

    def __init__(self, python: str) -> None:
        self.python = python

    async def start(self) -> None:
        pipe = asyncio.subprocess.PIPE
        command = (self.python, "-W", "ignore", str(WORKER))
        self.worker = await asyncio.create_subprocess_exec(
            *command, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL
        )

    async def open(self, url: str) -> None:
        await self.start()
        await self.ask(ask="open", url=plain(url))

    async def close(self) -> None:
        self.worker.stdin.close()  # type: ignore[union-attr] # it is a pipe
        async with asyncio.timeout(LIMIT):
            await self.worker.wait()

    async def seconds(self, call: str, number: int, repeat: int) -> float:
        return float(await self.ask(ask=CALLS.get(call, call), number=number, repeat=repeat))

    async def ask(self, **question: Any) -> Any:
        self.worker.stdin.write(f"{json.dumps(question)}\n".encode())  # type: ignore[union-attr] # it is a pipe
        async with asyncio.timeout(LIMIT):
            line = await self.worker.stdout.readline()  # type: ignore[union-attr] # it is a pipe
        if not line:
            raise RuntimeError(f"Protean's process has ended: run {self.python} {WORKER} to see why")
        return json.loads(line)


def plain(url: str) -> str:
    """Return a URL with the synchronous driver of its database."""
    return url.replace("+aiosqlite", "").replace("+asyncpg", "")
