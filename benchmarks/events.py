"""What publishing costs: vega.events against code written by hand and against other buses, in one run.

    python benchmarks/events.py [--rounds 9] [--events 2000] [--peers FOLDER]

FOLDER is filled by `pip install --target FOLDER blinker bubus pymediator litestar`; a peer that is not installed is
named and left out. Every round measures every peer once, so that a busy machine slows all alike; medians of
microseconds per publish, and ratios to code written by hand. Exits 1 when a promise is not kept.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from _events_peers import CALLS, PEERS, Data, HandMiddleware, Peer, handlers

from vega.events import CallNext, Event, EventBus, EventContext

HAND, VEGA = Peer.name, "vega.events"
MIDDLEWARES = 10


@dataclass(frozen=True, slots=True)
class UserCreated(Event):
    """The same fields as `Data`."""

    user_id: str
    email: str


async def passes(context: EventContext, call_next: CallNext) -> None:
    """Do nothing but pass the event on."""
    await call_next(context)


class Vega(Peer):
    """The bus of this repository."""

    name = VEGA
    middlewares = 0

    async def start(self) -> None:
        self.bus = EventBus()
        for handler in handlers(self.count):
            self.bus.subscribe(UserCreated, handler)
        for _ in range(self.middlewares):
            self.bus.add_middleware(passes)
        self.publish = self.bus.publish  # type: ignore[method-assign]  # its own coroutine is what is measured

    def make(self) -> UserCreated:
        return UserCreated("1", "a@b.c")


class VegaOneMiddleware(Vega):
    name = f"{VEGA} + 1 middleware"
    counts = (1,)
    middlewares = 1


class VegaManyMiddlewares(Vega):
    name = f"{VEGA} + {1 + MIDDLEWARES} middlewares"
    counts = (1,)
    middlewares = 1 + MIDDLEWARES


Key = tuple[str, int, str]


async def measure(peer: Peer, events: int, *, fresh: bool) -> float:
    """Return microseconds per publish, and check that every handler ran every time."""
    events, publish, make = max(20, int(events * peer.share)), peer.publish, peer.make
    before, event = CALLS[0], make()
    start = time.perf_counter()
    if fresh:
        for _ in range(events):
            await publish(make())
    else:
        for _ in range(events):
            await publish(event)
    spent = time.perf_counter() - start
    assert CALLS[0] - before == events * peer.count, peer.name
    return spent / events * 1e6


def making(kind: Callable[[str, str], Any], events: int) -> float:
    """Return microseconds per construction."""
    start = time.perf_counter()
    for _ in range(events):
        kind("1", "a@b.c")
    return (time.perf_counter() - start) / events * 1e6


async def open_peers(events: int) -> list[Peer]:
    """Return the peers that can be imported, started and tried."""
    found: list[Peer] = []
    for kind in (*PEERS, Vega, VegaOneMiddleware, VegaManyMiddlewares):
        for count in kind.counts:
            peer = kind(count)
            try:
                await peer.start()
                await asyncio.wait_for(measure(peer, events // 20, fresh=True), 30)
            except ImportError as error:
                print(f"left out: {kind.name} ({error})", file=sys.stderr)
                break
            found.append(peer)
    return found


async def run(rounds: int, events: int) -> dict[Key, float]:
    """Return the medians of all rounds."""
    peers, seen = await open_peers(events), dict[Key, list[float]]()
    for _ in range(rounds):
        for peer in peers:
            if peer.reuses:
                seen.setdefault((peer.name, peer.count, "reused"), []).append(await measure(peer, events, fresh=False))
            seen.setdefault((peer.name, peer.count, "fresh"), []).append(await measure(peer, events, fresh=True))
        seen.setdefault((HAND, 0, "made"), []).append(making(Data, events))
        seen.setdefault((VEGA, 0, "made"), []).append(making(UserCreated, events))
    for peer in reversed(peers):
        await peer.stop()
    return {key: statistics.median(values) for key, values in seen.items()}


def table(medians: dict[Key, float]) -> str:
    """Return the medians with their ratios to code written by hand, a peer a line."""
    columns = [(1, "reused"), (10, "reused"), (1, "fresh"), (10, "fresh")]
    lines = [f"{'microseconds per publish':<58}" + "".join(f"{f'x{count} {mode}':>20}" for count, mode in columns)]
    for name in dict.fromkeys(name for name, _, _ in medians):
        line = f"{name:<58}"
        for count, mode in columns:
            value = medians.get((name, count, mode))
            line += f"{'-':>20}" if value is None else f"{value:10.2f} ({value / medians[HAND, count, mode]:6.1f}x)"
        lines.append(line)
    return "\n".join(lines)


def promises(medians: dict[Key, float]) -> list[tuple[str, float, float]]:
    """Return each promise with its measured value and its bound."""
    floor = medians[HAND, 1, "reused"]
    one, many = (medians[kind.name, 1, "reused"] for kind in (VegaOneMiddleware, VegaManyMiddlewares))
    found = [
        ("1 handler / by hand", medians[VEGA, 1, "reused"] / floor, 4.0),
        ("10 handlers / by hand", medians[VEGA, 10, "reused"] / medians[HAND, 10, "reused"], 3.0),
        ("making an event / bare dataclass", medians[VEGA, 0, "made"] / medians[HAND, 0, "made"], 3.0),
        ("each further middleware / 1 handler by hand", (many - one) / MIDDLEWARES / floor, 1.0),
    ]
    for kind in PEERS[2:]:
        mode = "reused" if kind.reuses else "fresh"
        for count in kind.counts:
            if (kind.name, count, mode) in medians:
                ratio = medians[VEGA, count, mode] / medians[kind.name, count, mode]
                found.append((f"x{count} {mode} / {kind.name}", ratio, 1.0))
    return found


def main() -> int:
    """Measure, print, and return the exit status."""
    parser = argparse.ArgumentParser(description="What publishing costs.")
    parser.add_argument("--rounds", type=int, default=9, help="how often everything is measured")
    parser.add_argument("--events", type=int, default=2000, help="events per measurement")
    parser.add_argument("--peers", help="a folder with the peers installed")
    options = parser.parse_args()
    if options.peers:
        sys.path.append(options.peers)
    logging.disable(logging.CRITICAL)
    medians = asyncio.run(run(options.rounds, options.events))
    print(table(medians))
    first = (medians[VegaOneMiddleware.name, 1, "reused"] - medians[VEGA, 1, "reused"]) / medians[HAND, 1, "reused"]
    least = medians[HandMiddleware.name, 1, "reused"] / medians[HAND, 1, "reused"] - 1
    print(
        f"\nthe first middleware, with the context of all: {first:.2f} x 1 handler by hand; unchecked {least:.2f} x\n"
    )
    kept = True
    for what, value, bound in promises(medians):
        kept &= value <= bound
        print(f"{'kept  ' if value <= bound else 'BROKEN'} {what:<50} {value:6.2f} <= {bound}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
