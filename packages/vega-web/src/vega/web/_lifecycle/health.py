"""Liveness and readiness endpoints."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from copy import copy
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, Final, Self, TypeAlias, final

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from vega.core import Application

from .._errors import WebError
from .drain import Drain

_log = logging.getLogger("vega.web")
Check: TypeAlias = Callable[[], Awaitable[object] | object]
_HEADERS: Final = {"cache-control": "no-store"}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    name: str
    check: Check
    tags: frozenset[str]
    timeout: float


class Health:
    """The endpoints `/health/live`, without checks, and `/health/ready`, with checks.

    Ready responds with 200 if the application runs and every check passes, else, and from SIGTERM on, with 503. Checks
    run concurrently, each within its time limit; requests within `cache` seconds share a result, so that probes do not
    load the database. Failures are logged, not shown.

    `create_app` uses the instance of a `config.py` that defines `health = Health()`. Plugins of the application add
    checks: the feature `data` checks the database.

    Args:
        path: the prefix of the endpoints.
        cache: seconds for which a result is reused.
        timeout: seconds for a check without its own limit.
    """

    def __init__(self, *, path: str = "/health", cache: float = 1.0, timeout: float = 2.0) -> None:
        self._path, self._cache, self._timeout = path.rstrip("/"), cache, timeout
        self._entries: dict[str, _Entry] = {}
        self._brought: dict[str, _Entry] = {}
        self._kept: dict[str, tuple[float, dict[str, Any]]] = {}
        self._application: Application | None = None
        self._running: dict[str, asyncio.Task[dict[str, Any]]] = {}

    def check(self, name: str, check: Check, *, tags: Sequence[str] = (), timeout: float | None = None) -> Self:
        """Add a check.

        Args:
            name: shown in the response.
            check: takes no arguments; fails by raising, or by returning (or resolving to) False.
            tags: `/health/ready?tag=NAME` runs only the checks with that tag.
            timeout: seconds; the default of the class when None.

        Raises:
            WebError: the name is taken.
        """
        if name in self._entries:
            raise WebError(f"two checks are called {name!r}", "Health.check", "give each its own name")
        limit = self._timeout if timeout is None else timeout
        self._entries[name] = _Entry(name=name, check=check, tags=frozenset(tags), timeout=limit)
        return self

    def joined(self, application: Application) -> Health:
        """Return these checks and those of the application's plugins, tagged with the plugins' features.

        A check replaces a plugin's check of the same name.
        """
        whole = copy(self)
        whole._application = application
        whole._kept, whole._running = {}, {}
        whole._brought = {
            name: _Entry(name=name, check=check, tags=frozenset({plugin.feature}), timeout=self._timeout)
            for plugin in application.plugins
            for name, check in plugin.health(application).items()
        }
        return whole

    def _all(self) -> list[_Entry]:
        return list({**self._brought, **self._entries}.values())

    async def report(self, tag: str = "") -> dict[str, Any]:
        """Return the status of all checks, or of those with a tag: `{"status": ..., "checks": {...}}`."""
        cached = self._kept.get(tag)
        if cached is not None and time.monotonic() - cached[0] < self._cache:
            return cached[1]
        if tag not in self._running:
            self._running[tag] = asyncio.ensure_future(self._run(tag))
            self._running[tag].add_done_callback(lambda _: self._running.pop(tag, None))
        return await asyncio.shield(self._running[tag])

    async def _run(self, tag: str) -> dict[str, Any]:
        entries = [entry for entry in self._all() if not tag or tag in entry.tags]
        outcomes = await asyncio.gather(*(_outcome(entry) for entry in entries))
        checks = {entry.name: outcome for entry, outcome in zip(entries, outcomes, strict=True)}
        status = "ok" if all(outcome["status"] == "ok" for outcome in outcomes) else "failing"
        report = {"status": status, "checks": checks}
        self._kept[tag] = time.monotonic(), report
        return report

    def routes(self, drain: Drain) -> list[Route]:
        """Return the endpoints.

        Args:
            drain: reports whether the process is shutting down.
        """

        async def live(_: Request) -> JSONResponse:
            return JSONResponse({"status": "ok"}, headers=_HEADERS)

        async def ready(request: Request) -> JSONResponse:
            if self._application is not None and self._application.state != "running":
                return JSONResponse({"status": self._application.state}, 503, headers=_HEADERS)
            if drain.is_begun:
                return JSONResponse({"status": "draining"}, 503, headers=_HEADERS)
            tag = request.query_params.get("tag", "")
            is_known = any(tag in entry.tags for entry in self._all())
            report = await self.report(tag if is_known else "")
            return JSONResponse(report, 200 if report["status"] == "ok" else 503, headers=_HEADERS)

        return [
            Route(f"{self._path}/live", live, include_in_schema=False),
            Route(f"{self._path}/ready", ready, include_in_schema=False),
        ]


async def _outcome(entry: _Entry) -> dict[str, Any]:
    start = time.perf_counter()
    try:
        async with asyncio.timeout(entry.timeout):
            answer: Any = entry.check()
            if isawaitable(answer):
                answer = await answer
        status = "failing" if answer is False else "ok"
    except TimeoutError:
        status = "timeout"
    except Exception as error:  # noqa: BLE001 - a boundary: logged, and reported as failing
        _log.warning("the health check %s failed", entry.name, exc_info=error)
        status = "failing"
    return {"status": status, "ms": round((time.perf_counter() - start) * 1000, 1)}
