"""The embedded server, as a real process."""

import asyncio
import os
import signal
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from vega.jobs import EmbeddedServerError, JobQueue, embedded_server
from vega.jobs import _embedded as embedded
from vega.jobs._embedded import answers, find_program


def test_two_servers_do_not_meet_and_leave_nothing_behind() -> None:
    with embedded_server() as first, embedded_server() as second:
        paths = [Path(server.url.removeprefix("unix://")) for server in (first, second)]
        assert [answers(path) for path in paths] == [True, True]
        assert paths[0] != paths[1]

    assert [path.parent.exists() for path in paths] == [False, False]


def test_it_is_an_async_context_manager_too() -> None:
    async def main() -> int:
        async with embedded_server() as server, JobQueue.connect(server.url) as queue:
            return await queue.size()

    assert asyncio.run(main()) == 0


def test_connect_without_an_address_brings_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REDIS_URL", raising=False)

    async def main() -> int:
        async with JobQueue.connect() as queue:
            return await queue.size()

    assert asyncio.run(main()) == 0


def test_the_environment_wins_over_the_embedded_server(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setattr("vega.jobs._embedded.find_program", lambda: pytest.fail("no server is to be started"))

    async def main() -> int:
        async with JobQueue.connect() as queue:
            return await queue.size()

    assert asyncio.run(main()) == 0


def test_a_server_that_cannot_start_is_an_error_with_its_words(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedServerError, match="did not answer"), embedded_server(socket_path=tmp_path / "no" / "s"):
        pytest.fail("it cannot run")


def test_without_any_program_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vega.jobs._embedded.find_spec", lambda name: None)
    monkeypatch.setenv("PATH", "")

    with pytest.raises(EmbeddedServerError, match=r"vega-jobs\[embedded\]"):
        find_program()


def test_a_program_on_the_path_serves_where_the_wheel_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real = find_program()
    (tmp_path / "redis-server").symlink_to(real)
    monkeypatch.setattr("vega.jobs._embedded.find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))

    with embedded_server() as server:
        assert server.url
        assert find_program() == os.fspath(tmp_path / "redis-server")


def test_the_url_of_a_server_that_does_not_run_is_an_error() -> None:
    with pytest.raises(EmbeddedServerError, match="not running"):
        _ = embedded_server().url


def test_a_server_that_cannot_be_started_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "valkey-server"
    broken.write_text("#!/no/such/interpreter\n")
    broken.chmod(broken.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(embedded, "find_program", lambda: str(broken))

    with pytest.raises(EmbeddedServerError, match="cannot be started"), embedded_server():
        pass


def test_a_server_that_does_not_stop_is_killed() -> None:
    server = embedded_server(stop_timeout=0.2)
    with server:
        process: Any = server._process
        process.send_signal(signal.SIGSTOP)

    assert process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("started", [True, False])
def test_who_is_cancelled_while_a_server_starts_leaves_none_behind(
    monkeypatch: pytest.MonkeyPatch, started: bool
) -> None:
    gate, server = threading.Event(), embedded_server()
    start = server.start

    def slowly() -> None:
        gate.wait(30)
        if started:
            start()
        else:
            monkeypatch.setattr("vega.jobs._embedded._PROGRAMS", ())
            monkeypatch.setattr("vega.jobs._embedded.find_spec", lambda name: None)
            start()

    stopped: list[bool] = []
    stop = server.stop
    monkeypatch.setattr(type(server), "start", lambda self: slowly())
    monkeypatch.setattr(type(server), "stop", lambda self: (stopped.append(self._process is not None), stop())[1])

    async def main() -> None:
        entering = asyncio.create_task(server.__aenter__())
        await asyncio.sleep(0.01)
        entering.cancel()
        gate.set()
        with pytest.raises(asyncio.CancelledError):
            await entering

    asyncio.run(main())

    assert stopped == [started]
    assert server._process is None
