"""A warning about servers reachable from other machines with development defaults."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Final

_log = logging.getLogger("vega.web")
_OPTIONS: Final = ("--host", "--bind", "-b")
_VARIABLES: Final = ("UVICORN_HOST", "GRANIAN_HOST")


def report_exposure(settings: object) -> None:
    """Log a warning if the server listens beyond loopback and no profile is set.

    ASGI 3.0 does not expose the address of a server at start, so the command line and the environment are read.

    Args:
        settings: the settings of the application, or None.
    """
    host = listening_host(sys.argv, os.environ)
    if host is not None and not is_loopback(host) and not _has_profile(settings):
        _log.warning(
            "the server listens on %s, and VEGA_PROFILE is not set, so development defaults apply: /docs, "
            "GraphiQL, texts for developers; set VEGA_PROFILE=production, or listen on 127.0.0.1",
            host,
        )


def listening_host(arguments: Sequence[str], environment: Mapping[str, str]) -> str | None:
    """Return the host stated in a server's command line, else in its environment, or None."""
    for number, word in enumerate(arguments):
        option, sign, value = word.partition("=")
        if option in _OPTIONS:
            value = value if sign else next(iter(arguments[number + 1 : number + 2]), "")
            return value if option == "--host" else value.rpartition(":")[0]
    return next((environment[name] for name in _VARIABLES if name in environment), None)


def is_loopback(host: str) -> bool:
    """Return whether a host is reachable only from this machine."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.startswith("unix:")


def _has_profile(settings: object) -> bool:
    stated = getattr(settings, "model_fields_set", None)
    return "profile" in stated if stated is not None else bool(os.environ.get("VEGA_PROFILE"))
