"""The server of one process: `python -m vega.web.serve shop.main:create_app`; `vega run` starts it."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence

import uvicorn

__all__: list[str] = []  # a program, run with `python -m`


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT, end gracefully, and return 0.

    Args:
        arguments: of the command line; those of the process when None.
    """
    parser = argparse.ArgumentParser(prog="python -m vega.web.serve", description=__doc__)
    parser.add_argument("factory", help="what makes the application, as module:function")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--port", type=int, default=8000, help="the TCP port; 0 lets the kernel choose")
    parser.add_argument("--app-dir", default=".", help="the folder to import from")
    parser.add_argument("--reload-dir", help="serve anew when a file below this folder changes")
    parser.add_argument("--grace", type=float, default=10.0, help="seconds that requests have to end in")
    given = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _ended)  # uvicorn raises it once more when it has ended well
    uvicorn.run(
        given.factory,
        factory=True,
        host=given.host,
        port=given.port,
        app_dir=given.app_dir,
        reload=given.reload_dir is not None,
        reload_dirs=given.reload_dir,
        timeout_graceful_shutdown=max(1, round(given.grace)),
        log_config=None,  # create_app configures logging, unless the project has
        proxy_headers=False,  # TrustedProxyMiddleware knows whom to trust
        server_header=False,
    )
    return 0


def _ended(*_: object) -> None:
    """Do nothing: the signal has been obeyed."""


if __name__ == "__main__":
    sys.exit(main())
