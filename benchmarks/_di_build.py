"""What happens once: registrations with their checks, the first resolve, and the import."""

from __future__ import annotations

import gc
import statistics
import subprocess
import sys
import time

from _di_vega import Vega
from _di_workload import WIDE, WIDE_N, Adapter, fresh, wide_source

Table = dict[str, dict[str, float]]


def build_times(adapters: list[type[Adapter]], rounds: int = 5) -> Table:
    """Time 500 registrations with their checks, and the first resolve, in milliseconds."""
    found: dict[str, list[float]] = {}
    for _ in range(rounds):
        for adapter in adapters:
            made, module = adapter(), fresh(WIDE)
            gc.collect()
            start = time.thread_time()
            try:
                handle = made.wide_build(module)
                if handle is None:
                    continue
                last = getattr(module, f"S{WIDE_N - 1}")
                assert type(made.wide_first(handle, last)) is last
            except Exception as error:  # noqa: BLE001  # as above
                print(f"  {adapter.name}, case e: {type(error).__name__}: {str(error)[:120]}", file=sys.stderr)
                continue
            found.setdefault(adapter.name, []).append((time.thread_time() - start) * 1e3)
    return {name: {"ms": statistics.median(times)} for name, times in found.items()}


def growth(rounds: int = 5) -> float:
    """Give how many times longer 5,000 registrations take than 500."""
    times: dict[int, list[float]] = {500: [], 5000: []}
    for _ in range(rounds):
        for count, found in times.items():
            module = fresh(wide_source(count))
            gc.collect()
            start = time.thread_time()
            Vega().wide_build(module, count).resolve(getattr(module, f"S{count - 1}"))
            found.append(time.thread_time() - start)
    return statistics.median(times[5000]) / statistics.median(times[500])


def import_times(adapters: list[type[Adapter]], rounds: int = 5) -> Table:
    """Time imports in fresh processes, in milliseconds, and count the modules."""
    todo = {"inspect and typing": ("inspect", "typing")} | {
        each.name: each.imports for each in adapters if each.imports
    }
    code = (
        "import sys, time; modules, start = len(sys.modules), time.perf_counter(); import {}; "
        "print((time.perf_counter() - start) * 1e3, len(sys.modules) - modules)"
    )
    found: dict[str, list[tuple[float, float]]] = {}
    for _ in range(rounds):
        for name, modules in todo.items():
            run = [sys.executable, "-c", code.format(", ".join(modules))]
            done = subprocess.run(run, capture_output=True, text=True, timeout=120, check=True)
            milliseconds, count = done.stdout.split()
            found.setdefault(name, []).append((float(milliseconds), float(count)))
    return {name: {"ms": min(each)[0], "modules": min(each)[1]} for name, each in found.items()}
