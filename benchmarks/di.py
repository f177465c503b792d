"""Dependency injection against its peers and against hand-written Python.

    python benchmarks/di.py                         # everything; peers that are not installed are named and left out
    python benchmarks/di.py --only vega-di,wireup --cases a,b --rounds 15
    python benchmarks/di.py --check                 # also fail when a bound is missed

Each number is a ratio to hand-written Python (the floor), the median over interleaved rounds; the floor is measured
again right before every measurement, in CPU time of the thread. Every case is checked for right results before it
is timed. All run with default settings, locks on, unless the name says otherwise.

a   a cached singleton                          ca  as c, async, with an async generator that is closed
b   a transient graph of 1+4+8 objects          d   an injected async function: singleton, scoped, transient
c   a scope with 6 dependencies                 d1  an injected async function: three singletons
cr  as c, with a generator that is closed       h   an injected async function with the handler of case ca
e   500 and 5,000 registrations: build with all checks, and the first resolve
f   importing the package
w   a FastAPI request in process, its handler built by the container

"hand-written + ambient" is the floor that also sets and resets one context variable around the call, which is the least
that it takes to let what is called find its scope.
"""

from __future__ import annotations

import argparse
import asyncio
import contextvars
import gc
import importlib
import itertools
import json
import statistics
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from _di_build import Table, build_times, growth, import_times
from _di_fastapi import request_ratio
from _di_peers import PEERS
from _di_vega import Vega, VegaAmbient, VegaBind
from _di_workload import Adapter, AmbientFloor, Floor, check_handler

SYNC, ASYNC = ("a", "b", "c", "cr"), ("ca", "d", "d1", "h")
BOUNDS = {"a": 1.6, "b": 1.15, "c": 2.0, "cr": 3.0, "ca": 4.2, "d": 1.3, "d1": 1.2, "h": 2.5}
OURS = (Vega.name, Floor.name)  # the names of what is no peer begin so
REQUEST = 1.1
LEVEL = 1.05  # case b: level with diwire counts as reached


def verify(case: str, first: Any, second: Any, w: Any) -> None:
    """Refuse to time what is wrong."""
    if case == "a":
        assert type(first) is w.Config
        assert second is first
    elif case == "b":
        assert type(first) is w.Root
        assert second.a is not first.a
        assert second.a.a is not first.a.a
    elif case in {"c", "cr", "ca", "h"}:
        check_handler(first, w)
        assert second.session is not first.session
        assert case == "c" or first.session.closed
    elif case == "d":
        assert type(first[0]) is w.Config
        assert second[0] is first[0]
        assert second[1] is not first[1]
        assert second[2] is not first[2]
    else:
        assert all(one is other for one, other in zip(first, second, strict=True))


def time_sync(function: Callable[[], Any], count: int) -> float:
    turns, start = itertools.repeat(None, count), time.thread_time()
    for _ in turns:
        function()
    return (time.thread_time() - start) / count


async def time_async(function: Callable[[], Any], count: int) -> float:
    turns, start = itertools.repeat(None, count), time.thread_time()
    for _ in turns:
        await function()
    return (time.thread_time() - start) / count


async def await_it(function: Callable[[], Any]) -> Any:
    return await function()


