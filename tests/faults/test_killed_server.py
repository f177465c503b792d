"""A server that is killed loses nothing that it acknowledged, and starts again."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent
ROUNDS = 20 if os.environ.get("VEGA_FULL") else 5


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for words in (
        ["init", "shop", "--no-install", "--with", "data,web"],
        ["generate", "resource", "Note", "text:str"],
        ["migrate", "upgrade"],
    ):
        folder = tmp_path if words[0] == "init" else tmp_path / "shop"
        subprocess.run([BIN / "vega", *words], cwd=folder, check=True, capture_output=True, timeout=120)
    return tmp_path / "shop"


@contextmanager
def serving(project: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "--factory", "shop.main:create_app", "--port", str(port)]
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    with (project / "server.log").open("ab") as log:
        environment["VEGA_PROFILE"] = "development"
        server = subprocess.Popen(command, cwd=project, stdout=log, stderr=log, env=environment)
        try:
            url = f"http://127.0.0.1:{port}/notes"
            limit = time.monotonic() + 60
            while post_or_get(url) is None:
                assert server.poll() is None, (project / "server.log").read_text()
                assert time.monotonic() < limit
                time.sleep(0.05)
            yield server, url
        finally:
            server.kill()
            server.wait(timeout=30)


def post_or_get(url: str, body: dict[str, str] | None = None) -> dict[str, object] | None:
    """Return the answer, or None when there was none, or it broke off."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            found: dict[str, object] = json.load(answer)
            return found
    except (OSError, HTTPException):
        return None


@pytest.mark.timeout(600)
def test_what_was_acknowledged_before_a_kill_is_there_after_it(project: Path) -> None:
    acknowledged: list[object] = []
    for _ in range(ROUNDS):
        with serving(project) as (server, url):
            killer = threading.Timer(0.4, server.send_signal, [signal.SIGKILL])
            killer.start()
            while (answer := post_or_get(url, {"text": "kept"})) is not None:
                acknowledged.append(answer["id"])
            killer.join()

    with serving(project) as (_, url):
        missing = [each for each in acknowledged if post_or_get(f"{url}/{each}") is None]
        page = post_or_get(f"{url}?size=1")

    assert len(acknowledged) >= ROUNDS
    assert missing == []
    assert page is not None
    assert len(acknowledged) <= int(str(page["total"])) <= len(acknowledged) + ROUNDS
