"""Checks of response headers against response splitting."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from starlette.types import Scope

from vega.core.introspection import line_of

from .._errors import WebError

_ENDS_LINE: Final = re.compile(rb"[\r\n\0]")


def check_headers(headers: Iterable[tuple[bytes, bytes]], scope: Scope) -> None:
    """Refuse headers with CR, LF or NUL, which allow response splitting.

    Some servers send such bytes unchanged, some close the connection without a response.

    Raises:
        WebError: a name or value contains CR, LF or NUL; the message names the header and the endpoint.

    Source: RFC 9110, section 5.5.
    """
    if _ENDS_LINE.search(b"".join([part for header in headers for part in header])) is None:
        return
    for name, value in headers:
        if _ENDS_LINE.search(name + value) is not None:
            raise WebError(
                f"the header {name.decode('latin-1')!r}: {value.decode('latin-1')!r} contains CR, LF or NUL",
                _place(scope),
                "leave CR, LF and NUL out of headers; quote text of clients with urllib.parse.quote",
            )


def _place(scope: Scope) -> str:
    endpoint: Any = scope.get("endpoint")
    line = line_of(getattr(getattr(endpoint, "__vega_use_case__", None), "call", endpoint)) if endpoint else ""
    request = f"{scope['method']} {scope['path']}"
    return f"{request} ({line})" if line else request
