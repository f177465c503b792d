"""vega.data against a hand-written AsyncSession and its peers: advanced-alchemy, SQLModel, Piccolo, Tortoise, Protean.

    python benchmarks/data.py [--rounds 15] [--postgres URL] [--protean PYTHON]

Each call is one unit of work on a table of 10,000 rows; the figure is the median over the rounds of the ratio to the
hand-written session in the same round. A peer that returns a wrong answer is not timed; one that is not installed is
named and left out. SQLite lies in memory-backed storage where there is some.

Protean runs in an environment of its own, in a process that times itself in the same rounds; see _data_protean.py.
With it the same questions are put to the memory and to the SQLite of both frameworks, and the answers compared.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import importlib.util
import statistics
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

sys.path.insert(0, str(Path(__file__).parent))

from _data_answers import answers_of_vega
from _data_pages import late_pages, show_pages
from _data_peers import CALLS, FLOOR, PEERS, Base, Row
from _data_protean import Protean
from _data_rows import QUESTIONS, ROWS, values

from vega.testing import PostgresServer

REPEATS = {"get": 25, "query100": 8, "count": 8, "update": 10, "insert 1": 10, "insert 1000": 1}
LIMITS = {"get": 0.95, "query100": 0.9, "count": 0.95, "update": 0.95, "insert 1": 0.95, "insert 1000": 0.4}


async def seed(url: str) -> None:
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
        await connection.run_sync(Base.metadata.create_all)
        await connection.execute(sa.insert(Row), [values(number) for number in range(1, ROWS + 1)])
    await engine.dispose()


async def verify(peer: Any) -> None:
    found = await peer.get(7)
    assert (found.id, found.email, found.created_at) == (7, values(7)["email"], values(7)["created_at"])
    asked = await peer.query100(30)
    assert len(asked) == 100
    assert [(user.age, user.id) for user in asked] == sorted((user.age, user.id) for user in asked)
    assert await peer.count(0) == ROWS * 4 // 5


async def opened(url: str, protean: str) -> list[Any]:
    """Return the peers that are there, each with right answers."""
    peers: list[Any] = []
    for kind, module in PEERS:
        if importlib.util.find_spec(module) is None:
            print(f"left out, not installed: {kind.name}")
            continue
        peer = kind()
        await peer.open(url)
        await verify(peer)
        peers.append(peer)
    if protean:
        peers.append(Protean(protean))
        await peers[-1].open(url)
    else:
        print("left out, for want of --protean: protean")
    return peers


async def seconds(peer: Any, call: str, number: int) -> float:
    if isinstance(peer, Protean):
        return await peer.seconds(call, number, REPEATS[call])
    function = CALLS[call]
    gc.collect()
    started = time.perf_counter()
    for repeat in range(REPEATS[call]):
        await function(peer, number + repeat)
    return time.perf_counter() - started


async def measure(url: str, rounds: int, protean: str) -> dict[str, dict[str, float]]:
    await seed(url)
    peers = await opened(url, protean)
    ratios: dict[str, dict[str, float]] = {}
    for call in CALLS:
        seen: dict[str, list[float]] = {peer.name: [] for peer in peers}
        for number in range(rounds):
            for peer in peers:
                seen[peer.name].append(await seconds(peer, call, number * 37))
        floor = seen[FLOOR]
        ratios[call] = {
            name: statistics.median(one / other for one, other in zip(times[1:], floor[1:], strict=True))
            for name, times in seen.items()
        }
        ratios[call]["floor us"] = statistics.median(floor[1:]) / REPEATS[call] * 1e6
    for peer in peers:
        await peer.close()
    return ratios


async def compare_answers(protean: str, folder: str) -> bool:
    """Print the questions that memory and SQLite answer differently; return whether Vega has none."""
    peer = Protean(protean)
    await peer.start()
    theirs = [await peer.ask(ask="answers", url=url) for url in ("", f"sqlite:///{folder}/protean.db")]
    await peer.close()
    ours = [await answers_of_vega(url) for url in ("", f"sqlite:///{folder}/vega.db")]
    print(f"\nanswers that differ between memory and SQLite, of {len(QUESTIONS)}")
    alike = True
    for name, (memory, sqlite) in {"vega": ours, "protean": theirs}.items():
        differ = [n for n, (one, other) in enumerate(zip(memory, sqlite, strict=True)) if one != other]
        print(f"{name:10} {len(differ):3}")
        for n in differ:
            print(f"           {QUESTIONS[n][0]}: {memory[n]} in memory, {sqlite[n]} in SQLite")
        alike = alike and (name != "vega" or not differ)
    return alike


def show(title: str, ratios: dict[str, dict[str, float]], *, bulk_limit: float) -> bool:
    names = list(next(iter(ratios.values())))
    print(f"\n{title}: ratio to the {FLOOR}, lower is better")
    print(f"{'call':12} {'limit':>6} " + " ".join(f"{name:>20}" for name in names))
    kept = True
    for call, row in ratios.items():
        limit = bulk_limit if call == "insert 1000" else LIMITS[call]
        kept = kept and row["vega"] <= limit
        print(f"{call:12} {limit:6.2f} " + " ".join(f"{row[name]:20.2f}" for name in names))
    return kept


def main() -> int:
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--postgres", default="", help="an empty PostgreSQL database; else one is started")
    parser.add_argument("--protean", default="", help="an interpreter that has Protean; see _data_protean.py")
    options = parser.parse_args()
    fast = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=fast if fast.is_dir() else None) as folder:
        url = f"sqlite+aiosqlite:///{folder}/bench.db"
        asyncio.run(_journal(url))
        kept = show("SQLite", asyncio.run(measure(url, options.rounds, options.protean)), bulk_limit=0.1)
        kept = show_pages("SQLite", asyncio.run(late_pages(url, options.rounds))) and kept
        if options.protean:
            kept = asyncio.run(compare_answers(options.protean, folder)) and kept
    with contextlib.ExitStack() as stack:
        url = options.postgres or postgres(stack)
        kept = show("PostgreSQL", asyncio.run(measure(url, options.rounds, options.protean)), bulk_limit=0.4) and kept
        kept = show_pages("PostgreSQL", asyncio.run(late_pages(url, options.rounds))) and kept
    return 0 if kept else 1


def postgres(stack: contextlib.ExitStack) -> str:
    """Start a server that ends with the stack, and tell how long it took; return the URL of a database on it."""
    with PostgresServer():
        pass  # prepares the cluster that every later one is a copy of
    started = time.perf_counter()
    before, sign, query = stack.enter_context(PostgresServer()).url.partition("?")
    url = f"{before}postgres{sign}{query}"
    asyncio.run(_ask(url))
    print(f"\nfrom nothing to the first answer of a PostgreSQL server: {time.perf_counter() - started:.2f} s")
    return url


async def _ask(url: str) -> None:
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        await connection.execute(sa.text("SELECT 1"))
    await engine.dispose()


async def _journal(url: str) -> None:
    """Give the file the journal that every peer then uses."""
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        await connection.exec_driver_sql("PRAGMA journal_mode = WAL")
    await engine.dispose()


if __name__ == "__main__":
    raise SystemExit(main())
