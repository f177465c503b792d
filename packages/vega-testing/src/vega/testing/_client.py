"""An in-process HTTP client for an application."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # provided by the extra `web`
    import httpx


@asynccontextmanager
async def client_for(app: Any, services: Mapping[Any, object] | None = None) -> AsyncGenerator[httpx.AsyncClient]:
    """Start an ASGI application and yield a client; requires the extra `web`.

    Jobs enqueued inside the block go to a `FakeJobQueue`, unless the test has set a queue.

    Args:
        app: a Starlette or FastAPI application; its lifespan spans the block.
        services: objects that replace registered services, by key; for applications of `vega.web.create_app`.

    Yields:
        An `httpx.AsyncClient` with the base URL `http://testserver`.
    """
    import httpx

    application = getattr(app.state, "application", None)
    replacing = application.container.override(services) if services and application else nullcontext()
    with replacing, _jobs(application):
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver") as client,
        ):
            yield client


def _jobs(application: Any) -> AbstractContextManager[object]:
    if application is None or "jobs" not in application.project.features:
        return nullcontext()
    from vega.jobs import NoJobQueueError, get_job_queue

    from ._jobs import fake_jobs

    try:
        get_job_queue()
    except NoJobQueueError:
        return fake_jobs()
    return nullcontext()
