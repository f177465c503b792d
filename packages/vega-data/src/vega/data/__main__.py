"""`python -m vega.data relay`: the process that `vega run` starts for the feature `outbox`."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path
from typing import cast

from vega.core import Application
from vega.core.telemetry import configure_logging
from vega.errors import CoreError

from ._project.outbox_plugin import OutboxPlugin, listener_runner


def main(arguments: list[str] | None = None) -> int:
    """Run the relay until a signal stops the process; return the exit status.

    Args:
        arguments: the command line after the program's name; `sys.argv[1:]` when None.
    """
    parser = argparse.ArgumentParser(prog="python -m vega.data")
    relay = parser.add_subparsers(required=True).add_parser("relay", help="deliver the outbox rows of a project")
    relay.add_argument("--project", type=Path, default=Path(), help="the project's folder")
    relay.add_argument("--poll", type=float, default=1.0, help="seconds between two looks")
    options = parser.parse_args(arguments)
    try:
        asyncio.run(_relay(options.project, options.poll))
    except CoreError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


async def _relay(project: Path, poll: float) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    app = Application.load(project)
    configure_logging(app.settings)
    async with app:
        outbox = cast("OutboxPlugin", app.plugin("outbox")).outbox
        assert outbox is not None  # made when the application was configured
        await outbox.run(stop, poll=poll, invoke=listener_runner(app))


if __name__ == "__main__":
    sys.exit(main())