class Runner:
    """Times the cases on one event loop, each implementation in a context of its own."""

    def __init__(self, rounds: int, budget: float) -> None:
        self.rounds, self.budget = rounds, budget
        self.loop = asyncio.new_event_loop()

    def prepare(self, adapter: type[Adapter], case: str) -> tuple[Callable[[int], float], int] | None:
        """Build, check and warm one case of one adapter."""
        context = contextvars.Context()  # an empty one, so that nobody pays for the variables of others
        made = context.run(adapter)

        def wait(coroutine: Coroutine[Any, Any, Any]) -> Any:
            return self.loop.run_until_complete(self.loop.create_task(coroutine, context=context))

        async def build() -> Any:
            return getattr(made, case)()

        function = wait(build())
        if function is None:
            return None
        if case in ASYNC:
            first, second = wait(await_it(function)), wait(await_it(function))

            def one(count: int) -> float:
                return wait(time_async(function, count))
        else:
            first, second = context.run(function), context.run(function)

            def one(count: int) -> float:
                return context.run(time_sync, function, count)

        verify(case, first, second, made.w)
        one(50)
        return one, max(50, int(self.budget / one(200)))

    def case(self, adapters: list[type[Adapter]], case: str) -> dict[str, float]:
        """Give the ratio of each adapter that can do a case."""
        live = {}
        for adapter in adapters:
            try:
                prepared = self.prepare(adapter, case)
            except Exception as error:  # noqa: BLE001  # a peer that cannot do a case is named, and the others go on
                print(f"  {adapter.name}, case {case}: {type(error).__name__}: {str(error)[:120]}", file=sys.stderr)
                continue
            if prepared is not None:
                live[adapter.name] = prepared
        floor, count = live.pop(Floor.name)
        ratios: dict[str, list[float]] = {name: [] for name in live}
        gc.collect()
        gc.disable()
        try:
            for _ in range(self.rounds):
                for name, (one, turns) in live.items():
                    base = floor(max(50, count // 2))
                    ratios[name].append(one(turns) / base)
                gc.collect()
        finally:
            gc.enable()
        return {name: statistics.median(found) for name, found in ratios.items()}


def installed(adapter: type[Adapter]) -> bool:
    """Say whether a peer can be imported, naming it when not."""
    try:
        for module in adapter.imports:
            importlib.import_module(module)
    except ImportError as error:
        print(f"  {adapter.name} is left out: {error}", file=sys.stderr)
        return False
    return True


def known_version(adapter: type[Adapter]) -> str:
    try:
        return version(adapter.dist) if adapter.dist else ""
    except PackageNotFoundError:
        return "?"


def missed(result: dict[str, Any]) -> Iterator[str]:
    """Yield the bounds that were missed: against hand-written Python, and against every peer at default settings."""
    for case, ratios in result["cases"].items():
        for each in (Vega, VegaBind, VegaAmbient):
            own = ratios.get(each.name)
            if own is None:
                continue
            if own > BOUNDS[case]:
                yield f"case {case}: {each.name} has {own:.2f}, over {BOUNDS[case]}"
            for name, ratio in ratios.items():
                slack = LEVEL if case == "b" else 1.0
                if not name.startswith(OURS) and "lock=" not in name and own > ratio * slack:
                    yield f"case {case}: {each.name} has {own:.2f}, and {name} {ratio:.2f}"
    wide, grown, request = result["wide"], result["growth"], result["request"]
    if "rodi" in wide and wide[Vega.name]["ms"] > 0.7 * wide["rodi"]["ms"]:
        yield f"case e: {wide[Vega.name]['ms']:.1f} ms is over 0.7 of rodi's {wide['rodi']['ms']:.1f}"
    if grown is not None and grown > 12:
        yield f"case e: 5,000 registrations take {grown:.1f} times as long as 500"
    if request is not None and request > REQUEST:
        yield f"case w: {request:.2f} is over {REQUEST}"


def show(result: dict[str, Any], adapters: list[type[Adapter]]) -> None:
    cases: Table = result["cases"]
    if cases:
        print(f"Python {sys.version.split()[0]}; ratios to hand-written Python\n")
        print("| | version | " + " | ".join(cases) + " |\n|---|---|" + "---|" * len(cases))
        for adapter in adapters:
            row = [f"{cases[case][adapter.name]:.2f}" if adapter.name in cases[case] else "-" for case in cases]
            if any(cell != "-" for cell in row):
                print(f"| {adapter.name} | {known_version(adapter)} | " + " | ".join(row) + " |")
    for title, key in (("500 registrations, built and first resolve", "wide"), ("import", "imports")):
        table: Table = result[key]
        if table:
            columns = list(next(iter(table.values())))
            print(f"\n| {title} | " + " | ".join(columns) + " |\n|---|" + "---|" * len(columns))
            for name, row in sorted(table.items(), key=lambda pair: pair[1]["ms"]):
                print(f"| {name} | " + " | ".join(f"{row[column]:.1f}" for column in columns) + " |")
    if result["request"] is not None:
        print(f"\nA FastAPI request takes {result['request']:.2f} times as long as one whose handler is built by hand.")
    if result["growth"] is not None:
        print(f"\n5,000 registrations take {result['growth']:.1f} times as long as 500.")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="names of implementations, by commas")
    parser.add_argument("--cases", default="a,b,c,cr,ca,d,d1,h,e,f,w")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--budget", type=float, default=0.03, help="seconds for one measurement")
    parser.add_argument("--json", type=Path, help="also write the numbers there")
    parser.add_argument("--check", action="store_true", help="end with status 1 when a bound is missed")
    options = parser.parse_args()
    wanted = None if options.only is None else set(options.only.split(","))
    adapters = [
        each for each in (AmbientFloor, Vega, VegaBind, VegaAmbient, *PEERS) if wanted is None or each.name in wanted
    ]
    adapters = [each for each in adapters if installed(each)]
    asked = options.cases.split(",")
    runner = Runner(options.rounds, options.budget)
    result: dict[str, Any] = {
        "cases": {case: runner.case([Floor, *adapters], case) for case in (*SYNC, *ASYNC) if case in asked},
        "wide": build_times(adapters) if "e" in asked else {},
        "growth": growth() if "e" in asked and Vega in adapters else None,
        "request": request_ratio(options.rounds) if "w" in asked and find_spec("fastapi") else None,
        "imports": import_times(adapters) if "f" in asked else {},
    }
    runner.loop.close()
    show(result, adapters)
    if options.json is not None:
        options.json.write_text(json.dumps(result, indent=2), encoding="utf-8")
    problems = list(missed(result))
    print("\nEvery bound is met." if not problems else "\nMissed:\n  " + "\n  ".join(problems))
    return 1 if problems and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
