"""What the queue, its plugin and its server promise when something is missing."""

import asyncio
import stat
from pathlib import Path

import pytest

from vega.core.extend import AddDependency, EnableFeature, Project
from vega.jobs import (
    EmbeddedServerError,
    JobFailedError,
    JobPayloadError,
    JobQueue,
    NoJobQueueError,
    QueueUnavailableError,
    background_job,
    bound_arguments,
    embedded_server,
    get_job_queue,
    set_job_queue,
    use_job_queue,
)
from vega.jobs import _embedded as embedded
from vega.jobs._plugin import JobsPlugin

PROJECT = Project(root=Path("/nowhere"), package="shop", features=("jobs",))


@background_job(name="promises.any")
async def anything(key: str, **further: str) -> str:
    return key


@background_job(name="promises.unnamed")
async def unnamed(*keys: str) -> None: ...


@background_job(name="promises.unknown_hint")
async def unknown_hint(key: "NoSuchType") -> None: ...  # type: ignore[name-defined]  # noqa: F821 - a name for checkers only


def test_further_arguments_go_along_by_name() -> None:
    assert bound_arguments(anything, ("1",), {"colour": "red"}) == {"key": "1", "colour": "red"}


def test_a_parameter_without_a_name_is_refused() -> None:
    with pytest.raises(JobPayloadError, match="no name in a payload"):
        bound_arguments(unnamed, ("1",), {})


def test_an_annotation_for_checkers_alone_is_no_data() -> None:
    assert bound_arguments(unknown_hint, (), {}) == {}


def test_the_process_has_a_default_that_a_context_hides() -> None:
    marker, other = object(), object()
    set_job_queue(marker, process=True)  # type: ignore[arg-type]  # any object shows which one is current
    try:
        with use_job_queue(other):  # type: ignore[arg-type]  # the same
            inside = get_job_queue()
        outside = get_job_queue()
    finally:
        set_job_queue(None, process=True)

    assert (inside, outside) == (other, marker)
    with pytest.raises(NoJobQueueError):
        get_job_queue()


def test_the_plugin_adds_its_server_and_its_feature() -> None:
    dependency, feature = JobsPlugin().add(PROJECT)

    assert isinstance(dependency, AddDependency)
    assert feature == EnableFeature("jobs")


def test_the_doctor_is_told_when_no_server_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing() -> str:
        raise EmbeddedServerError("nothing to start", "PATH", "install one")

    monkeypatch.delenv("REDIS_URL", raising=False)
    sound = JobsPlugin().checks(PROJECT)
    monkeypatch.setattr("vega.jobs._plugin.find_program", nothing)
    (finding,) = JobsPlugin().checks(PROJECT)
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    told_elsewhere = JobsPlugin().checks(PROJECT)

    assert (sound, told_elsewhere) == ([], [])
    assert (finding.code, finding.severity, finding.what) == ("VG706", "warning", "nothing to start")


def test_a_server_that_cannot_be_started_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "valkey-server"
    broken.write_text("#!/no/such/interpreter\n")
    broken.chmod(broken.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(embedded, "find_program", lambda: str(broken))

    with pytest.raises(EmbeddedServerError, match="cannot be started"), embedded_server():
        pass


def test_a_job_is_shown_by_its_id_and_queue_and_its_end_is_told() -> None:
    async def main() -> tuple[str, str]:
        async with embedded_server() as server, JobQueue.connect(server.url) as queue:
            handle = await queue.enqueue(anything, key="1")
            shown = repr(handle)
            with pytest.raises(TimeoutError):
                await handle.result(timeout=0.1)
            await queue.redis.flushall()
            with pytest.raises(JobFailedError, match="not known any more"):
                await handle.result(timeout=5)
            return shown, handle.id

    shown, identifier = asyncio.run(main())
    assert shown == f"JobHandle({identifier!r}, queue='default')"


def test_a_server_that_goes_away_is_told_to_who_enqueues() -> None:
    async def main() -> None:
        async with embedded_server() as server, JobQueue.connect(server.url) as queue:
            await asyncio.to_thread(server.stop)
            with pytest.raises(QueueUnavailableError, match="was not enqueued"):
                await queue.enqueue(anything, key="1")

    asyncio.run(main())
