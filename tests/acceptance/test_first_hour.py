"""The first hour: a resource with validation, migration, tests and a job, for little typing."""

import difflib
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

COMMANDS = [
    "python -m venv .venv",
    'pip install --find-links dist "vega[all]==0.4.0"',
    "vega init shop --with data,web,jobs",
    "vega generate resource Product name:str price:decimal:min=0 active:bool=true indexed:bool=false",
    "vega generate job index_product --on ProductCreated",
    "vega migrate upgrade",
    "pytest",
    "vega run",
]
JOB = "shop/infrastructure/jobs/index_product.py"
TESTS = "tests/unit/test_products.py"
BY_HAND = {
    JOB: [
        (
            "from vega.jobs import background_job\n",
            (
                "from dataclasses import replace\n\nfrom vega.jobs import background_job\n\n"
                "from shop.domain.repositories.product_repository import ProductRepository\n"
            ),
        ),
        ("(product_id: str)", "(product_id: str, products: ProductRepository)"),
        (
            'more than once."""\n',
            (
                'more than once."""\n    product = await products.get(product_id)\n'
                "    await products.update(replace(product, indexed=True))\n"
            ),
        ),
    ],
    TESTS: [
        ("from vega.data import", "from vega.di import bind\nfrom vega.data import"),
        (
            "\n\nclass InMemory",
            "from shop.infrastructure.jobs.index_product import index_product\n\n\nclass InMemory",
        ),
    ],
}
JOB_TEST = """
    async def test_the_job_marks_a_product_as_indexed(self) -> None:
        made = await CreateProduct(name="Ada", price=Decimal("0"))

        await bind(index_product)(product_id=made.id)

        self.assertTrue((await GetProduct(made.id)).indexed)
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def write_by_hand(project: Path) -> int:
    """Do the edits of the user; return how many lines that are not blank they add or change."""
    lines = 0
    for path, edits in BY_HAND.items():
        file = project / path
        before = text = file.read_text()
        for old, new in edits:
            assert old in text, f"{old!r} is not in {path}"
            text = text.replace(old, new, 1)
        if path == TESTS:
            text = text.rstrip("\n") + "\n" + JOB_TEST
        file.write_text(text)
        diff = difflib.ndiff(before.splitlines(), text.splitlines())
        lines += sum(line.startswith("+ ") and bool(line[2:].strip()) for line in diff)
    return lines


@contextmanager
def running(bin_folder: Path, project: Path, environment: dict[str, str]) -> Iterator[str]:
    port = free_port()
    with (project / "run.log").open("wb") as log:
        server = subprocess.Popen(
            [str(bin_folder / "vega"), "run", "--port", str(port)], cwd=project, env=environment, stdout=log, stderr=log
        )
        try:
            wait_for(lambda: call(f"http://127.0.0.1:{port}/products")[0] == 200, project / "run.log")
            yield f"http://127.0.0.1:{port}/products"
        finally:
            server.send_signal(signal.SIGTERM)
            assert server.wait(timeout=60) == 0


def call(url: str, body: object = None) -> tuple[int, dict[str, object]]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)
    except OSError:
        return 0, {}


def wait_for(question: Callable[[], bool], log: Path) -> None:
    limit = time.monotonic() + 60
    while not question():
        assert time.monotonic() < limit, log.read_text()
        time.sleep(0.1)


@pytest.mark.timeout(600)
def test_the_first_hour_is_short(installed: Path, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("VEGA_", "PYTHON"))}
    environment["PATH"] = f"{installed}{os.pathsep}{environment['PATH']}"
    for name in ("REDIS_URL", "DATABASE_URL", "VIRTUAL_ENV"):
        environment.pop(name, None)
    project = tmp_path / "shop"

    def type_in(command: str) -> None:
        words = shlex.split(command)
        done = subprocess.run(
            [str(installed / words[0]), *words[1:]],
            cwd=project if project.exists() else tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"

    for command in COMMANDS[2:5]:
        type_in(command)
    hand_lines = write_by_hand(project)
    for command in COMMANDS[5:7]:
        type_in(command)
    with running(installed, project, environment) as products:
        made = call(products, {"name": "Tea", "price": "4.50"})
        wrong = call(products, {"name": "Tea", "price": "-1"})
        wait_for(lambda: call(f"{products}/{made[1]['id']}")[1]["indexed"] is True, project / "run.log")

    assert (made[0], Decimal(str(made[1]["price"])), wrong[0]) == (201, Decimal("4.50"), 422)
    assert len(COMMANDS) <= 8
    assert hand_lines <= 12
    assert len(BY_HAND) <= 2


def test_the_step_after_a_feature_is_named(tmp_path: Path) -> None:
    binary = str(Path(sys.executable).parent / "vega")
    for command in ("init shop --no-install --with data", "add outbox --no-install"):
        done = subprocess.run(
            [binary, *command.split()],
            cwd=tmp_path / "shop" if command.startswith("add") else tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )

    assert "next: no migration creates the table outbox; run: vega migrate create -m outbox" in done.stdout
