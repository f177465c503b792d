"""A server in one process: `python -m vega.web.serve shop.main:create_app`; started by `vega run`."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence

import uvicorn

__all__: list[str] = []  # a program, run with `python -m`


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT, shut down gracefully, and return 0.

    Args:
        arguments: the command line; that of the process when None.
    """
    parser = argparse.ArgumentParser(prog="python -m vega.web.serve", description=__doc__)
    parser.add_argument("factory", help="the application factory, as module:function")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--port", type=int, default=8000, help="the TCP port; 0 lets the kernel choose")
    parser.add_argument("--app-dir", default=".", help="the folder to import from")
    parser.add_argument("--reload-dir", help="restart when a file below this folder changes")
    parser.add_argument("--grace", type=float, default=10.0, help="seconds for requests to complete at shutdown")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _ended)  # uvicorn raises the signal again after a graceful shutdown
    uvicorn.run(
        options.factory,
        factory=True,
        host=options.host,
        port=options.port,
        app_dir=options.app_dir,
        reload=options.reload_dir is not None,
        reload_dirs=options.reload_dir,
        timeout_graceful_shutdown=max(1, round(options.grace)),
        log_config=None,  # create_app configures logging, unless the project has
        proxy_headers=False,  # TrustedProxyMiddleware handles proxy headers
        server_header=False,
    )
    return 0


def _ended(*_: object) -> None:
    """Do nothing: the server has already shut down."""


if __name__ == "__main__":
    sys.exit(main())
