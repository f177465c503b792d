"""`python -m vega.jobs work | serve`: the processes of `vega run` for the feature `jobs`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from pathlib import Path

from ._embedded import embedded_server
from ._errors import JobsError


def main(arguments: list[str] | None = None) -> int:
    """Run a process until a signal stops it; return the exit status.

    Args:
        arguments: the command-line arguments after the program; those of the current process when None.
    """
    options = _parser().parse_args(arguments)
    steps = _work(options.project, options.queue) if options.process == "work" else _serve(options.socket)
    try:
        asyncio.run(steps)
    except JobsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


async def _work(project: Path, queues: list[str]) -> None:
    from vega.core import Application
    from vega.core.telemetry import configure_logging

    from ._queue import JobQueue
    from ._worker import Worker

    application = Application.load(project)
    configure_logging(application.settings)
    async with application, JobQueue.connect() as queue:
        await Worker(queues or known_queues(), application=application, queue=queue).run()


def known_queues() -> list[str]:
    """Return the queues of the known jobs, `default` first."""
    from ._job import definition_of, known_jobs

    named = {definition_of(job).queue for job in known_jobs().values()}
    return sorted(named, key=lambda name: (name != "default", name)) or ["default"]


async def _serve(socket: Path) -> None:
    from vega.core.telemetry import configure_logging

    configure_logging()
    stopped, loop = asyncio.Event(), asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stopped.set)
    async with embedded_server(socket_path=socket) as server:
        logging.getLogger("vega.jobs").info("an embedded server listens on %s", server.url)
        await stopped.wait()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m vega.jobs")
    processes = parser.add_subparsers(dest="process", required=True)
    work = processes.add_parser("work", help="run the jobs of a project")
    work.add_argument("--project", type=Path, default=Path(), help="the project's folder")
    work.add_argument(
        "--queue", action="append", default=[], help="a queue to work on; by default all queues of the jobs"
    )
    serve = processes.add_parser("serve", help="run an embedded server")
    serve.add_argument("--socket", type=Path, required=True, help="the unix socket to listen on")
    return parser


if __name__ == "__main__":
    sys.exit(main())
