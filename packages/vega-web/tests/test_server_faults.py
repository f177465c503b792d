"""Real servers when things go wrong: clients that cheat or leave, handlers that fail."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets
from web_faults import write_faults


@pytest.fixture(scope="module")
def faulty(projects: Any) -> Path:
    return write_faults(projects())


@pytest.fixture(scope="module")
def port(faulty: Path, server_kind: str, start_server: Any) -> Iterator[int]:
    """Run one server for all tests that leave it standing."""
    with start_server(faulty, server_kind) as (port, _):
        yield port


def raw(port: int, request: bytes) -> bytes:
    """Send bytes and return all that comes back."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        answer = b""
        while data := connection.recv(65536):
            answer += data
        return answer


def get(port: int, target: str) -> bytes:
    return raw(port, f"GET {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode())


def test_clients_that_cheat_get_nowhere(port: int) -> None:
    base = f"http://127.0.0.1:{port}/faults"
    with httpx.Client() as client:
        spoofed = [
            client.get(f"{base}/limited", headers={"x-forwarded-for": f"203.0.113.{n}"}).status_code for n in range(4)
        ]
        large = client.post(f"{base}/orders", content=iter([b"x" * 600] * 3))
        slow = client.get(f"{base}/slow")
        broken = client.get(f"{base}/broken", headers={"origin": "https://shop.example"})
        injected = get(port, "/faults/inject?value=a%0d%0aset-cookie:%20evil=1")
        told = client.get(f"{base}/log").json()
    outside = [
        get(port, f"/static/{way}settings.py")
        for way in ("../", "%2e%2e/", "..%2f", "%2e%2e%2f", "x/../../", "....//", "..%5c", "/", "%00/../")
    ]
    inside = get(port, "/static/page.txt")

    assert spoofed == [200, 200, 200, 429]
    assert (large.status_code, slow.status_code) == (413, 504)
    assert slow.headers["content-type"] == "application/problem+json"
    assert "cancelled while its session was open" in told[0]
    assert [what for what, _ in told[2]] == ["open", "close"]
    assert broken.headers["access-control-allow-origin"] == "https://shop.example"
    assert broken.headers["x-content-type-options"] == "nosniff"
    assert broken.json()["request_id"] == broken.headers["x-request-id"]
    assert b"\r\nset-cookie: evil" not in injected.lower()
    assert not [answer for answer in outside if b"BaseSettings" in answer]
    assert inside.endswith(b"page")


def test_one_key_at_once_is_one_execution(port: int) -> None:
    async def main(base: str) -> tuple[list[httpx.Response], Any]:
        async with httpx.AsyncClient() as client:
            key = {"idempotency-key": "k"}
            asked = [client.post(f"{base}/orders", json={"a": 1}, headers=key) for _ in range(50)]
            answers = await asyncio.gather(*asked)
            other = await client.post(f"{base}/orders", json={"a": 2}, headers=key)
            return [*answers, other], (await client.get(f"{base}/log")).json()

    answers, told = asyncio.run(main(f"http://127.0.0.1:{port}/faults"))

    assert told[1] == 1
    assert {answer.status_code for answer in answers[:-1]} <= {200, 409}
    assert {answer.text for answer in answers if answer.status_code == 200} == {"1"}
    assert answers[-1].status_code == 422


def test_a_handler_that_fails_leaves_the_server_standing(port: int) -> None:
    async def main(port: int) -> tuple[int | None, str]:
        async with websockets.connect(f"ws://127.0.0.1:{port}/ws/stays") as connection:
            await connection.send("fail")
            await connection.wait_closed()
            code = connection.close_code
        with pytest.raises((websockets.InvalidStatus, websockets.InvalidMessage, websockets.ConnectionClosed)):
            async with websockets.connect(f"ws://127.0.0.1:{port}/ws/broken") as connection:
                await connection.recv()
        async with websockets.connect(f"ws://127.0.0.1:{port}/ws/stays") as connection:
            await connection.send("hello")
            return code, str(await connection.recv())

    assert asyncio.run(main(port)) == (1011, "hello")


def test_a_client_that_leaves_after_a_byte_ends_its_stream_and_the_work_after_it_is_done_once(
    faulty: Path, port: int
) -> None:
    base = f"http://127.0.0.1:{port}/faults"
    with httpx.stream("GET", f"{base}/followed") as answer:
        first = next(answer.iter_bytes(1))
    log: list[str] = []
    with httpx.Client() as client:
        while "afterwards" not in log:
            log = client.get(f"{base}/log").json()[0]
        log = client.get(f"{base}/log").json()[0]

    assert first == b"d"
    assert [word for word in log if word in {"left", "afterwards"}] == ["left", "afterwards"]
    assert "Task exception" not in (faulty / f"log-{port}").read_text()
