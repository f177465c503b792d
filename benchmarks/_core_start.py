"""How much of an application's start is importing its modules: two processes, one project."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

MODULE = '''"""One handler of many."""

from dataclasses import dataclass

from vega.di import injectable
from vega.events import Event, subscribe


@injectable
class Service{number}:
    """A service."""

    def answer(self) -> int:
        return {number}


@dataclass(frozen=True)
class Happened{number}(Event):
    """An event."""

    order: str


@subscribe(Happened{number})
async def handle{number}(event: Happened{number}, service: Service{number}) -> None:
    """Handle it."""
    service.answer()
'''
PLAIN = """
import gc, json, sys, time
from importlib import import_module
import vega.core, vega.core._application.load  # the framework is there in both
sys.path.insert(0, sys.argv[1])
names = json.loads(sys.argv[2])
gc.disable()  # as `Application.load` does meanwhile
started = time.process_time()
for name in names:
    import_module(name)
print(time.process_time() - started)
"""
START = """
import sys, time
import vega.core, vega.core._application.load
load = vega.core.Application.load
started = time.process_time()
app = load(sys.argv[1])
print(time.process_time() - started)
assert len(app.found.all_modules()) == int(sys.argv[2])
"""


def share_of_imports(count: int) -> tuple[float, float]:
    """Return which part of a start plain imports of the same modules take, and the start's seconds."""
    with tempfile.TemporaryDirectory(prefix="vega-start-") as name:
        root = Path(name)
        handlers = root / "manyshop" / "application" / "handlers"
        handlers.mkdir(parents=True)
        (root / "pyproject.toml").write_text('[tool.vega]\npackage = "manyshop"\n')
        (root / "manyshop" / "__init__.py").write_text("")
        for number in range(count):
            (handlers / f"handler{number:04}.py").write_text(MODULE.format(number=number))
        names = [f"manyshop.application.handlers.handler{number:04}" for number in range(count)]
        cache = root / "cache"
        start: list[float] = []
        plain: list[float] = []
        for _ in range(4):  # the first of each compiles, as after an installation
            start.append(seconds_of(START, cache, str(root), str(count)))
            plain.append(seconds_of(PLAIN, cache, str(root), json.dumps(names)))
        return min(plain) / min(start), min(start)


def seconds_of(program: str, cache: Path, *words: str) -> float:
    """Run a program with compiled files kept in a folder, whatever the environment says of them."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-c", program, *words],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
        env={**environment, "PYTHONPYCACHEPREFIX": str(cache)},
    )
    return float(done.stdout)
