"""The features `web` and `websocket`: files, services, processes and checks."""

from __future__ import annotations

import socket
import sys
from collections.abc import Sequence
from typing import Any

from vega.core import Application, ConfigurationErrors
from vega.core.extend import (
    EnableFeature,
    Finding,
    Operation,
    Plugin,
    Process,
    Project,
    RunOptions,
    WriteFile,
    render,
)
from vega.di import missing
from vega.errors import CoreError

from .._errors import WebError

_MAIN = '''
    """Starts the application: servers call create_app (uvicorn --factory $package.main:create_app)."""

    from pathlib import Path

    from fastapi import FastAPI
    from vega import web
    from vega.core import Application


    def create_app() -> FastAPI:
        """Return the HTTP application; all errors in its wiring are reported here."""
        return web.create_app(Application.load(Path(__file__).parent))
'''


_PIPELINE = '''
    """The middleware around every request, outermost first; `vega routes --middleware` lists it."""

    from vega.web.middleware import (
        BodyLimitMiddleware,
        MiddlewarePipeline,
        RequestIdMiddleware,
        SecurityHeadersMiddleware,
        TimeoutMiddleware,
        TrustedHostMiddleware,
    )

    from $package.settings import Settings

    # /docs and GraphiQL, absent in production, load scripts that an API's content security policy would block.
    PAGES = {"content-security-policy": ""}


    def pipeline(settings: Settings) -> MiddlewarePipeline:
        """Return the middleware; parameters, here and of its constructors, come from the container."""
        return (
            MiddlewarePipeline()
            .use(RequestIdMiddleware)
            .use(SecurityHeadersMiddleware, headers={} if settings.is_production else PAGES)
            .use(TrustedHostMiddleware, allowed=settings.allowed_hosts)  # VEGA_ALLOWED_HOSTS; /health/* answers any
            .use(BodyLimitMiddleware, max_bytes=1024 * 1024)  # per route: @router.post("/photos", max_body=...)
            .use(TimeoutMiddleware, seconds=30)  # until the first byte, so that streams may take longer
        )
'''


class WebPlugin(Plugin):
    """The feature `web`: an HTTP server for `create_app` of the project's main module."""

    feature = "web"
    _rooms: Any = None  # the started Rooms; the class is imported lazily

    def add(self, project: Project) -> Sequence[Operation]:
        """Enable the feature, and write the application's main module and its middleware.

        The project owns both files: if the feature is already enabled, nothing is written.
        """
        if project.has(self.feature):
            return [EnableFeature(self.feature)]
        files = {"main.py": _MAIN, "presentation/web/pipeline.py": _PIPELINE}
        values = {"package": project.package}
        return [
            EnableFeature(self.feature),
            *(WriteFile(f"{project.package}/{path}", render(text, values)) for path, text in files.items()),
        ]

    def configure(self, app: Application) -> None:
        """Declare that scopes provide their request or connection; provide the rooms.

        The rooms are the registered ones, those of `config.py`, or in-process rooms.
        """
        from starlette.requests import Request
        from starlette.websockets import WebSocket

        from .._sockets.rooms import Rooms
        from .configured import configured

        app.container.expect(Request)
        app.container.expect(WebSocket)
        app.container.register_instance(Rooms, configured(app, "rooms", Rooms) or Rooms(), when=missing(Rooms))

    def prove(self, app: Application) -> Sequence[Exception]:
        """Return the errors of the project's middleware."""
        from .project_pipeline import project_pipeline

        mistakes: list[Exception] = []
        pipeline = project_pipeline(app, mistakes)
        try:
            if pipeline is not None:
                pipeline.describe(container=app.container)
        except ConfigurationErrors as group:
            mistakes += group.exceptions
        except WebError as error:
            mistakes.append(error)
        return mistakes

    def checks(self, project: Project) -> Sequence[Finding]:
        """Report errors that prevent the HTTP application from being created: routes, sockets and middleware."""
        from .app import create_app

        try:
            application = Application.load(project.root)
        except (CoreError, ExceptionGroup):
            return []  # reported by the doctor itself
        try:
            create_app(application)
        except ConfigurationErrors as group:
            return [_finding(error) for error in group.exceptions]
        return []

    async def startup(self, app: Application) -> None:
        """Start the rooms in every process: servers, workers, relays and commands may use them."""
        from .._sockets.rooms import Rooms

        self._rooms = await app.container.resolve(Rooms).__aenter__()

    async def shutdown(self, app: Application) -> None:
        """Stop the rooms."""
        rooms, self._rooms = self._rooms, None
        if rooms is not None:
            await rooms.__aexit__()

    def processes(self, project: Project, options: RunOptions) -> Sequence[Process]:
        """Return uvicorn serving `<package>.main:create_app`; exits with 0 on SIGTERM."""
        command = [sys.executable, "-m", "vega.web.serve", f"{project.package}.main:create_app"]
        command += ["--host", options.host, "--port", str(options.port), "--app-dir", str(project.root)]
        if options.reload:
            command += ["--reload-dir", str(project.source)]
        return [Process(name="web", command=tuple(command), ready=_listens(options), stage=2)]


def _finding(error: Exception) -> Finding:
    return Finding(
        severity="error",
        code=getattr(error, "code", WebError.code),
        what=getattr(error, "what", "") or f"{type(error).__name__}: {error}",
        where=getattr(error, "where", ""),
        fix=getattr(error, "fix", ""),
    )


class WebSocketPlugin(Plugin):
    """The feature `websocket`: handlers under `presentation/websocket`, served by the feature `web`."""

    feature = "websocket"
    requires = ("web",)


def _listens(options: RunOptions) -> _Listens | None:
    return _Listens(options.host, options.port) if options.port else None


class _Listens:
    """A readiness check: whether a TCP port accepts connections."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port

    def __call__(self) -> bool:
        try:
            with socket.create_connection((self._host, self._port), timeout=1):
                return True
        except OSError:
            return False
