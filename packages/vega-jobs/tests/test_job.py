"""The decorator, and what may be a job."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from vega.jobs import JobDefinitionError, JobPayloadError, JobQueue, NoJobQueueError, UnknownJobError, background_job

from vega.jobs import get_job_queue, set_job_queue  # isort: skip
from vega.jobs._job import definition_of, known_jobs

from . import jobs_for_tests as jobs


def test_the_function_stays_what_it_was() -> None:
    jobs.done.clear()

    assert asyncio.run(jobs.remember("called")) == "called"
    assert jobs.done == ["called"]


def test_the_name_is_module_and_qualname_unless_given() -> None:
    assert definition_of(jobs.remember).name == f"{jobs.__name__}:remember"
    assert definition_of(jobs.return_what_json_cannot_hold).name == "tests.unstorable"


def test_the_catalogue_is_by_module() -> None:
    assert known_jobs([jobs.__name__])["tests.unstorable"] is jobs.return_what_json_cannot_hold
    assert known_jobs(["another.module"]) == {}


async def module_level() -> None: ...


def plain_function() -> None: ...


nameless: Callable[..., Any] = lambda: None  # noqa: E731 - a lambda is what is to be refused


@pytest.mark.parametrize(
    "function", [plain_function, nameless, 7, type("Callable", (), {"__call__": plain_function})()]
)
def test_what_is_no_async_function_is_refused(function: Any) -> None:
    with pytest.raises(JobDefinitionError, match="async function"):
        background_job(function)


def test_a_nested_function_is_refused() -> None:
    async def nested() -> None: ...

    with pytest.raises(JobDefinitionError, match="top of a module"):
        background_job(nested)


@pytest.mark.parametrize(
    "options",
    [
        {"retry": -1},
        {"retry": True},
        {"retry": 1.5},
        {"queue": ""},
        {"queue": "a b"},
        {"queue": None},
        {"timeout": 0},
        {"timeout": float("nan")},
        {"name": " "},
    ],
)
def test_a_wrong_option_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(JobDefinitionError):
        background_job(**options)(module_level)


def test_two_functions_cannot_share_a_name() -> None:
    with pytest.raises(JobDefinitionError, match=r"called 'tests\.unstorable' already"):
        background_job(name="tests.unstorable")(module_level)


def test_a_function_without_the_mark_is_no_job(redis_url: str) -> None:
    async def main() -> None:
        async with JobQueue.connect(redis_url):
            with pytest.raises(UnknownJobError, match="@background_job"):
                await JobQueue.enqueue(module_level)
            with pytest.raises(UnknownJobError, match="no job is called 'nowhere'"):
                await JobQueue.enqueue("nowhere")

    asyncio.run(main())


def test_without_a_queue_the_error_says_how_to_get_one() -> None:
    async def main() -> None:
        await JobQueue.enqueue(jobs.remember, value=1)

    with pytest.raises(NoJobQueueError, match="connect"):
        asyncio.run(main())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"nmae": "x"}, "nmae"),
        ({}, "needs times"),
        ({"times": 1, "more": 2}, "more"),
        ({"times": object()}, "cannot carry"),
        ({"times": float("inf")}, "cannot carry"),
        ({"times": {1: "a key that is no text"}}, "cannot carry"),
    ],
)
def test_wrong_arguments_fail_where_they_are_given_and_leave_nothing(
    redis_url: str, arguments: dict[str, Any], message: str
) -> None:
    async def main() -> list[bytes]:
        async with JobQueue.connect(redis_url) as queue:
            with pytest.raises(JobPayloadError, match=message):
                await JobQueue.enqueue(jobs.fail, **arguments)
            return list(await queue.redis.keys("*"))

    assert asyncio.run(main()) == []


def test_the_process_default_serves_those_who_set_none(redis_url: str) -> None:
    async def main() -> None:
        queue = await JobQueue.open(redis_url)
        set_job_queue(queue, process=True)
        try:
            assert get_job_queue() is queue
        finally:
            set_job_queue(None, process=True)
            await queue.aclose()

    asyncio.run(main())


@pytest.mark.once
def test_importing_vega_jobs_loads_neither_arq_nor_redis() -> None:
    code = "import sys, vega.jobs; vega.jobs.background_job; print(sorted({'arq', 'redis'} & set(sys.modules)))"

    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

    assert result.stdout.strip() == "[]"
