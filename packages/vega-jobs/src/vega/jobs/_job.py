"""`@background_job`: the mark of a job, and the catalogue of jobs by name."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar, final, overload
from weakref import WeakValueDictionary

from vega.events import Backoff

from ._errors import JobDefinitionError, UnknownJobError
from ._keys import DEFAULT_QUEUE, check_queue_name

F = TypeVar("F", bound=Callable[..., Any])

_MARK = "__vega_job__"
_lock = threading.Lock()
_functions: WeakValueDictionary[str, Callable[..., Any]] = WeakValueDictionary()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class JobDefinition:
    """The definition of a background job.

    Args:
        name: the name in payloads; stable, or queued jobs are orphaned.
        queue: the default queue of the job.
        retry: attempts after the first, 0 or more.
        backoff: delays between attempts.
        timeout: seconds per attempt; None uses the limit of the worker.
    """

    name: str
    queue: str = DEFAULT_QUEUE
    retry: int = 0
    backoff: Backoff = field(default_factory=lambda: Backoff(base=1.0, cap=300.0))
    timeout: float | None = None


@overload
def background_job(function: F, /) -> F: ...
@overload
def background_job(
    *,
    queue: str = DEFAULT_QUEUE,
    retry: int = 0,
    name: str | None = None,
    backoff: Backoff | None = None,
    timeout: float | None = None,
) -> Callable[[F], F]: ...
def background_job(
    function: Any = None,
    /,
    *,
    queue: str = DEFAULT_QUEUE,
    retry: int = 0,
    name: str | None = None,
    backoff: Backoff | None = None,
    timeout: float | None = None,
) -> Any:
    """Mark an async function as a background job; the function stays callable.

    Args:
        function: the function, when the decorator is written without parentheses.
        queue: the queue of the job.
        retry: attempts after the first, 0 or more; every exception is retried.
        name: the name in payloads; `module:qualname` by default. A fixed name allows the function to move.
        backoff: delays between attempts; 1 s, doubling, at most 300 s by default.
        timeout: seconds per attempt, more than 0; the worker's limit by default.

    Raises:
        JobDefinitionError: the function is not async or not importable by other processes, or a value is wrong.

    >>> @background_job(queue="emails", retry=3, name="docs.send_welcome_email")
    ... async def send_welcome_email(user_id: str) -> None: ...
    """

    def mark(function: F) -> F:
        definition = JobDefinition(
            name=_checked_name(function, name),
            queue=check_queue_name(queue),
            retry=_checked_retry(retry),
            backoff=backoff or Backoff(base=1.0, cap=300.0),
            timeout=_checked_timeout(timeout),
        )
        _record(function, definition)
        setattr(function, _MARK, definition)
        return function

    return mark if function is None else mark(function)


def definition_of(function: object) -> JobDefinition:
    """Return the definition that `@background_job` attached to a function.

    Raises:
        UnknownJobError: the function is not a background job.
    """
    definition = getattr(function, _MARK, None)
    if not isinstance(definition, JobDefinition):
        raise UnknownJobError(
            f"{function!r} is not a background job",
            getattr(function, "__module__", "") or "",
            "put @background_job on the function",
        )
    return definition


def job_named(name: str) -> Callable[..., Any]:
    """Return the job with a name.

    Raises:
        UnknownJobError: no job of this process has the name.
    """
    with _lock:
        job = _functions.get(name)
    if job is None:
        raise UnknownJobError(f"no job is called {name!r}", "background_job", "import the module that defines it")
    return job


def known_jobs(modules: Iterable[str] | None = None) -> dict[str, Callable[..., Any]]:
    """Return the jobs of this process by name, optionally only those of some modules."""
    selected = None if modules is None else frozenset(modules)
    with _lock:
        jobs = dict(_functions)
    return {name: job for name, job in jobs.items() if selected is None or job.__module__ in selected}


def _record(function: Callable[..., Any], definition: JobDefinition) -> None:
    with _lock:
        existing = _functions.get(definition.name)
        if existing is not None and _full_name(existing) != _full_name(function):
            raise JobDefinitionError(
                f"{_full_name(existing)} is called {definition.name!r} already",
                _full_name(function),
                "give one of the two a different name=",
            )
        _functions[definition.name] = function


def _full_name(function: Any) -> str:
    return f"{getattr(function, '__module__', None)}:{getattr(function, '__qualname__', repr(function))}"


def _checked_name(function: Any, name: str | None) -> str:
    full = _full_name(function)
    if not inspect.iscoroutinefunction(function):
        raise JobDefinitionError("a background job is an async function", full, "write it as: async def ...")
    if "<locals>" in full or "<lambda>" in full:
        raise JobDefinitionError("a worker could not import the function", full, "define it at the top of a module")
    if name is not None and not name.strip():
        raise JobDefinitionError(f"name={name!r} is empty", full, "give a name such as emails.welcome")
    return name if name is not None else full


def _checked_retry(retry: object) -> int:
    if isinstance(retry, bool) or not isinstance(retry, int) or retry < 0:
        raise JobDefinitionError(
            f"retry={retry!r} is not a count", "background_job", "give the attempts after the first, 0 or more"
        )
    return retry


def _checked_timeout(timeout: float | None) -> float | None:
    if timeout is not None and not timeout > 0:
        raise JobDefinitionError(f"timeout={timeout!r} is not a time", "background_job", "give seconds, more than 0")
    return timeout
