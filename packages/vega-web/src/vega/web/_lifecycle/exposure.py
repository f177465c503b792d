"""Reports a server that others can reach while it runs with the defaults of development."""

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

    ASGI (3.0) does not say at start where a server listens: its command line does, and its environment.

    Args:
        settings: those of the application, or None.
    """
    host = listening_host(sys.argv, os.environ)
    if host is not None and not is_loopback(host) and not _has_profile(settings):
        _log.warning(
            "the server listens on %s, and VEGA_PROFILE is not set, so it has the defaults of development: /docs, "
            "GraphiQL, texts for developers; set VEGA_PROFILE=production, or listen on 127.0.0.1",
            host,
        )


def listening_host(arguments: Sequence[str], environment: Mapping[str, str]) -> str | None:
    """Return the host that the command line of a server states, else its environment; None when neither does."""
    for number, word in enumerate(arguments):
        option, sign, value = word.partition("=")
        if option in _OPTIONS:
            value = value if sign else next(iter(arguments[number + 1 : number + 2]), "")
            return value if option == "--host" else value.rpartition(":")[0]
    return next((environment[name] for name in _VARIABLES if name in environment), None)


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches a host."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.startswith("unix:")


def _has_profile(settings: object) -> bool:
    stated = getattr(settings, "model_fields_set", None)
    return "profile" in stated if stated is not None else bool(os.environ.get("VEGA_PROFILE"))
